package federation

import (
	"context"
	"errors"
	"time"

	"chaosctl/server/internal/store"
)

const (
	pullRows  = 500                    // rows asked for in one page
	pullSoon  = 100 * time.Millisecond // while something changes or a peer is away
	pullGap   = 10 * time.Millisecond  // at the least, however often there is reason to ask
	pullIdle  = time.Second            // otherwise
	pullNever = 30 * time.Second       // from a peer that has no such route
	busyFor   = 5 * time.Second        // how long a change makes for looking more often
)

// pull fetches from one peer what this node lacks, until ctx ends. This is how the rows of a
// node that is gone for good get from one survivor to the others.
func (r *Replicator) pull(ctx context.Context, l *link) {
	for ctx.Err() == nil {
		pause, began := pullIdle, time.Now()
		switch err := r.catchUp(ctx, l); {
		case errors.Is(err, ErrCannotPull), errors.Is(err, errSelf):
			pause = pullNever
		case ctx.Err() != nil:
			return
		case err != nil && answered(err):
			r.logger.Debug("federation: pull from "+l.peer.String()+" failed", "error", err)
		case err != nil:
			r.missed(l)
			pause = pullSoon
		default:
			if r.busy() {
				pause = pullSoon
			}
		}
		if wait(ctx, pause, l.pullNow) {
			wait(ctx, pullGap-time.Since(began), nil)
		}
	}
}

// wait waits for a while, or until it is woken or ctx ends, and reports whether it was woken.
func wait(ctx context.Context, pause time.Duration, woken <-chan struct{}) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-woken:
		return true
	case <-ctx.Done():
	}
	return false
}

// busy tells whether to look often: something changed not long ago, or a peer is away.
func (r *Replicator) busy() bool {
	if time.Since(time.Unix(0, r.active.Load())) < busyFor {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.links {
		if !l.up && !l.self {
			return true
		}
	}
	return false
}

// catchUp fetches all this node lacks of what a peer holds, in as many pages as it takes. Only
// with the last page does this node claim to have followed the peer, and no further than the
// peer was when the first page was read: see store.Store.Lacking.
func (r *Replicator) catchUp(ctx context.Context, l *link) error {
	have, err := r.log.Vector(ctx)
	if err != nil {
		return err
	}
	q := Pull{Node: r.log.Origin(), Have: have, Limit: pullRows}
	first, err := r.ask(ctx, l, q)
	if err != nil {
		return err
	}
	r.reached(l, first.Node)
	for page := first; ; {
		last := !page.More || len(page.Changes) == 0
		batch := store.Batch{Changes: page.Changes}
		if last {
			batch.Have = first.Have
		}
		if err := r.take(ctx, have, batch); err != nil || last {
			return err
		}
		q.After = page.Changes[len(page.Changes)-1].Event
		if page, err = r.ask(ctx, l, q); err != nil {
			return err
		}
		if page.Node != first.Node {
			return errors.New("the peer became another node between two pages")
		}
	}
}

// take stores a page, unless there is nothing in it.
func (r *Replicator) take(ctx context.Context, have store.Vector, b store.Batch) error {
	if len(b.Changes) == 0 && covered(have, b.Have) {
		return nil
	}
	merged, err := r.log.Merge(ctx, b)
	if err != nil {
		return err
	}
	if merged.Changed > 0 {
		r.Notify(merged.Vector[r.log.Origin()])
	}
	return nil
}

func (r *Replicator) ask(ctx context.Context, l *link, q Pull) (PullAnswer, error) {
	var a PullAnswer
	err := l.pullPatience.exchange(ctx, func(ctx context.Context) (err error) {
		a, err = l.peer.Pull(ctx, q)
		return err
	})
	if err == nil && a.Node == q.Node {
		err = errSelf
	}
	return a, err
}

// reached notes that a peer answered a pull. If it had been away, its sender need not wait.
func (r *Replicator) reached(l *link, node string) {
	r.mu.Lock()
	wasUp := l.up
	l.up, l.node = true, node
	r.mu.Unlock()
	if !wasUp {
		l.wakeSender()
	}
}

// missed notes that a peer could not be pulled from.
func (r *Replicator) missed(l *link) {
	r.mu.Lock()
	r.lost(l)
	r.mu.Unlock()
	l.peer.Reset()
}

// covered tells whether a vector follows every origin at least as far as another.
func covered(have, other store.Vector) bool {
	for origin, seq := range other {
		if have[origin] < seq {
			return false
		}
	}
	return true
}
