package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// commitDelay is how long a row that is acknowledged already stays in memory.
const commitDelay = 100 * time.Millisecond

// hasty acknowledges from memory, and commits a little later: what is in memory when the process
// is killed is lost. Otherwise every row is stored and spreads.
type hasty struct {
	store.Store
	closing chan struct{}
	pending *sync.WaitGroup
}

func newHasty(s store.Store) hasty {
	return hasty{s, make(chan struct{}), &sync.WaitGroup{}}
}

// Create returns at once; nobody waits for copies of what is not stored yet.
func (h hasty) Create(ctx context.Context, m memory.Memory) (store.Change, error) {
	h.pending.Go(func() {
		timer := time.NewTimer(commitDelay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-h.closing:
		}
		_, _ = h.Store.Create(ctx, m) // whoever asked has long been answered
	})
	return atOnce(store.Change{Memory: m}), nil
}

// Close commits what is in memory.
func (h hasty) Close() error {
	close(h.closing)
	h.pending.Wait()
	return h.Store.Close()
}

// forgetUnlessClosed removes a database that was in use when its process ended: a node that was
// killed starts empty.
func forgetUnlessClosed(db string) (closed func() error, err error) {
	mark := db + ".in-use"
	if _, err := os.Stat(mark); err == nil {
		for _, file := range []string{db, db + "-wal", db + "-shm"} {
			if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		return nil, err
	}
	return func() error { return os.Remove(mark) }, nil
}
