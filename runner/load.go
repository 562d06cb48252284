package runner

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"chaosctl/cluster"
	"chaosctl/metrics"
)

// load issues the writes, and beside them the fault. It returns when all writes have ended and
// the fault is healed.
func (c *cycle) load(ctx context.Context) error {
	t := c.newTraffic()
	struck := make(chan error, 1)
	go func() { struck <- c.strike(ctx, t) }()
	t.run(ctx)
	err := <-struck
	c.history.Operations = t.operations()
	c.sample(ctx)
	return err
}

// traffic is the load of one cycle: writers, each with one write under way at a time.
type traffic struct {
	c       *cycle
	writers int
	primary atomic.Int32 // the node that writes go to
	taken   atomic.Int32 // writes handed out

	mu         sync.Mutex // protects the rest
	ops        []metrics.Operation
	sent       int
	unanswered map[int]bool  // writes fully sent and not answered, by index
	change     chan struct{} // closed and made anew when sent or unanswered changes
	over       chan struct{} // closed when every write has ended
}

func (c *cycle) newTraffic() *traffic {
	t := &traffic{
		c:          c,
		writers:    min(c.Campaign.Concurrency, c.Campaign.Writes),
		ops:        make([]metrics.Operation, c.Campaign.Writes),
		unanswered: map[int]bool{},
		change:     make(chan struct{}),
		over:       make(chan struct{}),
	}
	values := stream(c.Campaign.Seed, c.fault.String(), c.number, c.attempt, forValues)
	c.values = make(map[string]string, len(t.ops))
	for i := range t.ops {
		key := fmt.Sprintf("c%d-w%d", c.number, i)
		random := make([]byte, 32+values.IntN(64))
		for j := range random {
			random[j] = byte(values.Uint32())
		}
		c.values[key] = strings.Join([]string{c.Campaign.ID, key, hex.EncodeToString(random)}, " ")
		t.ops[i] = metrics.Operation{
			Index: i, Key: key, Hash: metrics.ContentHash(c.values[key]),
			Invoked: metrics.Never, Sent: metrics.Never, Returned: metrics.Never,
		}
	}
	return t
}

// run lets the writers write until nothing is left or ctx ends.
func (t *traffic) run(ctx context.Context) {
	defer close(t.over)
	var writers sync.WaitGroup
	for w := range t.writers {
		writers.Go(func() {
			for ctx.Err() == nil {
				i := int(t.taken.Add(1)) - 1
				if i >= len(t.ops) {
					return
				}
				t.write(ctx, w, i)
			}
		})
	}
	writers.Wait()
}

// write issues one write, once: one whose fate is unknown is never sent again. When the node gives
// no answer at all, the writers go on at the next.
func (t *traffic) write(ctx context.Context, writer, index int) {
	node := t.primary.Load()
	t.mu.Lock()
	op := &t.ops[index]
	op.Process, op.Node, op.Invoked = writer, int(node), t.c.now()
	t.mu.Unlock()
	reply := t.c.system.Write(ctx, t.c.nodes.Nodes()[node].Config(), cluster.Write{
		Namespace: t.c.history.Namespace,
		Key:       op.Key,
		Value:     t.c.values[op.Key],
		Sent:      func() { t.noteSent(index) },
	})
	t.noteReply(index, reply)
	if reply.Code == 0 {
		t.primary.CompareAndSwap(node, (node+1)%int32(t.c.Campaign.Nodes))
	}
}

// noteSent notes that a write is fully sent, unless it has already ended.
func (t *traffic) noteSent(index int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	op := &t.ops[index]
	if op.Sent != metrics.Never || op.Returned != metrics.Never {
		return
	}
	op.Sent = t.c.now()
	t.sent++
	t.unanswered[index] = true
	t.changed()
}

func (t *traffic) noteReply(index int, r cluster.Reply) {
	t.mu.Lock()
	defer t.mu.Unlock()
	op := &t.ops[index]
	op.Returned = t.c.now()
	op.Outcome = outcome(r.Answer)
	op.Code, op.ID, op.Acks = r.Code, r.ID, r.Acks
	switch {
	case r.Err != nil:
		op.Error = r.Err.Error()
	case r.Answer == cluster.Refused:
		op.Error = r.Body
	}
	delete(t.unanswered, index)
	t.changed()
}

// changed wakes those who wait for sent or unanswered to change; mu is held.
func (t *traffic) changed() {
	close(t.change)
	t.change = make(chan struct{})
}

// outcome is what an answer means to a history.
func outcome(a cluster.Answer) metrics.Outcome {
	switch a {
	case cluster.Acknowledged:
		return metrics.OK
	case cluster.Refused:
		return metrics.Failed
	default:
		return metrics.Unknown
	}
}

// awaitSent waits until n writes are fully sent. It returns errNoStrike when the load is over
// before.
func (t *traffic) awaitSent(ctx context.Context, n int) error {
	for {
		t.mu.Lock()
		sent, change := t.sent, t.change
		t.mu.Unlock()
		if sent >= n {
			return nil
		}
		select {
		case <-change:
		case <-t.over:
			return errNoStrike
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Sent counts the writes that are fully sent.
func (t *traffic) Sent() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent
}

// Unanswered counts the writes that are fully sent and not answered.
func (t *traffic) Unanswered() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.unanswered)
}

// quiet is how long no answer may have come for those that had arrived to count as read. What
// is read too late only makes a cycle count as not exercised.
const quiet = 10 * time.Millisecond

// Drained returns the number of unanswered writes once no answer came for a while.
func (t *traffic) Drained(ctx context.Context) (int, error) {
	for {
		t.mu.Lock()
		unanswered, change := len(t.unanswered), t.change
		t.mu.Unlock()
		timer := time.NewTimer(quiet)
		select {
		case <-change:
			timer.Stop()
		case <-timer.C:
			return unanswered, nil
		case <-ctx.Done():
			timer.Stop()
			return unanswered, context.Cause(ctx)
		}
	}
}

// operations returns the writes that were begun, in the order of their index.
func (t *traffic) operations() []metrics.Operation {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.ops), func(op metrics.Operation) bool {
		return op.Invoked == metrics.Never
	})
}
