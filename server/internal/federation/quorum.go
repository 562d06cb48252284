package federation

import (
	"context"
	"time"

	"chaosctl/server/internal/store"
)

// Reason says why a write has too few copies, in the words of contract section 6.4.
type Reason string

// The reasons.
const (
	Timeout     Reason = "timeout"     // some peers answered, too few hold the row
	Unreachable Reason = "unreachable" // no peer answered
)

// Outcome is how a write's wait ended. A Reason means that the copies were too few.
type Outcome struct {
	Acks   int // nodes known to hold the row durably, this one included; at most Needed
	Needed int
	Reason Reason
}

// answer is what a peer has made of a write so far.
type answer uint8

const (
	pending answer = iota
	failed         // it cannot be reached; it may still come back
	denied         // it answered, and does not hold the row
	acked
)

// write is a write that waits for its copies.
type write struct {
	seq     int64
	id      string
	answers []answer // by link
	decided chan struct{}
	closed  bool
}

// Await waits until enough peers hold a change that is stored here, until every peer has
// answered or failed without that, until the deadline, or until ctx ends. Replication goes on
// in every case.
func (r *Replicator) Await(ctx context.Context, c store.Change) Outcome {
	r.touch()
	w := &write{
		seq: c.Event.Seq, id: c.ID(),
		answers: make([]answer, len(r.links)),
		decided: make(chan struct{}),
	}
	r.mu.Lock()
	for i, l := range r.links {
		switch {
		case l.holds(w.seq, w.id):
			w.answers[i] = acked
		case l.self:
			w.answers[i] = denied
		default:
			l.reopen(w.seq)
		}
	}
	r.waiting[w] = struct{}{}
	r.decide(w)
	r.mu.Unlock()
	for _, l := range r.links {
		l.wakeSender()
	}

	deadline := time.NewTimer(r.timeout)
	defer deadline.Stop()
	select {
	case <-w.decided:
	case <-deadline.C:
	case <-ctx.Done():
	}
	r.mu.Lock()
	delete(r.waiting, w)
	o := r.outcome(w)
	r.mu.Unlock()
	r.count(o)
	return o
}

// AwaitAll is Await for changes that were made together: all of them, within one deadline. It
// returns how the first ended of which there are too few copies, else how the last did.
func (r *Replicator) AwaitAll(ctx context.Context, changes []store.Change) Outcome {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	o := Outcome{Acks: r.needed, Needed: r.needed}
	for _, c := range changes {
		if o = r.Await(ctx, c); o.Reason != "" {
			break
		}
	}
	return o
}

// decide ends a write's wait when nothing more is to be expected. The caller holds mu.
func (r *Replicator) decide(w *write) {
	if w.closed {
		return
	}
	settled := true
	for _, a := range w.answers {
		settled = settled && a != pending
	}
	if settled || r.copies(w) >= r.needed {
		w.closed = true
		close(w.decided)
	}
}

// copies counts the nodes that hold a write, this one included. The caller holds mu.
func (r *Replicator) copies(w *write) int {
	holders := map[string]bool{r.log.Origin(): true}
	for i, a := range w.answers {
		if a == acked {
			holders[r.links[i].identity()] = true
		}
	}
	return len(holders)
}

// outcome sums up a write. The caller holds mu.
func (r *Replicator) outcome(w *write) Outcome {
	o := Outcome{Acks: r.copies(w), Needed: r.needed}
	if o.Acks >= o.Needed {
		o.Acks = o.Needed // as if counting had stopped there, however late this looks
		return o
	}
	o.Reason = Unreachable
	for _, a := range w.answers {
		if a == acked || a == denied {
			o.Reason = Timeout
		}
	}
	return o
}

func (r *Replicator) count(o Outcome) {
	switch o.Reason {
	case Timeout:
		r.timedOut.Add(1)
	case Unreachable:
		r.unreachable.Add(1)
	default:
		r.met.Add(1)
	}
}

// noteFailure tells the waiting writes that a peer cannot be reached. A peer that hangs may
// still answer in time, so it settles nothing.
func (r *Replicator) noteFailure(l *link, err error) {
	l.fails.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost(l)
	if hanging(err) {
		return
	}
	for w := range r.waiting {
		r.settle(w, l, failed)
	}
}

// noteDenial tells the writes of a push that the peer answered and did not store them.
func (r *Replicator) noteDenial(l *link, upto int64) {
	l.fails.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deny(l, upto)
}

// deny settles the writes up to an event that a peer has not acknowledged. The caller holds mu.
func (r *Replicator) deny(l *link, upto int64) {
	for w := range r.waiting {
		if w.seq <= upto {
			r.settle(w, l, denied)
		}
	}
}

// noteAnswer takes in which rows of a push the peer holds. A write whose row is not among them
// is not acknowledged, whatever the push covers: its row may have been replaced by another
// node's.
func (r *Replicator) noteAnswer(l *link, p Push, a PushAnswer, held func(store.Change) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l.up = true
	if a.Node != "" {
		l.node = a.Node
	}
	for _, c := range p.Changes {
		if held(c) {
			l.confirm(c.ID(), c.Event.Seq)
			l.acks.Add(1)
		}
	}
	for w := range r.waiting {
		if l.holds(w.seq, w.id) {
			r.settle(w, l, acked)
		}
	}
	r.advance(l, p.Span.After, p.Span.Upto)
}

// advance notes that events after one number and up to another need no more sending, unless
// they have been reopened meanwhile. The caller holds mu.
func (r *Replicator) advance(l *link, after, upto int64) {
	if l.sent != after {
		return
	}
	l.sent = upto
	r.deny(l, upto)
}

// rewind notes that a peer holds own events only up to a number, and that nothing it has
// acknowledged in former times counts: what a write waits for is sent again. The caller holds
// mu.
func (r *Replicator) rewind(l *link, to int64) {
	l.sent = to
	clear(l.confirmed)
	clear(l.former)
	for w := range r.waiting {
		if w.answers[l.index] != acked {
			l.reopen(w.seq)
		}
	}
}

// settle notes what a peer made of a write; an acknowledgement stays. The caller holds mu.
func (r *Replicator) settle(w *write, l *link, a answer) {
	if w.answers[l.index] == acked {
		return
	}
	w.answers[l.index] = a
	r.decide(w)
}
