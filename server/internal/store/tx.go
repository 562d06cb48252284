package store

import (
	"time"

	"chaosctl/server/internal/memory"
)

// Tx is a transaction under way: what Store.Write gives to its function. It sees what it has
// written. Its methods are of use within the function only.
type Tx interface {
	// Get returns the row with an id, or a unique prefix of one; ErrNotFound, *AmbiguousPrefix.
	Get(idOrPrefix string) (memory.Memory, error)
	// ByTitle returns the row with a title and namespace; ErrNotFound.
	ByTitle(title, namespace string) (memory.Memory, error)
	// Select returns rows in storage order.
	Select(f Filter) ([]memory.Memory, error)
	// Create is Store.Create. It returns the row as it stands.
	Create(m memory.Memory) (memory.Memory, error)
	// Update changes the row with an id, or a unique prefix of one, by memory.Update and returns it
	// as it stands. A row that gets another title or namespace keeps its id and its links; the
	// deletion that says so is the change before it. It returns ErrNotFound, *AmbiguousPrefix, or
	// *TitleInUse.
	Update(idOrPrefix string, p memory.Patch, at time.Time) (memory.Memory, error)
	// Amend gives the row with an id another state, its title and namespace excepted: what
	// memory.Merge makes of it must win over the state before. It returns ErrNotFound.
	Amend(m memory.Memory) error
	// Delete removes the row with an id, or a unique prefix of one, and returns it as it was. The
	// deletion is kept for ever. It returns ErrNotFound or *AmbiguousPrefix.
	Delete(idOrPrefix string, at time.Time) (memory.Memory, error)
	// Archive takes the row with an id out, so that it may come back, and keeps it as a record of
	// memory.KindArchived. When the reason is memory.ArchivedExpired, a version that has not
	// expired by then stays, wherever there is one. It returns ErrNotFound.
	Archive(id, reason string, at time.Time) error
	// Expire is Delete for a row that has expired and is not kept: a version that has not
	// expired by then stays, wherever there is one.
	Expire(id string, at time.Time) error
	// Import stores a valid memory as it is, its times included, merged by memory.Import into the
	// row with its title and namespace if there is one, and returns the row as it stands. A memory
	// whose id was deleted gets another. It returns ErrIDInUse when the id belongs to another row.
	Import(m memory.Memory, at time.Time) (memory.Memory, error)
	// Restore brings a memory back that was archived. It returns *TitleInUse, or ErrIDInUse.
	Restore(m memory.Memory, at time.Time) error
	// Record returns a record that is not gone; ErrNotFound.
	Record(kind memory.RecordKind, key string) (memory.Record, error)
	// Records returns the records of a kind that are not gone, newest stamp first.
	Records(q RecordQuery) ([]memory.Record, error)
	// Put joins a record into what there is. A state that loses changes nothing.
	Put(r memory.Record) error
}

// Filter selects rows; what is zero selects all.
type Filter struct {
	Namespace *string
	Tier      *memory.Tier
	// Match is a full-text query in the words of the index; no row matches an empty one.
	Match *string
	// ExpiredBefore selects rows whose expiry is before an instant, in Unix nanoseconds.
	ExpiredBefore *int64
	// LiveAt selects rows that have not expired before an instant, likewise.
	LiveAt *int64
	Limit  int // 0: all
}

// RecordQuery selects records.
type RecordQuery struct {
	Kind memory.RecordKind
	Ref  *string // what they are looked up by first, or
	Ref2 *string // second; nil: all
	// Before selects records with a stamp before one, in Unix nanoseconds; 0: all.
	Before int64
	Limit  int // 0: all
	Offset int
	// Hidden selects also what is of no account: memories in the archive that are there again, or
	// that were deleted since.
	Hidden bool
}
