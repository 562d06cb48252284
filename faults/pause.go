package faults

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

const pauseName = "pause"

// pause stops one node's process and continues it later. Connections stay open meanwhile: the
// node neither answers nor refuses.
type pause struct {
	node     nodeChoice
	duration time.Duration
}

var _ Fault = pause{}

func newPause(p *parameters) Fault {
	return pause{node: p.nodeChoice("node"), duration: p.inForce("for")}
}

// String prints the fault as Parse reads it.
func (p pause) String() string { return format(p.Spec(), p.node, p.duration) }

// Spec describes pause.
func (pause) Spec() Spec {
	return Spec{
		Name:    pauseName,
		Aliases: []string{"drop_random_acks"},
		Summary: "stop one node's process (SIGSTOP) and continue it later (SIGCONT)",
		Params: []Param{
			{
				Name:    "node",
				Default: "peer",
				Range:   "peer, primary, or a node's number from 0 to 63",
				Help:    "which node; peer is drawn from the seed among all but the primary",
			},
			{
				Name:    "for",
				Default: "500ms",
				Range:   "a duration from 1ms to 10m",
				Help:    "how long the node stays stopped",
			},
		},
		ConflictKey: "process",
		Exercise:    Exercise{Overlap: true},
	}
}

// Preflight returns nil: a process may always stop what it started.
func (pause) Preflight(context.Context, Host) error { return nil }

// For is how long the node stays stopped.
func (p pause) For() time.Duration { return p.duration }

// Fits returns a *BadParameter when a cluster of that many nodes lacks the node to stop.
func (p pause) Fits(nodes int) error {
	if p.node < nodeChoice(nodes) && (p.node != anyPeer || nodes > 1) {
		return nil
	}
	return badValue(pauseName, p.Spec().Params[0], p.node.String(), fmt.Sprintf("is not in a cluster of %d", nodes))
}

// Inject stops the node and returns when all its threads were seen stopped.
func (p pause) Inject(ctx context.Context, t Target) (Injection, error) {
	if err := p.Fits(len(t.Nodes)); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("fault %s: %w", pauseName, context.Cause(ctx))
	}
	node := int(p.node)
	if p.node == anyPeer {
		if t.Rand == nil {
			return nil, fmt.Errorf("fault %s: the target has no random stream to draw a peer from", pauseName)
		}
		node = 1 + t.Rand.IntN(len(t.Nodes)-1)
	}
	process := t.Nodes[node]
	threads, err := stop(ctx, pauseName, node, process)
	if err != nil {
		return nil, err
	}
	return &paused{node: node, process: process, ledger: ledger{observed: Evidence{
		Effective: true,
		Nodes:     []int{node},
		Active:    time.Now(),
		Facts: map[string]int64{
			"pid":             int64(process.PID()),
			"signal":          int64(syscall.SIGSTOP),
			"threads_stopped": int64(threads),
		},
	}}}, nil
}

// paused is a node that is stopped.
type paused struct {
	ledger
	node    int
	process Process
	looked  bool // the threads were read again before SIGCONT; guarded by healing
}

// Heal continues the node and returns nil when no thread was seen stopped any more, or when the
// node has ended meanwhile; Evidence tells which.
func (p *paused) Heal(ctx context.Context) error {
	p.healing.Lock()
	defer p.healing.Unlock()
	if !p.healBegins() {
		return nil
	}
	if !p.looked {
		p.looked = true
		p.lookAgain()
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	switch err := resume(ctx, p.process); {
	case errors.Is(err, ErrNodeGone):
		p.note(func(e *Evidence) { e.Facts["exited"] = 1 })
	case err != nil:
		return p.unhealed(stillStopped(pauseName, p.node, p.process, err))
	}
	p.healed()
	return nil
}

// lookAgain reads the threads just before the node is continued: only a node that was still
// stopped then had been stopped all the time.
func (p *paused) lookAgain() {
	states, err := p.process.ThreadStates()
	why := ""
	switch {
	case exited(p.process):
		why = fmt.Sprintf("node %d ended while it was stopped", p.node)
	case err != nil:
		why = fmt.Sprintf("node %d could not be read before it was continued: %v", p.node, err)
	case !allStopped(states):
		why = fmt.Sprintf("node %d ran again before it was continued: thread states %q", p.node, states)
	}
	p.note(func(e *Evidence) {
		e.Effective, e.Why = why == "", why
		if why == "" {
			e.Facts["threads_stopped_at_heal"] = int64(len(states))
			e.Stopped = []int{p.node}
		}
	})
}
