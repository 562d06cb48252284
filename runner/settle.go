package runner

import (
	"context"
	"fmt"
	"sync"
	"time"

	"chaosctl/cluster"
	"chaosctl/metrics"
)

// readTimeout bounds one full read of one node.
const readTimeout = 10 * time.Second

// settleSurvivors is settle A: it waits until every living node holds every acknowledged write and
// all hold the same, or the limit is reached.
func (c *cycle) settleSurvivors(ctx context.Context) error {
	c.settle(ctx, metrics.AtSettleA, c.living())
	return nil
}

// restartKilled starts killed nodes again on their own data, cut off from the others, and reads
// what their own disks kept; then it lets them back. Where none was killed it does nothing.
func (c *cycle) restartKilled(ctx context.Context) error {
	for _, node := range c.killed() {
		if err := c.network.Isolate(node); err != nil {
			return fmt.Errorf("cut node %d off before its restart: %w", node, err)
		}
		c.undo.push("let the node back", func(context.Context) error { return c.network.Rejoin(node) })
		limited, cancel := context.WithTimeoutCause(ctx, readyLimit, fmt.Errorf("no answer within %v", readyLimit))
		err := c.nodes.Nodes()[node].Start(limited)
		cancel()
		if err != nil {
			return fmt.Errorf("restart node %d on its own data: %w", node, err)
		}
		c.observe(ctx, metrics.AtFirst, []int{node})
		if err := c.network.Rejoin(node); err != nil {
			return fmt.Errorf("let node %d back: %w", node, err)
		}
		c.history.Rejoins = append(c.history.Rejoins, metrics.Rejoin{Node: node, At: c.now()})
	}
	return nil
}

// settleAll is settle B: after a restart, every node.
func (c *cycle) settleAll(ctx context.Context) error {
	if len(c.killed()) > 0 {
		c.settle(ctx, metrics.AtSettleB, c.everyNode())
	}
	return nil
}

// killed lists the nodes that the fault killed.
func (c *cycle) killed() []int {
	var nodes []int
	for _, w := range c.history.Windows {
		if w.Killed {
			nodes = append(nodes, w.Nodes...)
		}
	}
	return nodes
}

// settle reads nodes until they agree and hold what was acknowledged, or the limit is reached. The
// last reading is the stage's; an earlier one is kept where it shows something new.
func (c *cycle) settle(ctx context.Context, stage metrics.Stage, nodes []int) {
	limited, cancel := context.WithTimeout(ctx, c.Campaign.SettleTimeout)
	defer cancel()
	owed := c.owed()
	var last []metrics.Observation
	poll(limited, func(int) bool {
		c.keepPoll(last)
		last = c.read(ctx, metrics.DuringPoll, nodes)
		return agree(last) && holdAll(last, owed)
	})
	for _, o := range last {
		o.Stage = stage
		c.history.Observations = append(c.history.Observations, o)
	}
}

// place is a key in a namespace, as observations name it.
type place struct{ namespace, key string }

// owed lists what every node must hold in the end: what was acknowledged and not asked to be
// deleted.
func (c *cycle) owed() map[place]struct{} {
	owed := map[place]struct{}{}
	for _, op := range c.history.Operations {
		if op.Kind == metrics.Write && op.Outcome == metrics.OK {
			owed[place{op.Namespace, op.Key}] = struct{}{}
		}
	}
	for _, op := range c.history.Operations {
		if op.Kind == metrics.Delete && op.Outcome != metrics.Failed {
			delete(owed, place{op.Namespace, op.Key})
		}
	}
	return owed
}

// keepPoll keeps the readings of a poll that show other rows than the one before, so that a long
// wait costs no memory.
func (c *cycle) keepPoll(poll []metrics.Observation) {
	if c.polled == nil {
		c.polled = map[reader]metrics.Observation{}
	}
	for _, o := range poll {
		of := reader{o.Node, o.Namespace}
		if before, known := c.polled[of]; known && same(before, o) {
			continue
		}
		c.polled[of] = o
		c.history.Observations = append(c.history.Observations, o)
	}
}

// reader is whose reading of what an observation is.
type reader struct {
	node      int
	namespace string
}

// agree reports whether all readings are good and those of one namespace show the same rows.
func agree(readings []metrics.Observation) bool {
	first := map[string]metrics.Observation{}
	for _, o := range readings {
		if !o.Readable() {
			return false
		}
		before, known := first[o.Namespace]
		if known && !same(before, o) {
			return false
		}
		first[o.Namespace] = o
	}
	return len(readings) > 0
}

// same reports whether two readings show the same rows: keys, contents and ids. A node that still
// shows an id which the others have given up has not settled.
func same(a, b metrics.Observation) bool {
	if a.Readable() != b.Readable() || len(a.Rows) != len(b.Rows) {
		return false
	}
	rows := make(map[metrics.Row]struct{}, len(a.Rows))
	for _, r := range a.Rows {
		rows[r] = struct{}{}
	}
	for _, r := range b.Rows {
		if _, ok := rows[r]; !ok {
			return false
		}
	}
	return true
}

// holdAll reports whether readings that agree show all that is owed.
func holdAll(readings []metrics.Observation, owed map[place]struct{}) bool {
	shown := map[place]struct{}{}
	for _, o := range readings {
		for _, r := range o.Rows {
			shown[place{o.Namespace, r.Key}] = struct{}{}
		}
	}
	for p := range owed {
		if _, ok := shown[p]; !ok {
			return false
		}
	}
	return true
}

// observe reads nodes in full and keeps the readings.
func (c *cycle) observe(ctx context.Context, stage metrics.Stage, nodes []int) {
	c.history.Observations = append(c.history.Observations, c.read(ctx, stage, nodes)...)
}

// read reads nodes in full, all at once. A node that cannot be read is unknown, never empty.
func (c *cycle) read(ctx context.Context, stage metrics.Stage, nodes []int) []metrics.Observation {
	spaces := append([]string{c.history.Namespace}, c.history.Others...)
	readings := make([]metrics.Observation, len(nodes)*len(spaces))
	var readers sync.WaitGroup
	for i, node := range nodes {
		readers.Go(func() {
			for j, space := range spaces { // a system under test is to be asked gently
				readings[j*len(nodes)+i] = c.readNode(ctx, stage, node, space)
			}
		})
	}
	readers.Wait()
	return readings
}

func (c *cycle) readNode(ctx context.Context, stage metrics.Stage, node int, space string) metrics.Observation {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	o := metrics.Observation{Node: node, Stage: stage, Began: c.now(), Rows: []metrics.Row{}}
	if space != c.history.Namespace {
		o.Namespace = space
	}
	listing, err := c.system.ReadAll(ctx, c.nodes.Nodes()[node].Config(), space)
	o.Ended, o.Pages, o.PageSize = c.now(), listing.Pages, listing.PageSize
	if err != nil {
		o.Error = err.Error()
		return o
	}
	o.Rows = rows(listing)
	return o
}

func rows(l cluster.Listing) []metrics.Row {
	rows := make([]metrics.Row, len(l.Rows))
	for i, r := range l.Rows {
		rows[i] = metrics.Row{Key: r.Key, ID: r.ID, Hash: metrics.ContentHash(r.Value)}
	}
	return rows
}
