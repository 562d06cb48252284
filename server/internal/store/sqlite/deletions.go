package sqlite

import (
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// deletionColumns are what scanDeletion reads, in its order.
const deletionColumns = "id, title, namespace, generation, deleted_at, origin, seq, expired"

func scanDeletion(stmt *sqlite.Stmt) store.Change {
	return store.Change{
		Deletion: &memory.Deletion{
			ID:         stmt.ColumnText(0),
			Title:      stmt.ColumnText(1),
			Namespace:  stmt.ColumnText(2),
			Generation: stmt.ColumnInt64(3),
			DeletedAt:  stmt.ColumnText(4),
			Expired:    stmt.ColumnBool(7),
		},
		Event: store.Event{Origin: stmt.ColumnText(5), Seq: stmt.ColumnInt64(6)},
	}
}

// deletions runs a query for deletionColumns.
func deletions(conn *connection, query string, args ...any) ([]store.Change, error) {
	var found []store.Change
	err := run(conn, query, func(stmt *sqlite.Stmt) error {
		found = append(found, scanDeletion(stmt))
		return nil
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("reading deletions: %w", err)
	}
	return found, nil
}

// presence is whether there is something, once it has been looked for.
type presence uint8

const (
	unknown presence = iota
	absent
	present
)

// anyDeleted tells whether there are deletions at all. Where there are none, rows are written
// without looking for them.
func (t *tx) anyDeleted() (bool, error) {
	if t.deletions == unknown {
		n, err := number(t.conn, "SELECT EXISTS (SELECT 1 FROM deletions)")
		if err != nil {
			return false, fmt.Errorf("looking for deletions: %w", err)
		}
		if t.deletions = absent; n > 0 {
			t.deletions = present
		}
	}
	return t.deletions == present, nil
}

// generation is the newest generation of a title and namespace that a deletion has begun, else 0.
func (t *tx) generation(title, namespace string) (int64, error) {
	if some, err := t.anyDeleted(); !some || err != nil {
		return 0, err
	}
	const query = "SELECT max(generation) FROM deletions WHERE title = ? AND namespace = ?"
	return number(t.conn, query, title, namespace)
}

// deletionOf returns what says that the memory with an id was deleted, nil when nothing does.
func (t *tx) deletionOf(id string) (*memory.Deletion, error) {
	if some, err := t.anyDeleted(); !some || err != nil {
		return nil, err
	}
	const query = "SELECT " + deletionColumns + " FROM deletions WHERE id = ? AND id <> '' ORDER BY deleted_at LIMIT 1"
	found, err := deletions(t.conn, query, id)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0].Deletion, nil
}

// newer tells whether a version from a server that knows no generations is a memory made after
// what began the newest generation of its title and namespace.
func (t *tx) newer(m memory.Memory, generation int64) (bool, error) {
	const query = "SELECT " + deletionColumns + " FROM deletions WHERE title = ? AND namespace = ? AND generation = ?"
	found, err := deletions(t.conn, query, m.Title, m.Namespace, generation)
	for _, c := range found {
		if !m.Newer(*c.Deletion) {
			return false, err
		}
	}
	return true, err
}

// known tells whether a deletion is here already, made by whichever node.
func (t *tx) known(d *memory.Deletion) (bool, error) {
	if some, err := t.anyDeleted(); !some || err != nil {
		return false, err
	}
	const query = "SELECT 1 FROM deletions WHERE title = ? AND namespace = ? AND generation = ? AND id = ?"
	n, err := number(t.conn, query, d.Title, d.Namespace, d.Generation, d.ID)
	return n > 0, err
}

// record keeps a deletion that is not known. The rows it is about are another matter.
func (t *tx) record(c store.Change) error {
	const statement = "INSERT INTO deletions (" + deletionColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
	d := c.Deletion
	err := run(t.conn, statement, nil,
		d.ID, d.Title, d.Namespace, d.Generation, d.DeletedAt, c.Event.Origin, c.Event.Seq, d.Expired)
	if err != nil {
		return fmt.Errorf("recording a deletion: %w", err)
	}
	t.deletions = present
	t.written = append(t.written, written{row: row{Change: c}})
	return nil
}

// begin makes a deletion an event of this node, unless its generation has begun already.
func (t *tx) begin(d memory.Deletion) (began bool, err error) {
	newest, err := t.generation(d.Title, d.Namespace)
	if err != nil || newest >= d.Generation {
		return false, err
	}
	return true, t.record(store.Change{Deletion: &d, Event: t.next()})
}

// leave says that a memory left its title and namespace, at an instant in Unix nanoseconds.
func (t *tx) leave(m memory.Memory, moved int64) (news bool, err error) {
	return t.begin(m.Leave(leftAt(moved)))
}

// leftAt is when a memory left the pair before the one it was moved to at an instant.
func leftAt(moved int64) string { return memory.FormatTime(time.Unix(0, moved)) }

// remove takes a row out, and with it its links.
func (t *tx) remove(r row) error {
	if err := t.unindex(r); err != nil {
		return err
	}
	if err := run(t.conn, "DELETE FROM memories WHERE rowid = ?", nil, r.rowid); err != nil {
		return fmt.Errorf("deleting a row: %w", err)
	}
	t.written = append(t.written, written{row: row{rowid: r.rowid}, former: r.Event, gone: true})
	return nil
}

// pair returns the row with a title and namespace, and their generation. A row of an older one is
// removed, as the deletion came before it could be, unless it survives.
func (t *tx) pair(title, namespace string) (found row, ok bool, generation int64, err error) {
	if found, ok, err = t.byTitle(title, namespace); err != nil {
		return row{}, false, 0, err
	}
	if generation, err = t.generation(title, namespace); err != nil {
		return row{}, false, 0, err
	}
	switch {
	case !ok:
		return row{}, false, generation, nil
	case found.Memory.Generation < generation:
		if ok, err = t.lift(&found); err != nil {
			return row{}, false, 0, err
		}
		if !ok {
			return row{}, false, generation, t.remove(found)
		}
	}
	return found, true, found.Memory.Generation, nil
}

// outlives returns a version as it is in the newest generation, if it survives the deletions
// that began those after its own.
func (t *tx) outlives(m memory.Memory) (memory.Memory, bool, error) {
	const query = "SELECT " + deletionColumns + ` FROM deletions
		WHERE title = ? AND namespace = ? AND generation > ? ORDER BY generation`
	found, err := deletions(t.conn, query, m.Title, m.Namespace, m.Generation)
	if err != nil {
		return m, false, err
	}
	for _, c := range found {
		if !m.Survives(*c.Deletion) {
			return m, false, nil
		}
		m.Generation = c.Deletion.Generation
	}
	return m, len(found) > 0, nil
}

// lift brings a row into the newest generation, if it survives.
func (t *tx) lift(r *row) (survived bool, err error) {
	m, survived, err := t.outlives(r.Memory)
	if !survived || err != nil {
		return false, err
	}
	c := store.Change{Memory: m, Event: t.next()}
	if err := t.update(*r, c); err != nil {
		return false, err
	}
	r.Change = c
	return true, nil
}

// byID finds the row with an id.
func (t *tx) byID(id string) (found row, ok bool, err error) {
	all, err := rows(t.conn, "SELECT "+columns+" FROM memories WHERE id = ?", id)
	if err != nil || len(all) == 0 {
		return row{}, false, err
	}
	return all[0], true, nil
}
