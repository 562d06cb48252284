package federation

import (
	"context"
	"errors"
	"fmt"

	"chaosctl/server/internal/store"
)

// Whole is a Log that can tell what a node lacks, whichever node made it.
type Whole interface {
	Log
	Lacking(ctx context.Context, have store.Vector, after store.Event, limit int) ([]store.Change, store.Vector, error)
}

// Exchanged is how many changes an exchange moved. What an original did not take is in Skipped, what this node
// did not take of it in Refused, but for what was deleted here.
type Exchanged struct{ Pulled, Pushed, Skipped, Refused int }

// Exchange brings this node and a peer to the same state, once: it fetches what this node lacks,
// then sends what the peer lacks, in pages of a number of changes. What is cut short goes on with
// the next exchange. It returns ErrCannotPull for a server that does not number its changes.
func Exchange(ctx context.Context, log Whole, peer Peer, page int) (Exchanged, error) {
	var done Exchanged
	theirs, err := fetch(ctx, log, peer, page, &done)
	if err != nil {
		return done, fmt.Errorf("pull from %s: %w", peer, err)
	}
	if err := deliver(ctx, log, peer, theirs, page, &done); err != nil {
		return done, fmt.Errorf("push to %s: %w", peer, err)
	}
	return done, nil
}

// fetch takes what this node lacks, and returns how far the peer has followed each origin.
func fetch(ctx context.Context, log Whole, peer Peer, page int, done *Exchanged) (store.Vector, error) {
	have, err := log.Vector(ctx)
	if err != nil {
		return nil, err
	}
	q := Pull{Node: log.Origin(), Have: have, Limit: page}
	var first store.Vector
	for node := ""; ; {
		a, err := peer.Pull(ctx, q)
		switch {
		case err != nil:
			return nil, err
		case a.Node == q.Node:
			return nil, errSelf
		case node == "":
			node, first = a.Node, a.Have
		case node != a.Node:
			return nil, errors.New("the peer became another node between two pages")
		}
		last := !a.More || len(a.Changes) == 0
		batch := store.Batch{Changes: a.Changes}
		if last {
			batch.Have = first
		}
		if len(batch.Changes) > 0 || !covered(have, batch.Have) {
			merged, err := log.Merge(ctx, batch)
			if err != nil {
				return nil, err
			}
			done.Pulled += merged.Changed
		}
		if last {
			return first, nil
		}
		q.After = a.Changes[len(a.Changes)-1].Event
	}
}

// deliver sends what a peer lacks that has followed each origin so far.
func deliver(ctx context.Context, log Whole, peer Peer, theirs store.Vector, page int, done *Exchanged) error {
	var (
		after  store.Event
		vector store.Vector
	)
	for {
		changes, now, err := log.Lacking(ctx, theirs, after, page)
		if err != nil {
			return err
		}
		if vector == nil { // of the first page: see store.Store.Lacking
			vector = now
		}
		more := len(changes) == page
		if n := Fitting(changes, pushBytes); n < len(changes) {
			changes, more = changes[:n], true
		}
		p := Push{Node: log.Origin(), Changes: changes}
		if !more {
			p.Have = vector
		}
		if len(changes) > 0 || !covered(theirs, p.Have) {
			a, err := peer.Push(ctx, p)
			if err != nil {
				return err
			}
			done.Pushed += a.Applied
		}
		if !more {
			return nil
		}
		after = changes[len(changes)-1].Event
	}
}
