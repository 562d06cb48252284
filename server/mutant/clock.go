package main

import (
	"context"
	"math"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"chaosctl/server"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// skew is how far the clocks of two nodes that are neighbours by port are apart.
const skew = time.Second

// clockOffset is how far a node's clock is ahead: by skew for each peer with a higher port.
func clockOffset(c server.Config) time.Duration {
	if c.QuorumPeers == nil {
		return 0
	}
	var offset time.Duration
	for peer := range strings.SplitSeq(*c.QuorumPeers, ",") {
		u, err := url.Parse(peer)
		if err != nil {
			continue // the server itself refuses it
		}
		if port, err := strconv.Atoi(u.Port()); err == nil && port > c.Port {
			offset += skew
		}
	}
	return offset
}

// skewed lets the last writer win by the wall clock of the node it wrote at, and that clock is
// wrong: a write to a title that carries a later time is acknowledged and gone.
type skewed struct {
	store.Store
	offset time.Duration
	mu     *sync.Mutex // one write at a time: it looks before it writes
}

func newSkewed(s store.Store, offset time.Duration) skewed {
	return skewed{s, offset, &sync.Mutex{}}
}

// Create stores a row, unless the one that is there is of a later time.
func (s skewed) Create(ctx context.Context, m memory.Memory) (store.Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.UpdatedAt = memory.FormatTime(time.Now().Add(s.offset))
	rows, err := s.List(ctx, store.Query{Namespace: &m.Namespace, Limit: math.MaxInt32})
	if err != nil {
		return store.Change{}, err
	}
	for _, there := range rows {
		if there.Title == m.Title && later(there, m) {
			return atOnce(store.Change{Memory: there}), nil
		}
	}
	return s.Store.Create(ctx, m)
}

// later tells whether a row is of a later time than another.
func later(a, b memory.Memory) bool {
	at, err := memory.ParseTime(a.UpdatedAt)
	if err != nil {
		return false
	}
	bt, err := memory.ParseTime(b.UpdatedAt)
	return err == nil && at.After(bt)
}
