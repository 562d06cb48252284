package memory

import "errors"

// Link is a relation of one memory to another (contract sections 1.3 and 4.8). It is of account
// while both are there.
type Link struct {
	CreatedAt string `json:"created_at"`
	Relation  string `json:"relation"`
	SourceID  string `json:"source_id"`
	TargetID  string `json:"target_id"`
}

// keySeparator is what no id and no relation holds.
const keySeparator = "\x1f"

// Key is the key of the link's record.
func (l Link) Key() string { return l.SourceID + keySeparator + l.TargetID + keySeparator + l.Relation }

// Record returns the link as nodes keep it.
func (l Link) Record(stamp int64) Record { return record(KindLink, l.Key(), stamp, l) }

// LinkOf reads a record of KindLink.
func LinkOf(r Record) (Link, error) { return value[Link](r) }

// From returns the link with an id of a memory replaced by another.
func (l Link) From(was, now string) Link {
	if l.SourceID == was {
		l.SourceID = now
	}
	if l.TargetID == was {
		l.TargetID = now
	}
	return l
}

func checkLink(r Record) (refs [2]string, err error) {
	l, err := LinkOf(r)
	if err != nil {
		return refs, err
	}
	if err := ValidateLink(l.SourceID, l.TargetID, l.Relation); err != nil {
		return refs, err
	}
	if _, ok := parseTime(l.CreatedAt); !ok {
		return refs, invalid("created_at", "created_at is not valid RFC3339")
	}
	if r.Key != l.Key() {
		return refs, errors.New("the key is not that of the link")
	}
	return [2]string{l.SourceID, l.TargetID}, nil
}
