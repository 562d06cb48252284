package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/store"
)

// Other processes may write into the file, such as a command line beside a server. What is kept
// in memory is brought up to date before the next transaction of this process, and when Refresh is
// called.

// Refresh takes in what other processes have written into the file since it last looked. It
// returns the number of this node's newest event, whoever made it, and whether there was anything.
func (s *Store) Refresh(ctx context.Context) (newest int64, changed bool, err error) {
	done := make(chan error, 1)
	do := func(conn *connection) {
		done <- s.writer.notice(func(*connection) error {
			changed = true
			vector, err := readVector(conn)
			newest = vector[s.origin]
			return errors.Join(err, s.reload(conn))
		})
	}
	select {
	case s.writer.idle <- do:
	case <-ctx.Done():
		return 0, false, context.Cause(ctx)
	case <-s.writer.stop:
		return 0, false, store.ErrClosed
	}
	err = <-done
	return newest, changed, err
}

// reload brings up to date what is kept in memory. Of rows nothing is kept: any may have changed.
func (s *Store) reload(conn *connection) error {
	newest, err := number(conn, "SELECT max(rowid) FROM memories")
	if err != nil {
		return fmt.Errorf("looking for the newest row: %w", err)
	}
	vector, err := readVector(conn)
	if err != nil {
		return err
	}
	if err := s.held.read(conn); err != nil {
		return err
	}
	s.recent.reset(newest)
	s.tail.reset(vector[s.origin])
	return nil
}

// notice calls a function when other connections have committed since it was last called.
func (w *writer) notice(changed func(*connection) error) error {
	version, err := dataVersion(w.conn)
	if err != nil || version == w.version {
		return err
	}
	if err := changed(w.conn); err != nil {
		return err
	}
	w.version = version
	return nil
}

// dataVersion changes when another connection has committed (SQLite, PRAGMA data_version).
func dataVersion(conn *connection) (version int64, err error) {
	err = run(conn, "PRAGMA data_version", func(stmt *sqlite.Stmt) error {
		version = stmt.ColumnInt64(0)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("looking for other processes' changes: %w", err)
	}
	return version, nil
}
