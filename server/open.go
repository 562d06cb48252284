package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
	"chaosctl/server/internal/store/sqlite"
)

// Memories is a database that is used without being served, as by a command line: all use cases
// of a server that stands alone. A server may be running on the same database; it notices what is
// written here, and replicates it. Open makes it, Close ends it.
type Memories struct {
	*service.Service
	path      string // of the file
	database  shared
	config    Config
	lifetimes Lifetimes
	close     func() error
}

// Open opens the database of a configuration, made first where there is none. Of the
// configuration it uses the database, the lifetimes, what garbage collection does and how long pages
// are. An error begins with "failed to open database".
func Open(ctx context.Context, c Config) (*Memories, error) {
	c = c.withLogger()
	opened, err := sqlite.Open(ctx, c.DB, sqlite.Options{})
	if err != nil {
		return nil, fmt.Errorf("failed to open database: %w", err)
	}
	clock := memory.NewClock(time.Now)
	store := service.Observed(opened, clock)
	options := c.options()
	return &Memories{
		path: c.DB, database: opened, config: c, lifetimes: options.Lifetimes,
		Service: service.New(store, clock, nil, options, c.Logger),
		close: sync.OnceValue(func() error {
			if err := store.Close(); err != nil {
				return fmt.Errorf("close database %s: %w", c.DB, err)
			}
			return nil
		}),
	}, nil
}

// Close writes the log of the database back, unless another process is using it, and releases
// it. Only the first call does; all return what it returned.
func (m *Memories) Close() error { return m.close() }

// Use opens the database of a configuration, calls a function with it, and closes it.
func Use(ctx context.Context, c Config, do func(*Memories) error) error {
	memories, err := Open(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(do(memories), memories.Close())
}
