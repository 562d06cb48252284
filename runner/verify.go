package runner

import (
	"context"
	"time"

	"chaosctl/metrics"
)

// countLimit bounds the one reading of an interrupted cycle.
const countLimit = 3 * time.Second

// verify reads every node in full once more, for the verdict.
func (c *cycle) verify(ctx context.Context) error {
	c.observe(ctx, metrics.AtFinal, c.everyNode())
	return nil
}

// countOnce reads the living nodes of a cycle that was interrupted, so that its record says what
// is known.
func (c *cycle) countOnce(ctx context.Context) {
	if c.nodes == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countLimit)
	defer cancel()
	c.observe(ctx, metrics.AtSettleA, c.living())
}

// sample notes what the nodes' processes use.
func (c *cycle) sample(ctx context.Context) {
	for i, n := range c.nodes.Nodes() {
		use := metrics.NodeUse{Node: nodeName(i), PID: n.Process().HostPID()}
		if s, err := n.Sample(ctx); err == nil { // a node that is dead uses nothing
			use.RSSBytes, use.CPUSeconds, use.OpenFiles = s.RSSBytes, s.CPUSeconds, s.OpenFiles
		}
		c.uses = append(c.uses, use)
	}
}
