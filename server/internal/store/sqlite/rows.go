package sqlite

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// columns are what scan reads, in its order.
const columns = `id, tier, namespace, title, content, tags, priority, confidence, source,
	access_count, created_at, updated_at, last_accessed_at, expires_at, metadata, origin, seq, rowid,
	generation, moved`

// row is a memory, the event that last changed it, and where it is.
type row struct {
	store.Change
	rowid int64
	tags  string // as stored: the full-text index must be told it to forget the row
}

// written is a row or a record as a transaction leaves it, or a deletion it made.
type written struct {
	row
	former store.Event // the row's or the record's before; zero when it is new
	gone   bool        // the row was removed: only its rowid is left
}

// textSize is about how many bytes of memory a change takes.
func textSize(c store.Change) int {
	const fixed = 512
	if d := c.Deletion; d != nil {
		return fixed + len(d.Title) + len(d.Namespace)
	}
	if r := c.Record; r != nil {
		return fixed + len(r.Key) + len(r.Value)
	}
	m := c.Memory
	size := fixed + len(m.Title) + len(m.Content) + len(m.Metadata)
	for _, tag := range m.Tags {
		size += len(tag)
	}
	return size
}

// scan reads the columns of a result row.
func scan(stmt *sqlite.Stmt) (row, error) {
	r := row{rowid: stmt.ColumnInt64(17), tags: stmt.ColumnText(5)}
	r.Event = store.Event{Origin: stmt.ColumnText(15), Seq: stmt.ColumnInt64(16)}
	r.Memory = memory.Memory{
		ID:             stmt.ColumnText(0),
		Tier:           memory.Tier(stmt.ColumnText(1)),
		Namespace:      stmt.ColumnText(2),
		Title:          stmt.ColumnText(3),
		Content:        stmt.ColumnText(4),
		Tags:           []string{},
		Priority:       stmt.ColumnInt32(6),
		Confidence:     stmt.ColumnFloat(7),
		Source:         stmt.ColumnText(8),
		AccessCount:    stmt.ColumnInt64(9),
		CreatedAt:      stmt.ColumnText(10),
		UpdatedAt:      stmt.ColumnText(11),
		LastAccessedAt: optional(stmt, 12),
		ExpiresAt:      optional(stmt, 13),
		Metadata:       json.RawMessage(stmt.ColumnText(14)),
		Generation:     stmt.ColumnInt64(18),
		Moved:          stmt.ColumnInt64(19),
	}
	if r.tags == "[]" {
		return r, nil
	}
	if err := json.Unmarshal([]byte(r.tags), &r.Memory.Tags); err != nil {
		return row{}, fmt.Errorf("the tags of memory %s are no list of texts: %w", r.Memory.ID, err)
	}
	return r, nil
}

func optional(stmt *sqlite.Stmt, column int) *string {
	if stmt.ColumnIsNull(column) {
		return nil
	}
	text := stmt.ColumnText(column)
	return &text
}

// byTitle finds the row with a title and namespace.
func (t *tx) byTitle(title, namespace string) (found row, ok bool, err error) {
	const query = "SELECT " + columns + " FROM memories WHERE title = ? AND namespace = ?"
	err = run(t.conn, query, func(stmt *sqlite.Stmt) error {
		ok = true
		found, err = scan(stmt)
		return err
	}, title, namespace)
	if err != nil {
		return row{}, false, fmt.Errorf("looking for the title: %w", err)
	}
	return found, ok, nil
}

// values are the columns of a memory that insert and update write, in their order.
func values(c store.Change) (args []any, tags string, err error) {
	m := c.Memory
	text, err := json.Marshal(m.Tags)
	if err != nil {
		return nil, "", fmt.Errorf("writing tags: %w", err)
	}
	tags = string(text)
	var expires any
	if m.ExpiresAt != nil {
		expires = nanos(*m.ExpiresAt)
	}
	return []any{
		m.ID, string(m.Tier), m.Content, tags, int64(m.Priority), m.Confidence, m.Source,
		m.AccessCount, m.CreatedAt, m.UpdatedAt, nullable(m.LastAccessedAt), nullable(m.ExpiresAt),
		string(m.Metadata), c.Event.Origin, c.Event.Seq, nanos(m.UpdatedAt), expires,
		m.Generation, m.Moved,
	}, tags, nil
}

func nullable(text *string) any {
	if text == nil {
		return nil
	}
	return *text
}

// nanos is the instant of a timestamp in Unix nanoseconds, at the limits of what they can say
// for years before 1678 and after 2261.
func nanos(text string) int64 {
	t, err := memory.ParseTime(text)
	switch {
	case err != nil || t.Year() < 1678:
		return math.MinInt64
	case t.Year() > 2261:
		return math.MaxInt64
	default:
		return t.UnixNano()
	}
}

// insert stores a new row. It returns store.ErrIDInUse, nothing written, when the id is taken.
func (t *tx) insert(c store.Change) error {
	const statement = `INSERT INTO memories (id, tier, content, tags, priority, confidence, source,
		access_count, created_at, updated_at, last_accessed_at, expires_at, metadata, origin, seq,
		updated_ns, expires_ns, generation, moved, title, namespace)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	args, tags, err := values(c)
	if err != nil {
		return err
	}
	if err := run(t.conn, statement, nil, append(args, c.Memory.Title, c.Memory.Namespace)...); err != nil {
		return taken(err, "inserting a row")
	}
	now := row{Change: c, rowid: t.conn.LastInsertRowID(), tags: tags}
	t.written = append(t.written, written{row: now})
	return t.index(now)
}

// update stores a new state of a row. It returns store.ErrIDInUse, nothing written, when the id
// is another row's. Another title and namespace must be free.
func (t *tx) update(was row, c store.Change) error {
	const statement = `UPDATE memories SET id = ?, tier = ?, content = ?, tags = ?, priority = ?,
		confidence = ?, source = ?, access_count = ?, created_at = ?, updated_at = ?,
		last_accessed_at = ?, expires_at = ?, metadata = ?, origin = ?, seq = ?, updated_ns = ?,
		expires_ns = ?, generation = ?, moved = ? WHERE rowid = ?`
	if onlyTouched(was.Memory, c.Memory) {
		return t.touch(was, c)
	}
	args, tags, err := values(c)
	if err != nil {
		return err
	}
	if err := run(t.conn, statement, nil, append(args, was.rowid)...); err != nil {
		return taken(err, "updating a row")
	}
	now := row{Change: c, rowid: was.rowid, tags: tags}
	t.written = append(t.written, written{row: now, former: was.Event})
	if was.Memory.ID != c.Memory.ID {
		if err := t.relink(was.Memory.ID, c.Memory.ID); err != nil {
			return err
		}
	}
	if pairOf(was.Memory) != pairOf(c.Memory) { // apart, because it costs the index of titles two changes
		const move = "UPDATE memories SET title = ?, namespace = ? WHERE rowid = ?"
		if err := run(t.conn, move, nil, c.Memory.Title, c.Memory.Namespace, was.rowid); err != nil {
			return fmt.Errorf("moving a row: %w", err)
		}
	}
	if was.Memory.Title == c.Memory.Title && was.Memory.Content == c.Memory.Content && was.tags == tags {
		return nil
	}
	if err := t.unindex(was); err != nil {
		return err
	}
	return t.index(now)
}

// taken turns the one constraint a valid row can break into store.ErrIDInUse.
func taken(err error, what string) error {
	if sqlite.ErrCode(err) == sqlite.ResultConstraintUnique {
		return store.ErrIDInUse
	}
	return fmt.Errorf("%s: %w", what, err)
}

// index adds a row to the full-text index.
func (t *tx) index(r row) error {
	const statement = "INSERT INTO memories_fts (rowid, title, content, tags) VALUES (?, ?, ?, ?)"
	if err := run(t.conn, statement, nil, r.rowid, r.Memory.Title, r.Memory.Content, r.tags); err != nil {
		return fmt.Errorf("indexing a row: %w", err)
	}
	return nil
}

// unindex takes a row out of the full-text index, which must be told the text it was given.
func (t *tx) unindex(r row) error {
	const statement = "INSERT INTO memories_fts (memories_fts, rowid, title, content, tags) VALUES ('delete', ?, ?, ?, ?)"
	if err := run(t.conn, statement, nil, r.rowid, r.Memory.Title, r.Memory.Content, r.tags); err != nil {
		return fmt.Errorf("taking a row out of the index: %w", err)
	}
	return nil
}

// expired is the instant, in Unix nanoseconds, before which a row's expiry is past.
func (s *Store) expired() int64 { return s.now().UnixNano() }

// hour is one hour in nanoseconds.
const hour = int64(time.Hour)
