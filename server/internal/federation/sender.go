package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chaosctl/server/internal/store"
)

const (
	pushRows  = 256           // rows read from the log for one push
	pushBytes = 2<<20 - 1<<16 // of one push; a receiver takes 2 MiB
)

// errSelf says that a peer's address leads back to this node.
var errSelf = errors.New("its address leads back to this node; take it out of the peer list")

// send keeps one peer supplied with this node's events until ctx ends. One push is under way
// at a time, so writes that come meanwhile go together into the next.
func (r *Replicator) send(ctx context.Context, l *link) {
	s := sender{r: r, link: l}
	pause := backOff{}
	for ctx.Err() == nil {
		more, err := s.step(ctx)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errSelf) {
			r.logger.Error("federation: "+l.peer.String()+" is not a peer", "error", err)
			return
		}
		if err != nil {
			s.failed(err)
			pause.wait(ctx, l.sendNow)
			continue
		}
		pause = backOff{}
		s.succeeded()
		if more {
			continue
		}
		select {
		case <-l.sendNow:
		case <-ctx.Done():
		}
	}
}

// sender is what one sending goroutine knows.
type sender struct {
	r       *Replicator
	link    *link
	greeted bool  // the peer has told how far it is, or cannot
	singly  int64 // up to this number, rows are sent one by one

	patience patience
	failing  bool // the last exchange failed: that is logged once
}

// step does one exchange with the peer. It reports whether to go on at once.
func (s *sender) step(ctx context.Context) (more bool, err error) {
	if !s.greeted {
		return true, s.greet(ctx)
	}
	s.r.mu.Lock()
	after := s.link.sent
	s.r.mu.Unlock()
	limit := pushRows
	if after < s.singly {
		limit = 1
	}
	changes, upto, err := s.r.log.Own(ctx, after, limit)
	if err != nil {
		return false, fmt.Errorf("read own events after %d: %w", after, err)
	}
	if len(changes) == 0 {
		s.r.mu.Lock()
		s.r.advance(s.link, after, upto)
		s.r.mu.Unlock()
		return false, nil
	}
	if n := Fitting(changes, pushBytes); n < len(changes) {
		changes = changes[:n]
		upto = changes[n-1].Event.Seq
	}
	return true, s.push(ctx, Push{
		Node:    s.r.log.Origin(),
		Span:    store.Span{Origin: s.r.log.Origin(), After: after, Upto: upto},
		Changes: changes,
	})
}

// greet learns how far the peer has followed this node. A peer that cannot say gets everything:
// what it has already, it merges into itself.
func (s *sender) greet(ctx context.Context) error {
	me := s.r.log.Origin()
	var a PullAnswer
	err := s.patience.exchange(ctx, func(ctx context.Context) (err error) {
		a, err = s.link.peer.Pull(ctx, Pull{Node: me})
		return err
	})
	if errors.Is(err, ErrCannotPull) || err != nil && answered(err) {
		a, err = PullAnswer{}, nil
	}
	if err != nil {
		return fmt.Errorf("greet: %w", err)
	}
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	if a.Node == me {
		s.link.self = true
		for w := range s.r.waiting {
			s.r.settle(w, s.link, denied)
		}
		return errSelf
	}
	s.link.node, s.link.self = a.Node, false
	s.link.up = true
	s.r.rewind(s.link, a.Have[me])
	s.greeted = true
	return nil
}

// push sends a run of events and takes in the answer.
func (s *sender) push(ctx context.Context, p Push) error {
	var a PushAnswer
	err := s.patience.exchange(ctx, func(ctx context.Context) (err error) {
		a, err = s.link.peer.Push(ctx, p)
		return err
	})
	if err != nil {
		if answered(err) {
			s.r.noteDenial(s.link, p.Span.Upto)
		}
		return fmt.Errorf("push %d row(s): %w", len(p.Changes), err)
	}
	held, certain := s.judge(p, a)
	if !certain {
		s.singly = p.Span.Upto
		return nil
	}
	s.r.noteAnswer(s.link, p, a, held)
	return s.follow(p, a)
}

// judge tells which changes of a push a peer holds. Where the answer has only counts, and they do
// not speak for every row alike, it is not certain and the rows are to be sent one by one; of
// deletions and records such a peer knows nothing.
func (s *sender) judge(p Push, a PushAnswer) (held func(store.Change) bool, certain bool) {
	if a.IDs != nil {
		ids := make(map[string]bool, len(a.IDs))
		for _, id := range a.IDs {
			ids[id] = true
		}
		return func(c store.Change) bool { return ids[c.ID()] }, true
	}
	rows := 0
	for _, c := range p.Changes {
		if c.IsRow() {
			rows++
		}
	}
	all := a.Skipped == 0 && a.Applied >= rows
	return func(c store.Change) bool { return all && c.IsRow() }, all || len(p.Changes) == 1
}

// follow goes back when the peer has not the events before the push, as one that was restarted
// empty or without its newest rows.
func (s *sender) follow(p Push, a PushAnswer) error {
	has := a.Have[p.Node]
	if a.Have == nil || has >= p.Span.After {
		return nil
	}
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.rewind(s.link, has)
	return &ShapeError{Err: fmt.Errorf("it follows this node only up to event %d of %d: sending again from there", has, p.Span.After)}
}

// failed notes that an exchange failed. The path is in doubt unless the peer itself answered.
func (s *sender) failed(err error) {
	if !answered(err) {
		s.link.peer.Reset()
		s.r.noteFailure(s.link, err)
	}
	if !s.failing {
		s.failing = true
		s.r.logger.Warn("federation: "+s.link.peer.String()+" fails", "error", err)
	}
}

// succeeded notes that the peer is back, if it was away.
func (s *sender) succeeded() {
	if s.failing {
		s.failing = false
		s.r.logger.Info("federation: " + s.link.peer.String() + " works again")
	}
}

// backOff is the pause between tries that fail.
type backOff struct{ next time.Duration }

// wait pauses, longer each time up to maxBackOff. Something new to send ends the pause, though
// not before minPause.
func (b *backOff) wait(ctx context.Context, now <-chan struct{}) {
	b.next = min(max(2*b.next, firstBackOff), maxBackOff)
	full := time.NewTimer(b.next)
	defer full.Stop()
	least := time.NewTimer(minPause)
	defer least.Stop()
	select {
	case <-least.C:
	case <-ctx.Done():
		return
	}
	select {
	case <-now:
	case <-full.C:
	case <-ctx.Done():
	}
}
