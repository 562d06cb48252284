// Package store says what the memory server keeps and how it is asked for, whatever database is
// below. Its implementations are in folders beside it and pass the suite in storetest. It knows
// neither HTTP nor other nodes, but it numbers what changes, so that nodes can tell each other
// what they lack.
package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"chaosctl/server/internal/memory"
)

// Errors a caller branches on.
var (
	ErrNotFound  = errors.New("not found")
	ErrClosed    = errors.New("the store is closed")
	ErrIDInUse   = errors.New("the id belongs to a memory with another title or namespace")
	ErrUnhealthy = errors.New("the store does not hold together")
	ErrDeleted   = errors.New("the memory was deleted, or moved to another title or namespace")
)

// TitleInUse says that another memory has the title and namespace that one was to be given.
type TitleInUse struct{ Title, Namespace, ID string }

// Error is worded as contract section 2.6 has it.
func (t *TitleInUse) Error() string {
	return fmt.Sprintf("title '%s' already exists in namespace '%s' (memory %s)", t.Title, t.Namespace, t.ID)
}

// AmbiguousPrefix says that more than one id begins with a prefix.
type AmbiguousPrefix struct {
	Prefix string
	IDs    []string // in storage order
}

// Error lists the ids, one a line, as contract section 2.1 has it.
func (a *AmbiguousPrefix) Error() string {
	text := fmt.Sprintf("ambiguous ID prefix '%s': %d matches", a.Prefix, len(a.IDs))
	for _, id := range a.IDs {
		text += "\n" + id
	}
	return text
}

// Event names one change of one row: the node that made it, and its number there. Numbers of a
// node only rise, and are never used twice.
type Event struct {
	Origin string `json:"origin"`
	Seq    int64  `json:"seq"`
}

// Change is a row as it stands and the event that last changed it; or a record likewise; or a
// deletion, which once made never changes, and the event that made it.
type Change struct {
	Memory   memory.Memory
	Deletion *memory.Deletion // when not nil, Memory is zero
	Record   *memory.Record   // likewise
	Event    Event
}

// ID is the id of the row, of the record, or of the memory that was deleted; empty for one that
// was renamed or expired.
func (c Change) ID() string {
	switch {
	case c.Deletion != nil:
		return c.Deletion.ID
	case c.Record != nil:
		return c.Record.ID()
	default:
		return c.Memory.ID
	}
}

// IsRow tells whether the change is a row.
func (c Change) IsRow() bool { return c.Deletion == nil && c.Record == nil }

// Mark is what nodes tell each other beside a row: its event, and what clients do not see of it.
type Mark struct {
	Event
	Generation int64 `json:"generation,omitempty"`
	Moved      int64 `json:"moved,omitempty"`
}

// Burial is a deletion and its event, as nodes tell it each other.
type Burial struct {
	Event
	memory.Deletion
}

// Entry is a record and its event, as nodes tell it each other.
type Entry struct {
	Event
	memory.Record
}

// Told is a list of changes as nodes tell it each other.
type Told struct {
	Rows    []memory.Memory
	Marks   []Mark // one for each row
	Burials []Burial
	Entries []Entry
}

// Tell sorts changes by what they are.
func Tell(changes []Change) Told {
	t := Told{
		Rows: make([]memory.Memory, 0, len(changes)), Marks: make([]Mark, 0, len(changes)),
		Burials: []Burial{}, Entries: []Entry{},
	}
	for _, c := range changes {
		switch {
		case c.Deletion != nil:
			t.Burials = append(t.Burials, Burial{c.Event, *c.Deletion})
		case c.Record != nil:
			t.Entries = append(t.Entries, Entry{c.Event, *c.Record})
		default:
			t.Rows = append(t.Rows, c.Memory)
			t.Marks = append(t.Marks, Mark{c.Event, c.Memory.Generation, c.Memory.Moved})
		}
	}
	return t
}

// Changes is the inverse of Tell: the changes in the order of their events (origin bytewise, then
// number). There must be a mark for each row.
func (t Told) Changes() []Change {
	changes := make([]Change, 0, len(t.Rows)+len(t.Burials)+len(t.Entries))
	for i, m := range t.Rows {
		m.Generation, m.Moved = t.Marks[i].Generation, t.Marks[i].Moved
		changes = append(changes, Change{Memory: m, Event: t.Marks[i].Event})
	}
	for _, b := range t.Burials {
		changes = append(changes, Change{Deletion: &b.Deletion, Event: b.Event})
	}
	for _, e := range t.Entries {
		changes = append(changes, Change{Record: &e.Record, Event: e.Event})
	}
	slices.SortStableFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Event.Origin, b.Event.Origin), cmp.Compare(a.Event.Seq, b.Event.Seq))
	})
	return changes
}

// Vector tells how far a node has followed each origin: every event up to the number is here,
// as itself or within a later state of its row, or the row has had a later event that the vector
// does not cover yet, so that asking for what is lacking brings it.
type Vector map[string]int64

// Clone returns a copy.
func (v Vector) Clone() Vector { return maps.Clone(v) }

// Span is a run of one origin's events without a gap: those after After, up to and including
// Upto.
type Span struct {
	Origin string `json:"origin"`
	After  int64  `json:"after"`
	Upto   int64  `json:"upto"`
}

// Batch is what one node sends another. Changes without an origin come from a server that does
// not number them; they count as changes of the receiving node.
type Batch struct {
	Changes []Change
	Span    *Span // the changes are all of this span: the receiver may note it once they are stored
	// Have, sent with the last page of what was lacking, is the sender's vector when it read the
	// first: likewise, for every origin.
	Have Vector
}

// Merged is what became of a batch. It is returned when all of it is durable.
type Merged struct {
	IDs     []string // per change of the batch: the id its row has here, or Change.ID of a deletion; empty when it was refused
	Errs    []error  // per change: why it was refused; nil when it is stored
	Changed int      // rows whose state changed, and deletions that were news
	Vector  Vector   // this node's, after the batch
}

// Query selects a page of a list (contract section 2.5). Nil and zero select everything; Limit
// is exact: 0 returns no rows.
type Query struct {
	Namespace   *string
	Tier        *memory.Tier
	MinPriority *int32
	Since       *string // inclusive; compared with created_at as instants, or as strings where it is no RFC 3339 time
	Until       *string // likewise
	Tag         *string // one tag, exact; or several with commas between, all of which a row must have
	AgentID     *string // exact match on metadata.agent_id
	Limit       int
	Offset      int
}

// Count is a number of rows by some name.
type Count struct {
	Name  string
	Count int64
}

// Stats is contract section 1.3's Stats; lists are sorted by count, largest first.
type Stats struct {
	Total        int64 // expired rows included
	ByTier       []Count
	ByNamespace  []Count
	ExpiringSoon int64 // within the next hour
	Links        int64
	DBSizeBytes  int64
}

// Store keeps memories durably. All methods are safe for concurrent use. What a writing method
// has returned without error survives a crash of the process and of the machine. Writes that
// come together share one transaction and one sync.
type Store interface {
	// Origin is this node's name in events: made once, kept with the data.
	Origin() string
	// Create stores a valid memory, merged by memory.Merge into the row with the same title and
	// namespace if there is one, and returns the row as it stands. It returns ErrIDInUse when
	// the id belongs to another row.
	Create(ctx context.Context, m memory.Memory) (Change, error)
	// Write runs a function within one transaction, after all writes before it, and returns the
	// changes it made, in the order of their events. When the function returns an error, that is
	// returned and nothing is stored. It may be called more than once, and must set what it
	// returns anew each time; other writes wait for it.
	Write(ctx context.Context, do func(Tx) error) ([]Change, error)
	// Merge stores what another node sent. A row that is invalid or refused, with ErrDeleted for
	// one that a deletion known here is about, does not stop the others; the error is for a
	// failure of the whole. A deletion without an origin needs an id only: if no row has it, it is
	// kept all the same.
	Merge(ctx context.Context, b Batch) (Merged, error)

	// Own returns this node's own events after a number, in order, at most limit of them, and the
	// number up to which there are no others; with nothing to return that is the newest number.
	// It may wait a moment for a transaction under way, to return more at once.
	Own(ctx context.Context, after int64, limit int) (changes []Change, upto int64, err error)
	// Lacking returns the rows and deletions whose last event is not covered by a vector, at most limit of
	// them, ordered by event (origin bytewise, then number), those after an event only (the zero
	// Event: from the first; the last of a page: the page behind it), and this node's vector,
	// read in the same snapshot. Batch.Have must be the vector of the first page: a row that
	// changes between two pages may be in neither, and its new event is not in that vector.
	Lacking(ctx context.Context, have Vector, after Event, limit int) ([]Change, Vector, error)
	// Vector returns how far this node has followed each origin, itself included.
	Vector(ctx context.Context) (Vector, error)

	// Get returns the row with an id, or the one whose id begins with it (ASCII case folded);
	// ErrNotFound, or *AmbiguousPrefix. Expired rows are returned.
	Get(ctx context.Context, idOrPrefix string) (memory.Memory, error)
	// IDs returns the ids of the rows that a filter selects, those created first first, by the text
	// of created_at.
	IDs(ctx context.Context, f Filter) ([]string, error)
	// Pick returns the rows with some ids, in the order of these; one that is not there is left out.
	Pick(ctx context.Context, ids []string) ([]memory.Memory, error)
	// List returns unexpired rows by priority, then by updated_at, both descending.
	List(ctx context.Context, q Query) ([]memory.Memory, error)
	// UpdatedSince returns rows with updated_at after a time (empty: all), oldest first, expired
	// ones included.
	UpdatedSince(ctx context.Context, since string, limit int) ([]memory.Memory, error)
	// Search returns the unexpired rows that fit a query best, the best first; which go before which
	// is memory.Rank's to say. Its cost is bounded however many fit: of many, it may pass over old
	// ones.
	Search(ctx context.Context, q SearchQuery) ([]Found, error)
	// Similar returns ids of at most five rows of a namespace whose text resembles a title
	// (contract section 4.9). Its cost is bounded however many resemble it.
	Similar(ctx context.Context, namespace, title string) ([]string, error)
	// Stats counts.
	Stats(ctx context.Context) (Stats, error)
	// Namespaces counts unexpired rows by namespace.
	Namespaces(ctx context.Context) ([]Count, error)
	// Size returns the number of rows, expired ones included.
	Size(ctx context.Context) (int64, error)
	// Healthy returns ErrUnhealthy when rows and full-text index do not hold together, cheaply.
	Healthy(ctx context.Context) error
	// Holds is false when there has certainly never been a record of a kind. It asks no database.
	Holds(kind memory.RecordKind) bool
	// Record returns a record that is not gone; ErrNotFound.
	Record(ctx context.Context, kind memory.RecordKind, key string) (memory.Record, error)
	// Records returns the records of a kind that are not gone, newest stamp first.
	Records(ctx context.Context, q RecordQuery) ([]memory.Record, error)
	// CountRecords counts the records of a kind that are not gone, by what they are looked up by
	// first, largest first.
	CountRecords(ctx context.Context, kind memory.RecordKind) ([]Count, error)
	// Links returns the links of a memory in both directions whose memories are both there, oldest
	// first.
	Links(ctx context.Context, id string) ([]memory.Link, error)
	// LinksFrom returns the links whose source is one of some memories and whose memories are both
	// there, oldest first.
	LinksFrom(ctx context.Context, ids []string) ([]memory.Link, error)
	// NoteSync records how far a peer has been seen, for sync_state (contract section 6.9);
	// SyncClock returns what is recorded for a receiver id.
	NoteSync(ctx context.Context, agentID, peerID, seen string) error
	SyncClock(ctx context.Context, agentID string) (map[string]string, error)
	// Checkpoint brings what a log holds to where it stays, as far as nobody reads it just now.
	Checkpoint(ctx context.Context) error
	// Close lets writes under way finish, checkpoints, and releases the files.
	Close() error
}
