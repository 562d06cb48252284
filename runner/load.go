package runner

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"chaosctl/cluster"
	"chaosctl/metrics"
)

// load issues the operations, and beside them the fault. It returns when all have ended and the
// fault is healed.
func (c *cycle) load(ctx context.Context) error {
	t := c.newTraffic(c.steps)
	struck := make(chan error, 1)
	go func() { struck <- c.strike(ctx, t) }()
	t.run(ctx)
	err := <-struck
	c.history.Operations = t.operations()
	c.history.Observations = append(c.history.Observations, t.readings...)
	c.sample(ctx)
	return err
}

// plan decides the operations of the cycle.
func (c *cycle) plan() []step {
	workload, _ := findWorkload(c.Campaign.Workload) // validated
	p := &planner{
		campaign: c.Campaign,
		cycle:    c.number,
		writers:  c.writers(),
		random:   stream(c.Campaign.Seed, c.fault.String(), c.number, c.attempt, forValues),
		main:     c.history.Namespace,
		others:   []string{c.history.Namespace + "-b"},
	}
	steps := workload.plan(p)
	for _, s := range steps {
		if s.namespace != p.main && !slices.Contains(c.history.Others, s.namespace) {
			c.history.Others = append(c.history.Others, s.namespace)
		}
	}
	c.sendable = len(steps)
	for _, s := range steps {
		if s.kind == metrics.Read {
			c.sendable--
		}
	}
	c.decide("operations", "%s", digest(steps))
	return steps
}

// digest names a plan in a few characters.
func digest(steps []step) string {
	text := ""
	for _, s := range steps {
		text += fmt.Sprintf("%v %s %s %s %d %d\n", s.kind, s.namespace, s.key, s.value, s.node, s.of)
	}
	return metrics.ContentHash(text)
}

// writers is how many clients a closed loop has.
func (c *cycle) writers() int { return min(c.Campaign.Concurrency, c.Campaign.Writes) }

// traffic is the load of one cycle.
type traffic struct {
	c       *cycle
	steps   []step
	primary atomic.Int32 // the node that writes go to

	mu         sync.Mutex // protects the rest
	ops        []metrics.Operation
	readings   []metrics.Observation // of all rows of a node, by clients
	sent       int                   // writes and deletes fully sent
	unanswered map[int]bool          // of them, those not answered, by index
	change     chan struct{}         // closed and made anew when sent or unanswered changes
	over       chan struct{}         // closed when every operation has ended
}

func (c *cycle) newTraffic(steps []step) *traffic {
	t := &traffic{
		c:          c,
		steps:      steps,
		ops:        make([]metrics.Operation, len(steps)),
		unanswered: map[int]bool{},
		change:     make(chan struct{}),
		over:       make(chan struct{}),
	}
	for i, s := range steps {
		t.ops[i] = metrics.Operation{
			Index: i, Kind: s.kind, Key: s.key,
			Invoked: metrics.Never, Sent: metrics.Never, Returned: metrics.Never,
		}
		if s.kind == metrics.Write {
			t.ops[i].Hash = metrics.ContentHash(s.value)
		}
		if s.namespace != c.history.Namespace {
			t.ops[i].Namespace = s.namespace
		}
	}
	return t
}

// run issues all operations, or those that can be begun before ctx ends.
func (t *traffic) run(ctx context.Context) {
	defer close(t.over)
	if t.c.Campaign.Rate > 0 {
		t.openLoop(ctx)
		return
	}
	writers := t.c.writers()
	var clients sync.WaitGroup
	for w := range writers {
		clients.Go(func() {
			for i := w; i < len(t.steps) && ctx.Err() == nil; i += writers {
				t.perform(ctx, w, i)
			}
		})
	}
	clients.Wait()
}

// openLoop begins operations at scheduled times, whatever became of those before, so that a stall
// is felt by all that were to begin in it. Each has a client of its own.
func (t *traffic) openLoop(ctx context.Context) {
	began, between := t.c.now(), time.Duration(float64(time.Second)/t.c.Campaign.Rate)
	var clients sync.WaitGroup
	for i := range t.steps {
		due := began + time.Duration(i)*between
		hold(ctx, due-t.c.now())
		if ctx.Err() != nil {
			break
		}
		t.mu.Lock()
		t.ops[i].Scheduled = due
		t.mu.Unlock()
		clients.Go(func() { t.perform(ctx, i, i) })
	}
	clients.Wait()
}

// perform does one step, once: an operation whose fate is unknown is never sent again.
func (t *traffic) perform(ctx context.Context, client, index int) {
	s := t.steps[index]
	node := int32(s.node)
	if s.node == primary {
		node = t.primary.Load()
	}
	id := t.begin(client, index, int(node))
	config := t.c.nodes.Nodes()[node].Config()
	sent := func() { t.noteSent(index) }
	var reply cluster.Reply
	switch s.kind {
	case metrics.Read:
		t.read(ctx, index, int(node))
		return
	case metrics.Delete:
		reply = t.c.deleter.Delete(ctx, config, cluster.Deletion{ID: id, Sent: sent})
	default:
		reply = t.c.system.Write(ctx, config, cluster.Write{
			Namespace: s.namespace, Key: s.key, Value: s.value, Sent: sent,
		})
	}
	t.noteReply(index, reply)
	if reply.Code == 0 { // no answer at all: the writers go on at the next node
		t.primary.CompareAndSwap(node, (node+1)%int32(t.c.Campaign.Nodes))
	}
}

// begin notes that an operation begins, and for a delete returns the id of its row. A delete
// whose row's id is not known becomes the write that stands in for it.
func (t *traffic) begin(client, index, node int) (id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	op := &t.ops[index]
	if op.Kind == metrics.Delete {
		of := t.ops[t.steps[index].of]
		if id = of.ID; of.Outcome == metrics.OK && id != "" {
			op.Key = of.Key
		} else {
			t.steps[index].kind, op.Kind = metrics.Write, metrics.Write
			op.Hash = metrics.ContentHash(t.steps[index].value)
		}
	}
	op.Process, op.Node, op.Invoked = client, node, t.c.now()
	return id
}

// read reads all rows of a node and tells what it saw under one key.
func (t *traffic) read(ctx context.Context, index, node int) {
	o := t.c.readNode(ctx, metrics.DuringLoad, node, t.steps[index].namespace)
	t.mu.Lock()
	defer t.mu.Unlock()
	op := &t.ops[index]
	op.Returned, op.Outcome = t.c.now(), metrics.OK
	if !o.Readable() {
		op.Outcome, op.Error = metrics.Failed, o.Error // a read that failed has changed nothing
	}
	for _, r := range o.Rows {
		if r.Key == op.Key {
			op.Hash, op.ID = r.Hash, r.ID
		}
	}
	t.readings = append(t.readings, o)
}

// noteSent notes that a write or delete is fully sent, unless it has already ended.
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

// operations returns the operations that were begun, in the order of their index.
func (t *traffic) operations() []metrics.Operation {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.ops), func(op metrics.Operation) bool {
		return op.Invoked == metrics.Never
	})
}
