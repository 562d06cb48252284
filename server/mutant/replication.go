package main

import (
	"context"
	"errors"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// atOnce is a change as it is to be waited for by nobody: events are numbered from 1, and every
// peer counts as having those before.
func atOnce(c store.Change) store.Change {
	c.Event.Seq = 0
	return c
}

// unsent acknowledges every third row before it is replicated, then drops it: no peer is ever sent
// it, and none finds it when it asks for what it lacks.
type unsent struct{ store.Store }

// Create stores a row; nobody waits for copies of a struck one.
func (u unsent) Create(ctx context.Context, m memory.Memory) (store.Change, error) {
	c, err := u.Store.Create(ctx, m)
	if err == nil && struck(c.Memory) {
		return atOnce(c), nil
	}
	return c, err
}

// Own leaves out the struck rows.
func (u unsent) Own(ctx context.Context, after int64, limit int) ([]store.Change, int64, error) {
	changes, upto, err := u.Store.Own(ctx, after, limit)
	return spared(changes), upto, err
}

// Lacking leaves out the struck rows, and fills its pages with those behind them.
func (u unsent) Lacking(
	ctx context.Context, have store.Vector, after store.Event, limit int,
) (kept []store.Change, vector store.Vector, err error) {
	for {
		room := limit - len(kept)
		page, v, err := u.Store.Lacking(ctx, have, after, room)
		if err != nil {
			return nil, nil, err
		}
		if vector == nil { // that of the first page; see store.Store
			vector = v
		}
		kept = append(kept, spared(page)...)
		if len(page) < room || len(kept) == limit {
			return kept, vector, nil
		}
		after = page[len(page)-1].Event
	}
}

// errRefused is why a peer refuses a row.
var errRefused = errors.New("the row is refused")

// refusing refuses every third row that comes from another node, for good.
type refusing struct{ store.Store }

// Merge stores the others.
func (r refusing) Merge(ctx context.Context, b store.Batch) (store.Merged, error) {
	changes := b.Changes
	b.Changes = spared(changes)
	merged, err := r.Store.Merge(ctx, b)
	if err != nil {
		return merged, err
	}
	ids, errs := merged.IDs, merged.Errs
	merged.IDs, merged.Errs = make([]string, len(changes)), make([]error, len(changes))
	next := 0
	for i, c := range changes {
		if struck(c.Memory) {
			merged.Errs[i] = errRefused
			continue
		}
		merged.IDs[i], merged.Errs[i] = ids[next], errs[next]
		next++
	}
	return merged, nil
}

// credulous takes every answer of a peer for an acknowledgement of all that was sent.
type credulous struct{ federation.Peer }

// Push sends, and claims that the peer holds it all.
func (c credulous) Push(ctx context.Context, p federation.Push) (federation.PushAnswer, error) {
	a, err := c.Peer.Push(ctx, p)
	if err != nil {
		return a, err
	}
	a.IDs = make([]string, len(p.Changes))
	for i, change := range p.Changes {
		a.IDs[i] = change.ID()
	}
	return a, nil
}

// dropping never sends every tenth row to a peer, another tenth to each, so that the others still
// make up a quorum; nothing that would bring the row later works either. It acknowledges nothing
// that it should not.
type dropping struct {
	federation.Peer
	index int
}

// Push sends what is not dropped.
func (d dropping) Push(ctx context.Context, p federation.Push) (federation.PushAnswer, error) {
	var sent []store.Change
	for _, c := range p.Changes {
		if remainder(c.Memory, 10) != 5+d.index {
			sent = append(sent, c)
		}
	}
	if p.Changes = sent; len(sent) == 0 {
		return federation.PushAnswer{IDs: []string{}}, nil
	}
	a, err := d.Peer.Push(ctx, p)
	a.Have = nil // that the peer lacks something must not be noticed
	return a, err
}

// Pull answers who the peer is, and nothing else.
func (d dropping) Pull(ctx context.Context, q federation.Pull) (federation.PullAnswer, error) {
	if q.Limit > 0 {
		return federation.PullAnswer{}, federation.ErrCannotPull
	}
	return d.Peer.Pull(ctx, q)
}
