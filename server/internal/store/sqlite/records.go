package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// recordColumns are what scanRecord reads, in its order.
const recordColumns = "kind, key, stamp, gone, value, origin, seq"

func scanRecord(stmt *sqlite.Stmt) store.Change {
	r := memory.Record{
		Kind:  memory.RecordKind(stmt.ColumnText(0)),
		Key:   stmt.ColumnText(1),
		Stamp: stmt.ColumnInt64(2),
		Gone:  stmt.ColumnBool(3),
	}
	if !r.Gone {
		r.Value = json.RawMessage(stmt.ColumnText(4))
	}
	return store.Change{Record: &r, Event: store.Event{Origin: stmt.ColumnText(5), Seq: stmt.ColumnInt64(6)}}
}

// records runs a query for recordColumns.
func records(conn *connection, query string, args ...any) ([]store.Change, error) {
	var found []store.Change
	err := run(conn, query, func(stmt *sqlite.Stmt) error {
		found = append(found, scanRecord(stmt))
		return nil
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("reading records: %w", err)
	}
	return found, nil
}

// findRecord returns a record, gone or not.
func findRecord(conn *connection, kind memory.RecordKind, key string) (found store.Change, ok bool, err error) {
	all, err := records(conn, "SELECT "+recordColumns+" FROM records WHERE kind = ? AND key = ?", string(kind), key)
	if err != nil || len(all) == 0 {
		return store.Change{}, false, err
	}
	return all[0], true, nil
}

// presentRecord is a record that is not gone, or store.ErrNotFound.
func presentRecord(conn *connection, kind memory.RecordKind, key string) (memory.Record, error) {
	found, ok, err := findRecord(conn, kind, key)
	switch {
	case err != nil:
		return memory.Record{}, err
	case !ok || found.Record.Gone:
		return memory.Record{}, store.ErrNotFound
	}
	return *found.Record, nil
}

// selectRecords answers a query.
func selectRecords(conn *connection, q store.RecordQuery) ([]memory.Record, error) {
	query := "SELECT " + recordColumns + " FROM records WHERE kind = ? AND gone = 0"
	args := []any{string(q.Kind)}
	if q.Kind == memory.KindArchived && !q.Hidden {
		query += outside
	}
	and := func(condition string, value any) {
		query, args = query+" AND "+condition, append(args, value)
	}
	if q.Ref != nil {
		and("ref = ?", *q.Ref)
	}
	if q.Ref2 != nil {
		and("ref2 = ?", *q.Ref2)
	}
	if q.Before > 0 {
		and("stamp < ?", q.Before)
	}
	query += " ORDER BY stamp DESC, key"
	if q.Limit > 0 || q.Offset > 0 {
		limit := q.Limit
		if limit == 0 {
			limit = -1
		}
		query += " LIMIT ? + 0 OFFSET ? + 0"
		args = append(args, limit, max(q.Offset, 0))
	}
	found, err := records(conn, query, args...)
	if err != nil {
		return nil, err
	}
	out := make([]memory.Record, len(found))
	for i, c := range found {
		out[i] = *c.Record
	}
	return out, nil
}

// Record returns a record that is not gone.
func (s *Store) Record(ctx context.Context, kind memory.RecordKind, key string) (found memory.Record, err error) {
	err = s.readers.read(ctx, func(conn *connection) error {
		found, err = presentRecord(conn, kind, key)
		return err
	})
	return found, err
}

// Records answers a query.
func (s *Store) Records(ctx context.Context, q store.RecordQuery) (found []memory.Record, err error) {
	err = s.readers.read(ctx, func(conn *connection) error {
		found, err = selectRecords(conn, q)
		return err
	})
	return found, err
}

// CountRecords counts the records of a kind by what they are looked up by.
func (s *Store) CountRecords(ctx context.Context, kind memory.RecordKind) (found []store.Count, err error) {
	err = s.readers.read(ctx, func(conn *connection) error {
		query := "SELECT ref, count(*) FROM records WHERE kind = ? AND gone = 0"
		if kind == memory.KindArchived {
			query += outside
		}
		query += " GROUP BY 1" + largest
		found, err = counts(conn, query, string(kind))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("counting records: %w", err)
	}
	return found, nil
}

// outside selects what is in the archive and nowhere else: a row that is there goes before it, and
// one that was deleted since is gone.
const outside = ` AND NOT EXISTS (SELECT 1 FROM memories WHERE id = key)
	AND NOT EXISTS (SELECT 1 FROM deletions WHERE id = key AND id <> '')`

// linked selects links whose memories are both there.
const linked = ` AND EXISTS (SELECT 1 FROM memories WHERE id = ref) AND EXISTS (SELECT 1 FROM memories WHERE id = ref2)`

// Links returns the links of a memory.
func (s *Store) Links(ctx context.Context, id string) (links []memory.Link, err error) {
	const one = "SELECT " + recordColumns + " FROM records WHERE kind = 'link' AND gone = 0 AND "
	const query = one + "ref = ?1" + linked + " UNION ALL " + one + "ref2 = ?1" + linked + " ORDER BY stamp, key"
	err = s.readers.read(ctx, func(conn *connection) error {
		links, err = linksOf(records(conn, query, id))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the links of %s: %w", id, err)
	}
	return links, nil
}

// countLinks counts the links whose memories are both there.
func countLinks(conn *connection) (int64, error) {
	return number(conn, "SELECT count(*) FROM records WHERE kind = 'link' AND gone = 0"+linked)
}

// putRecord joins a checked record into what there is: with its event when that is the state now,
// and with a new one of this node when it has none, or when the state is a mixture.
func (t *tx) putRecord(c store.Change, refs [2]string) (changed bool, err error) {
	was, found, err := findRecord(t.conn, c.Record.Kind, c.Record.Key)
	if err != nil {
		return false, err
	}
	joined, numbered := *c.Record, c.Event.Origin != ""
	if found {
		joined = memory.JoinRecords(*was.Record, joined)
		if memory.EqualRecords(joined, *was.Record) {
			return false, nil
		}
	}
	if !numbered || !memory.EqualRecords(joined, *c.Record) {
		c.Event = t.next()
	}
	if !memory.EqualRecords(joined, *c.Record) {
		if joined, refs, err = joined.Checked(); err != nil {
			return false, err
		}
	}
	c.Record = &joined
	gone := 0
	if joined.Gone {
		gone = 1
	}
	const upsert = `INSERT INTO records (kind, key, stamp, gone, value, ref, ref2, origin, seq)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET stamp = excluded.stamp,
		gone = excluded.gone, value = excluded.value, ref = excluded.ref, ref2 = excluded.ref2,
		origin = excluded.origin, seq = excluded.seq`
	err = run(t.conn, upsert, nil, string(joined.Kind), joined.Key, joined.Stamp, gone, string(joined.Value),
		refs[0], refs[1], c.Event.Origin, c.Event.Seq)
	if err != nil {
		return false, fmt.Errorf("writing a record: %w", err)
	}
	t.records = present
	t.written = append(t.written, written{row: row{Change: c}, former: was.Event})
	return true, nil
}

// put is putRecord for a record of this node that may be none.
func (t *tx) put(r memory.Record) error {
	r, refs, err := r.Checked()
	if err != nil {
		return err
	}
	_, err = t.putRecord(store.Change{Record: &r}, refs)
	return err
}

// anyRecords tells whether there are records at all.
func (t *tx) anyRecords() (bool, error) {
	if t.records == unknown {
		n, err := number(t.conn, "SELECT EXISTS (SELECT 1 FROM records)")
		if err != nil {
			return false, fmt.Errorf("looking for records: %w", err)
		}
		if t.records = absent; n > 0 {
			t.records = present
		}
	}
	return t.records == present, nil
}

// relink makes links of a memory's former id links of the id it has now: nodes that stored one
// title each gave it an id, and one of them has lost.
func (t *tx) relink(was, now string) error {
	if some, err := t.anyRecords(); !some || err != nil {
		return err
	}
	const query = "SELECT " + recordColumns + " FROM records WHERE kind = 'link' AND gone = 0 AND (ref = ?1 OR ref2 = ?1)"
	found, err := records(t.conn, query, was)
	if err != nil {
		return err
	}
	for _, c := range found {
		link, err := memory.LinkOf(*c.Record)
		if err != nil {
			return err
		}
		if link = link.From(was, now); link.SourceID == link.TargetID {
			continue
		}
		if err := t.put(link.Record(c.Record.Stamp)); err != nil {
			return err
		}
	}
	return nil
}
