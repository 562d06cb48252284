package server

import (
	"context"
	"log/slog"
	"time"

	"chaosctl/server/internal/service"
)

// watchInterval is how often a server looks whether another process has written into its database:
// what a command line stores there is on its way to the peers that soon.
const watchInterval = 50 * time.Millisecond

// shared is a database that other processes may write into.
type shared interface {
	// Refresh takes in what they have written; it returns the number of this node's newest event,
	// and whether there was anything.
	Refresh(ctx context.Context) (newest int64, changed bool, err error)
}

// watch has what other processes write taken in and replicated until ctx ends. Replication is nil where there
// is none.
func watch(ctx context.Context, database shared, replication service.Replication, logger *slog.Logger) {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		newest, changed, err := database.Refresh(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			logger.Warn("what other processes write is not noticed", "error", err)
		}
		failing = err != nil
		if changed && replication != nil {
			replication.Notify(newest)
		}
	}
}
