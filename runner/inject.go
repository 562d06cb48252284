package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chaosctl/faults"
	"chaosctl/metrics"
)

// maxOffset bounds how long after its moment a fault strikes.
const maxOffset = 2 * time.Millisecond

// moment is when a fault strikes: when a write, by number, is fully sent, and a little later.
type moment struct {
	sent   int
	offset time.Duration
}

// drawMoment draws a moment between a tenth and six tenths of the load, so that there are writes
// before it and after it.
func (c *cycle) drawMoment() moment {
	r := stream(c.Campaign.Seed, c.fault.String(), c.number, c.attempt, forMoment)
	writes := c.sendable
	first := max(1, writes/10)
	return moment{
		sent:   first + r.IntN(max(1, writes/2)),
		offset: time.Duration(r.Int64N(int64(maxOffset))),
	}
}

// strike waits for the fault's moment, puts it in force for as long as it is to last, and heals
// it. It never holds up a writer.
func (c *cycle) strike(ctx context.Context, t *traffic) error {
	at := c.drawMoment()
	c.decide("moment", "write %d sent + %v", at.sent, at.offset)
	if err := c.awaitMoment(ctx, t, at); err != nil {
		return c.missed(ctx, err)
	}
	began, injection, err := c.inject(ctx, t)
	if err != nil {
		return c.missed(ctx, err)
	}
	c.decide("struck", "nodes %v", injection.Evidence().Nodes)
	heal := func(ctx context.Context) error { return injection.Heal(ctx) }
	c.undo.push("heal "+c.fault.String(), heal)
	hold(ctx, c.lasts())
	err = heal(ctx)
	c.history.Windows = append(c.history.Windows, c.window(began, injection.Evidence()))
	if err != nil {
		return fmt.Errorf("heal %s: %w", c.fault, err) // the teardown tries again
	}
	return nil
}

// lasts is how long the fault of this try is in force: its n-th try holds it n times as long, as a
// system may be too slow for a write to begin and end inside the first (docs/adr/0005).
func (c *cycle) lasts() time.Duration {
	return c.fault.For() * time.Duration(min(c.attempt, 1+maxRetries))
}

func (c *cycle) awaitMoment(ctx context.Context, t *traffic, m moment) error {
	if err := t.awaitSent(ctx, m.sent); err != nil {
		return err
	}
	hold(ctx, m.offset)
	return context.Cause(ctx)
}

// inject injects the fault and tells when the injection that succeeded was called. When the fault
// finds nothing to strike it is tried again with the next write.
func (c *cycle) inject(ctx context.Context, t *traffic) (began time.Duration, i faults.Injection, err error) {
	target := c.target(t)
	for {
		began = c.now()
		i, err = c.fault.Inject(ctx, target)
		var notExercised *faults.NotExercised
		if !errors.As(err, &notExercised) || t.awaitSent(ctx, t.Sent()+1) != nil {
			return began, i, err
		}
	}
}

// missed is what it means that the fault did not strike. When the system is the reason, or the
// moment, it is the history that tells; an undo that failed ends the campaign.
func (c *cycle) missed(ctx context.Context, err error) error {
	var unhealed *faults.Unhealed
	var notExercised *faults.NotExercised
	switch {
	case errors.As(err, &unhealed):
		return &stopError{Stopped{Reason: HealUnproven, Message: unhealed.Error()}}
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errNoStrike), errors.Is(err, faults.ErrNodeGone), errors.As(err, &notExercised):
		c.history.Windows = append(c.history.Windows, metrics.Window{
			ID: c.windowID(), Fault: c.fault.String(), Asked: c.lasts(),
			Began: metrics.Never, Active: metrics.Never, HealBegan: metrics.Never, Healed: metrics.Never,
			Why: err.Error(),
		})
		return nil
	}
	return fmt.Errorf("inject %s: %w", c.fault, err)
}

func (c *cycle) windowID() string { return fmt.Sprintf("f-%04d", c.number) }

// window turns evidence into what a history keeps.
func (c *cycle) window(began time.Duration, e faults.Evidence) metrics.Window {
	return metrics.Window{
		ID:        c.windowID(),
		Fault:     c.fault.String(),
		Nodes:     e.Nodes,
		Killed:    e.Killed,
		Isolated:  e.Isolated,
		Stopped:   e.Stopped,
		Asked:     c.lasts(),
		Began:     began,
		Active:    c.at(e.Active),
		HealBegan: c.at(e.HealBegan),
		Healed:    c.at(e.HealedAt),
		Effective: e.Effective,
		Facts:     e.Facts,
		Why:       e.Why,
	}
}

// hold waits for a duration or the end of ctx.
func hold(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// target is what the fault may touch.
func (c *cycle) target(t *traffic) faults.Target {
	target := faults.Target{
		Network: faultNetwork{c.network},
		Load:    t,
		Rand:    stream(c.Campaign.Seed, c.fault.String(), c.number, c.attempt, forFault),
	}
	for _, n := range c.nodes.Nodes() {
		target.Nodes = append(target.Nodes, faultProcess{n.Process()})
	}
	return target
}
