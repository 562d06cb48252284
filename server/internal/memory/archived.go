package memory

import "errors"

// The reasons for which a memory is archived (contract section 1.3).
const (
	ArchivedExpired = "ttl_expired"
	ArchivedForgot  = "forget"
)

// Archived is a memory that was taken out, as it was then (contract section 4.5). It is
// of account while no memory has its id.
type Archived struct {
	Memory
	ArchivedAt    string `json:"archived_at"` // RFC 3339
	ArchiveReason string `json:"archive_reason"`
}

// ArchivedRow is what was archived as clients see it (contract section 1.3): what it has not is null.
type ArchivedRow struct {
	Archived
	ExpiresAt      *string `json:"expires_at"`
	LastAccessedAt *string `json:"last_accessed_at"`
}

// Row returns it as clients see it.
func (a Archived) Row() ArchivedRow { return ArchivedRow{a, a.ExpiresAt, a.LastAccessedAt} }

// Record returns what was archived as nodes keep it.
func (a Archived) Record(stamp int64) Record { return record(KindArchived, a.ID, stamp, a) }

// ArchivedOf reads a record of KindArchived.
func ArchivedOf(r Record) (Archived, error) { return value[Archived](r) }

func checkArchived(r Record) (refs [2]string, err error) {
	a, err := ArchivedOf(r)
	if err != nil {
		return refs, err
	}
	if err := ValidateStored(a.Memory); err != nil {
		return refs, err
	}
	if _, ok := parseTime(a.ArchivedAt); !ok {
		return refs, invalid("archived_at", "archived_at is not valid RFC3339")
	}
	if r.Key != a.ID {
		return refs, errors.New("the key is not the memory's id")
	}
	return [2]string{a.Namespace}, nil
}
