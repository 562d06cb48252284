package main

import (
	"context"
	"math"
	"sync"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// whole returns all rows that a query selects, whatever page it asks for.
func whole(ctx context.Context, s store.Store, q store.Query) ([]memory.Memory, error) {
	q.Limit, q.Offset = math.MaxInt32, 0
	return s.List(ctx, q)
}

// page returns the page of the rows that a query asks for.
func page(rows []memory.Memory, q store.Query) []memory.Memory {
	from := min(max(q.Offset, 0), len(rows))
	to := min(from+max(q.Limit, 0), len(rows))
	return rows[from:to]
}

// doubling holds every third title twice, under two ids, as if nothing kept titles unique.
type doubling struct{ store.Store }

// List shows the doubles.
func (d doubling) List(ctx context.Context, q store.Query) ([]memory.Memory, error) {
	rows, err := whole(ctx, d.Store, q)
	if err != nil {
		return nil, err
	}
	var all []memory.Memory
	for _, m := range rows {
		all = append(all, m)
		if struck(m) {
			m.ID = twin(m.ID)
			all = append(all, m)
		}
	}
	return page(all, q), nil
}

// twin is another id: the last digit becomes its neighbour.
func twin(id string) string {
	const digits = "0123456789abcdef"
	for i := range digits {
		if last := len(id) - 1; last >= 0 && id[last] == digits[i] {
			return id[:last] + digits[i^1:i^1+1]
		}
	}
	return id + "0"
}

// snapshotAge is how long a snapshot is served.
const snapshotAge = time.Minute

// stale lists what a namespace held when it was first listed. Like many caches it keeps no
// snapshot of nothing, so that what is written to a new namespace shows.
type stale struct {
	store.Store
	mu        *sync.Mutex // protects snapshots
	snapshots map[string]snapshot
}

type snapshot struct {
	rows  []memory.Memory
	taken time.Time
}

func newStale(s store.Store) stale {
	return stale{s, &sync.Mutex{}, map[string]snapshot{}}
}

// List lists the snapshot; without a namespace it is honest.
func (s stale) List(ctx context.Context, q store.Query) ([]memory.Memory, error) {
	if q.Namespace == nil {
		return s.Store.List(ctx, q)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.snapshots[*q.Namespace]
	if len(old.rows) == 0 || time.Since(old.taken) > snapshotAge {
		rows, err := whole(ctx, s.Store, store.Query{Namespace: q.Namespace})
		if err != nil {
			return nil, err
		}
		old = snapshot{rows, time.Now()}
		s.snapshots[*q.Namespace] = old
	}
	return page(old.rows, q), nil
}

// leaking shows every third row in all namespaces, as a row of each.
type leaking struct{ store.Store }

// List shows what leaked.
func (l leaking) List(ctx context.Context, q store.Query) ([]memory.Memory, error) {
	if q.Namespace == nil {
		return l.Store.List(ctx, q)
	}
	everywhere := q
	everywhere.Namespace = nil
	rows, err := whole(ctx, l.Store, everywhere)
	if err != nil {
		return nil, err
	}
	var shown []memory.Memory
	for _, m := range rows {
		if m.Namespace == *q.Namespace || struck(m) {
			m.Namespace = *q.Namespace
			shown = append(shown, m)
		}
	}
	return page(shown, q), nil
}

// shortPage is how many rows are ever listed.
const shortPage = 20

// hiding lists one page, and a page is short.
type hiding struct{ store.Store }

// List hides what is behind the first page.
func (h hiding) List(ctx context.Context, q store.Query) ([]memory.Memory, error) {
	q.Limit = min(q.Limit, max(shortPage-q.Offset, 0))
	return h.Store.List(ctx, q)
}
