package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/store"
)

// events returns one origin's events after a number, in order, at most some.
func events(conn *connection, origin string, after int64, limit int) ([]store.Change, error) {
	const ofOrigin = " WHERE origin = ? AND seq > ? ORDER BY seq LIMIT ? + 0"
	changed, err := rows(conn, "SELECT "+columns+" FROM memories"+ofOrigin, origin, after, limit)
	if err != nil {
		return nil, err
	}
	deleted, err := deletions(conn, "SELECT "+deletionColumns+" FROM deletions"+ofOrigin, origin, after, limit)
	if err != nil {
		return nil, err
	}
	recorded, err := records(conn, "SELECT "+recordColumns+" FROM records"+ofOrigin, origin, after, limit)
	if err != nil {
		return nil, err
	}
	if len(deleted)+len(recorded) == 0 {
		return changes(changed), nil
	}
	found := slices.Concat(changes(changed), deleted, recorded)
	slices.SortFunc(found, func(a, b store.Change) int { return cmp.Compare(a.Event.Seq, b.Event.Seq) })
	return found[:min(len(found), limit)], nil
}

func changes(found []row) []store.Change {
	if len(found) == 0 {
		return nil
	}
	out := make([]store.Change, len(found))
	for i, r := range found {
		out[i] = r.Change
	}
	return out
}

// Own returns this node's own events after a number, the newest of them from memory. It waits
// a moment for a transaction under way: what that writes goes along then, instead of in a message
// of its own, and messages are what replication costs.
func (s *Store) Own(ctx context.Context, after int64, limit int) ([]store.Change, int64, error) {
	if err := s.readers.admit(ctx); err != nil {
		return nil, 0, fmt.Errorf("reading own changes: %w", err)
	}
	s.writer.settle(ctx)
	if changes, upto, ok := s.tail.own(after, limit); ok {
		return changes, upto, nil
	}
	return s.own(ctx, after, limit)
}

// own is Own from the database.
func (s *Store) own(ctx context.Context, after int64, limit int) (changes []store.Change, upto int64, err error) {
	err = s.readers.read(ctx, func(conn *connection) error {
		if changes, err = events(conn, s.origin, after, max(limit, 0)); err != nil {
			return err
		}
		switch {
		case limit <= 0:
			upto = after
			return nil
		case len(changes) == limit:
			upto = changes[limit-1].Event.Seq
			return nil
		}
		vector, err := readVector(conn)
		upto = vector[s.origin]
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("reading own changes: %w", err)
	}
	return changes, upto, nil
}

// Lacking returns rows and deletions whose last event a vector does not cover, and this node's
// vector.
func (s *Store) Lacking(
	ctx context.Context, have store.Vector, after store.Event, limit int,
) (changes []store.Change, vector store.Vector, err error) {
	err = s.readers.read(ctx, func(conn *connection) error {
		if vector, err = readVector(conn); err != nil {
			return err
		}
		origin, more, err := nextOrigin(conn, ">=", after.Origin)
		for more && len(changes) < limit && err == nil {
			from := have[origin]
			if origin == after.Origin {
				from = max(from, after.Seq)
			}
			var found []store.Change
			if found, err = events(conn, origin, from, limit-len(changes)); err != nil {
				return err
			}
			changes = append(changes, found...)
			origin, more, err = nextOrigin(conn, ">", origin)
		}
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading what a peer lacks: %w", err)
	}
	return changes, vector, nil
}

// nextOrigin returns the first origin of any event that compares so with a text: a hop on each
// index, where DISTINCT would walk all of it.
func nextOrigin(conn *connection, compare, text string) (origin string, found bool, err error) {
	first := func(table string) string {
		return "SELECT * FROM (SELECT origin FROM " + table + " WHERE origin " + compare + " ?1 ORDER BY origin LIMIT 1)"
	}
	err = run(conn, first("memories")+" UNION "+first("deletions")+" UNION "+first("records")+" ORDER BY 1 DESC",
		func(stmt *sqlite.Stmt) error {
			origin, found = stmt.ColumnText(0), true // the last is the least
			return nil
		}, text)
	if err != nil {
		return "", false, fmt.Errorf("looking for origins: %w", err)
	}
	return origin, found, nil
}

// Vector returns how far this node has followed each origin.
func (s *Store) Vector(ctx context.Context) (vector store.Vector, err error) {
	err = s.readers.read(ctx, func(conn *connection) error {
		vector, err = readVector(conn)
		return err
	})
	return vector, err
}

func readVector(conn *connection) (store.Vector, error) {
	vector := store.Vector{}
	err := run(conn, "SELECT origin, seq FROM vector", func(stmt *sqlite.Stmt) error {
		vector[stmt.ColumnText(0)] = stmt.ColumnInt64(1)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the vector: %w", err)
	}
	return vector, nil
}
