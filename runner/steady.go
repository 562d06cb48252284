package runner

import (
	"context"
	"fmt"
	"time"

	"chaosctl/cluster"
)

// Bounds of the steady stage.
const (
	canaryLimit   = 1500 * time.Millisecond // until the canary is acknowledged
	visibleLimit  = time.Second             // until every node shows it
	canaryTimeout = 1200 * time.Millisecond // of one try
)

// steady writes a canary, in a namespace of its own, before the load: it must be acknowledged, and
// every node should show it. A system that refuses it would refuse everything, so the campaign
// ends with the system's own words. One that acknowledges it and does not show it everywhere is
// left to the load, which says more.
func (c *cycle) steady(ctx context.Context) error {
	namespace := fmt.Sprintf("chaos-canary-c%d", c.number)
	limited, cancel := context.WithTimeout(ctx, canaryLimit)
	defer cancel()
	var last cluster.Reply
	acknowledged := poll(limited, func(try int) bool {
		one, cancel := context.WithTimeout(limited, canaryTimeout)
		defer cancel()
		last = c.system.Write(one, c.nodes.Nodes()[0].Config(), cluster.Write{
			Namespace: namespace, Key: fmt.Sprintf("canary-%d", try), Value: "is the system steady?",
		})
		return last.Answer != cluster.Indeterminate
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case last.Answer == cluster.Refused && last.Code != 0:
		return &stopError{Stopped{Reason: CanaryRefused, Message: fmt.Sprintf(
			"the system refused the first write (status %d): %s", last.Code, last.Body)}}
	case !acknowledged || last.Answer != cluster.Acknowledged:
		return c.notReady(fmt.Errorf("the canary write was not acknowledged within %v: %s", canaryLimit, describe(last)))
	}
	c.awaitCanary(ctx, namespace)
	return nil
}

// awaitCanary waits until every node shows the canary, or visibleLimit has passed.
func (c *cycle) awaitCanary(ctx context.Context, namespace string) {
	limited, cancel := context.WithTimeout(ctx, visibleLimit)
	defer cancel()
	for _, n := range c.nodes.Nodes() {
		poll(limited, func(int) bool {
			listing, err := c.system.ReadAll(limited, n.Config(), namespace)
			return err == nil && len(listing.Rows) > 0
		})
	}
}

// describe tells what a reply was.
func describe(r cluster.Reply) string {
	if r.Err != nil {
		return r.Err.Error()
	}
	if r.Body != "" {
		return fmt.Sprintf("status %d: %s", r.Code, r.Body)
	}
	return fmt.Sprintf("status %d", r.Code)
}
