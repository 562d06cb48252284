package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"chaosctl/cluster"
	"chaosctl/metrics"
	"chaosctl/metrics/check"
)

// plantedCycle is the number of the cycle in which a loss is planted: none of the campaign's own.
const plantedCycle = 0

// planted runs a cycle without a fault, removes one acknowledged row from the node that
// acknowledged it, behind the system's back and with the node cut off so that no peer can bring it
// back, and tells whether the checkers reported it. A judgement that misses this would miss a loss.
func (r *shardRun) planted(ctx context.Context) metrics.PlantedLoss {
	c := newCycle(r, plantedCycle, 1, time.Now())
	c.history.Question.NeedMidWrite, c.history.Question.NeedInside, c.history.Question.NeedOverlap = false, 0, 0
	key, err := c.plantLoss(ctx)
	c.tearDown(ctx)
	err = errors.Join(err, os.RemoveAll(r.workDir(plantedCycle)))
	if err != nil {
		return metrics.PlantedLoss{Key: key, Why: err.Error()}
	}
	_, findings := check.Judge(&c.history)
	p := metrics.PlantedLoss{Key: key, Checkers: []string{}}
	for _, f := range findings {
		if f.Verdict == metrics.Fail && slices.Contains(f.Keys, key) {
			p.Checkers = append(p.Checkers, f.Checker)
		}
	}
	p.Reported = len(p.Checkers) > 0
	if !p.Reported {
		p.Why = fmt.Sprintf("write %s was removed from node 0, which had acknowledged it, and no checker reported it", key)
	}
	return p
}

// plantLoss goes through the stages and returns the key of the row that it removed.
func (c *cycle) plantLoss(ctx context.Context) (key string, err error) {
	inspector, ok := c.system.(cluster.Inspector)
	if !ok {
		return "", fmt.Errorf("a loss cannot be planted: %w", cluster.ErrNoStore)
	}
	for _, stage := range []func(context.Context) error{c.boot, c.steady} {
		if err := stage(ctx); err != nil {
			return "", err
		}
	}
	t := c.newTraffic(c.steps)
	t.run(ctx)
	c.history.Operations = t.operations()
	c.settle(ctx, metrics.AtSettleA, c.everyNode())
	if key = c.ackedBy(0); key == "" {
		return "", errors.New("a loss cannot be planted: node 0 acknowledged nothing")
	}
	return key, errors.Join(c.removeRow(ctx, inspector, key), ctx.Err())
}

// ackedBy returns the key of a write that a node acknowledged; empty when there is none.
func (c *cycle) ackedBy(node int) string {
	for _, op := range c.history.Acked() {
		if op.Node == node && op.Kind == metrics.Write && op.Namespace == "" {
			return op.Key
		}
	}
	return ""
}

// removeRow stops node 0, removes a row from its data, and starts it again cut off from the others.
func (c *cycle) removeRow(ctx context.Context, inspector cluster.Inspector, key string) error {
	node := c.nodes.Nodes()[0]
	began := c.now()
	if err := node.Kill(ctx); err != nil {
		return err
	}
	ended := c.now()
	if err := inspector.Remove(ctx, node.Config(), c.history.Namespace, key); err != nil {
		return fmt.Errorf("plant a loss: %w", err)
	}
	c.history.Windows = append(c.history.Windows, metrics.Window{
		ID: "f-planted", Fault: "planted_loss", Nodes: []int{0}, Killed: true, Effective: true,
		Began: began, Active: ended, HealBegan: ended, Healed: ended, Facts: map[string]int64{"rows_removed": 1},
	})
	if err := c.network.Isolate(0); err != nil {
		return err
	}
	c.undo.push("let the node back", func(context.Context) error { return c.network.Rejoin(0) })
	limited, cancel := context.WithTimeoutCause(ctx, readyLimit, fmt.Errorf("no answer within %v", readyLimit))
	defer cancel()
	if err := node.Start(limited); err != nil {
		return err
	}
	c.observe(ctx, metrics.AtFirst, []int{0})
	return c.verify(ctx)
}
