package sqlite

import (
	"context"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Get returns the row with an id, or the one whose id begins with it.
func (s *Store) Get(ctx context.Context, idOrPrefix string) (memory.Memory, error) {
	var found row
	err := s.readers.read(ctx, func(conn *connection) (err error) {
		found, err = resolve(conn, idOrPrefix)
		return err
	})
	if err != nil {
		return memory.Memory{}, fmt.Errorf("getting a memory: %w", err)
	}
	return found.Memory, nil
}

// resolve returns the row with an id, or the one whose id begins with it; store.ErrNotFound, or
// *store.AmbiguousPrefix.
func resolve(conn *connection, idOrPrefix string) (row, error) {
	const exact = "SELECT " + columns + " FROM memories WHERE id = ?"
	found, err := rows(conn, exact, idOrPrefix)
	if err == nil && len(found) == 0 && idOrPrefix != "" {
		found, err = byPrefix(conn, idOrPrefix)
	}
	switch {
	case err != nil:
		return row{}, err
	case len(found) == 0:
		return row{}, store.ErrNotFound
	}
	return found[0], nil
}

// byPrefix returns the one row whose id begins with a prefix, ASCII case folded; none, or
// *store.AmbiguousPrefix.
func byPrefix(conn *connection, prefix string) ([]row, error) {
	const within = " FROM memories WHERE id COLLATE NOCASE >= ?1 AND id COLLATE NOCASE < ?2 ORDER BY rowid"
	// No text that begins with the prefix sorts after the prefix and a byte that UTF-8 never has.
	bounds := []any{prefix, prefix + "\xff"}
	var ids []string
	err := run(conn, "SELECT id"+within, func(stmt *sqlite.Stmt) error {
		ids = append(ids, stmt.ColumnText(0))
		return nil
	}, bounds...)
	switch {
	case err != nil:
		return nil, fmt.Errorf("looking for the prefix: %w", err)
	case len(ids) > 1:
		return nil, &store.AmbiguousPrefix{Prefix: prefix, IDs: ids}
	}
	return rows(conn, "SELECT "+columns+within, bounds...)
}

// rows runs a query for columns.
func rows(conn *connection, query string, args ...any) ([]row, error) {
	var found []row
	err := run(conn, query, func(stmt *sqlite.Stmt) error {
		r, err := scan(stmt)
		found = append(found, r)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("reading rows: %w", err)
	}
	return found, nil
}

func memories(found []row) []memory.Memory {
	out := make([]memory.Memory, len(found))
	for i, r := range found {
		out[i] = r.Memory
	}
	return out
}

// unexpired selects rows whose expiry is not before an instant.
const unexpired = "(expires_ns IS NULL OR expires_ns >= ?)"

// List returns unexpired rows by priority, then by updated_at, both descending, rows alike in
// both in storage order.
func (s *Store) List(ctx context.Context, q store.Query) ([]memory.Memory, error) {
	f := newFilter(q, s.expired())
	query := "SELECT " + columns + " FROM memories WHERE " + f.String() +
		" ORDER BY priority DESC, updated_ns DESC, rowid LIMIT ? + 0 OFFSET ? + 0"
	args := append(f.args, max(q.Limit, 0), max(q.Offset, 0))
	return s.list(ctx, "listing memories", query, args...)
}

// UpdatedSince returns rows updated after an RFC 3339 time, oldest first.
func (s *Store) UpdatedSince(ctx context.Context, since string, limit int) ([]memory.Memory, error) {
	const query = "SELECT " + columns + " FROM memories"
	const order = " ORDER BY updated_ns, rowid LIMIT ? + 0"
	if since == "" {
		return s.list(ctx, "listing changes", query+order, max(limit, 0))
	}
	return s.list(ctx, "listing changes", query+" WHERE updated_ns > ?"+order, nanos(since), max(limit, 0))
}

func (s *Store) list(ctx context.Context, what, query string, args ...any) ([]memory.Memory, error) {
	var found []row
	err := s.readers.read(ctx, func(conn *connection) (err error) {
		found, err = rows(conn, query, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return memories(found), nil
}

// Stats counts.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	now := s.expired()
	var stats store.Stats
	err := s.readers.read(ctx, func(conn *connection) (err error) {
		if stats.ByTier, err = counts(conn, "SELECT tier, count(*) FROM memories GROUP BY 1"+largest); err != nil {
			return err
		}
		const byNamespace = "SELECT namespace, count(*) FROM memories GROUP BY 1" + largest
		if stats.ByNamespace, err = counts(conn, byNamespace); err != nil {
			return err
		}
		const soon = "SELECT count(*) FROM memories WHERE expires_ns >= ? AND expires_ns <= ?"
		if stats.ExpiringSoon, err = number(conn, soon, now, now+hour); err != nil {
			return err
		}
		if stats.Links, err = countLinks(conn); err != nil {
			return err
		}
		stats.Total, err = number(conn, "SELECT count(*) FROM memories")
		return err
	})
	if err != nil {
		return store.Stats{}, fmt.Errorf("counting: %w", err)
	}
	if info, err := os.Stat(s.path); err == nil { // 0 when unreadable: contract section 1.3
		stats.DBSizeBytes = info.Size()
	}
	return stats, nil
}

// largest orders counts.
const largest = " ORDER BY 2 DESC, 1"

// Namespaces counts unexpired rows by namespace, largest first.
func (s *Store) Namespaces(ctx context.Context) (found []store.Count, err error) {
	const query = "SELECT namespace, count(*) FROM memories WHERE " + unexpired + " GROUP BY 1" + largest
	err = s.readers.read(ctx, func(conn *connection) error {
		found, err = counts(conn, query, s.expired())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("counting namespaces: %w", err)
	}
	return found, nil
}

// Size returns the number of rows.
func (s *Store) Size(ctx context.Context) (n int64, err error) {
	err = s.readers.read(ctx, func(conn *connection) error {
		n, err = number(conn, "SELECT count(*) FROM memories")
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("counting memories: %w", err)
	}
	return n, nil
}

// SyncClock returns what NoteSync recorded for a receiver.
func (s *Store) SyncClock(ctx context.Context, agentID string) (map[string]string, error) {
	const query = "SELECT peer_id, last_seen_at FROM sync_state WHERE agent_id = ?"
	clock := map[string]string{}
	err := s.readers.read(ctx, func(conn *connection) error {
		return run(conn, query, func(stmt *sqlite.Stmt) error {
			clock[stmt.ColumnText(0)] = stmt.ColumnText(1)
			return nil
		}, agentID)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the clock of %s: %w", agentID, err)
	}
	return clock, nil
}

func counts(conn *connection, query string, args ...any) ([]store.Count, error) {
	found := []store.Count{}
	err := run(conn, query, func(stmt *sqlite.Stmt) error {
		found = append(found, store.Count{Name: stmt.ColumnText(0), Count: stmt.ColumnInt64(1)})
		return nil
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("counting: %w", err)
	}
	return found, nil
}

// number reads the first column of the first row, 0 when there is none.
func number(conn *connection, query string, args ...any) (n int64, err error) {
	err = run(conn, query, func(stmt *sqlite.Stmt) error {
		n = stmt.ColumnInt64(0)
		return nil
	}, args...)
	if err != nil {
		return 0, fmt.Errorf("counting: %w", err)
	}
	return n, nil
}
