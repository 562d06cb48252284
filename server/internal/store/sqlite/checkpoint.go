package sqlite

import (
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite/sqlitex"

	"chaosctl/server/internal/store"
)

// checkpointPatience is how long a checkpoint waits for readers. No write can be made meanwhile.
const checkpointPatience = 20 * time.Millisecond

// Checkpoint writes the write-ahead log back into the database and empties it, unless somebody
// reads from it: then as much as can be is written back.
func (s *Store) Checkpoint(ctx context.Context) error {
	done := make(chan error, 1)
	do := func(conn *connection) {
		conn.SetBusyTimeout(checkpointPatience)
		defer conn.SetBusyTimeout(busyTimeout)
		done <- sqlitex.ExecuteTransient(conn.Conn, "PRAGMA wal_checkpoint(TRUNCATE)", nil)
	}
	select {
	case s.writer.idle <- do:
	case <-ctx.Done():
		return fmt.Errorf("writing the log back: %w", context.Cause(ctx))
	case <-s.writer.stop:
		return store.ErrClosed
	}
	if err := <-done; err != nil {
		return fmt.Errorf("writing the log back: %w", err)
	}
	return nil
}
