package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"chaosctl/cluster"
	"chaosctl/faults"
	"chaosctl/metrics"
	"chaosctl/metrics/check"
)

// cycle is one try of one cycle: its nodes, its history on one time base, and what must be undone.
type cycle struct {
	*shardRun
	number  int
	attempt int

	base      time.Time // the zero of every offset; its monotonic reading decides
	history   metrics.History
	steps     []step   // the operations
	sendable  int      // operations that are sent to be stored, reads not among them
	decisions []string // every random choice, in the order they were made
	nodes     *cluster.Cluster
	logs      []string
	uses      []metrics.NodeUse
	undo      undoStack
	polled    map[reader]metrics.Observation // the last reading kept of each node while settling
	booted    bool                           // every node was ready once
	stopped   *Stopped
}

func newCycle(r *shardRun, number, attempt int, base time.Time) *cycle {
	c := &cycle{shardRun: r, number: number, attempt: attempt, base: base}
	c.history.Question = c.question()
	c.history.Namespace = fmt.Sprintf("chaos-c%d", number)
	return c
}

// try runs one try of a cycle through its stages. Whatever happens, everything is undone and
// there is a record.
func (r *shardRun) try(ctx context.Context, number, attempt int) ended {
	c := newCycle(r, number, attempt, time.Now())
	c.stages(ctx)
	if ctx.Err() != nil {
		c.history.Interrupted = true
		c.countOnce(ctx)
	}
	c.tearDown(ctx)
	return c.end()
}

// stages runs the stages in order and stops at the first that cannot go on.
func (c *cycle) stages(ctx context.Context) {
	for _, s := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"boot", c.boot},
		{"steady", c.steady},
		{"load", c.load},
		{"settle_a", c.settleSurvivors},
		{"restart", c.restartKilled},
		{"settle_b", c.settleAll},
		{"verify", c.verify},
	} {
		if ctx.Err() != nil {
			return
		}
		c.tell(Message{Progress: &Progress{
			Fault: c.fault.Asked, Cycle: c.number, Stage: s.name, Acked: len(c.history.Acked()),
		}})
		if err := c.timed(s.name, func() error { return s.run(ctx) }); err != nil {
			c.cutShort(ctx, s.name, err)
			return
		}
		switch s.name {
		case "boot":
			c.booted = true
		case "steady":
			c.sound = true
		}
	}
}

// timed runs a stage and notes when it began and ended.
func (c *cycle) timed(name string, run func() error) error {
	began := c.now()
	err := run()
	c.history.Stages = append(c.history.Stages, metrics.StageSpan{Name: name, Began: began, Ended: c.now()})
	return err
}

// cutShort notes why a cycle ended before its last stage, and whether that ends the campaign too.
func (c *cycle) cutShort(ctx context.Context, stage string, err error) {
	var stop *stopError
	switch {
	case errors.As(err, &stop): // it is no error of the harness: the history says what is missing
		c.stopped = &stop.Stopped
		return
	case ctx.Err() != nil:
		return
	}
	c.history.Errors = append(c.history.Errors, fmt.Sprintf("%s: %v", stage, err))
}

// stopError ends a campaign.
type stopError struct{ Stopped }

// Error is the message.
func (s *stopError) Error() string { return s.Message }

// tearDown undoes what is left and notes when that began and ended. It runs on every way out.
func (c *cycle) tearDown(ctx context.Context) {
	err := c.timed("teardown", func() error {
		return errors.Join(c.undo.run(ctx), c.inspect(context.WithoutCancel(ctx)))
	})
	if c.booted { // a node that never was ready broke no promise
		c.noteExits()
	}
	var unhealed *faults.Unhealed
	switch {
	case errors.As(err, &unhealed):
		c.stopped = &Stopped{Reason: HealUnproven, Message: unhealed.Error()}
	case err != nil && c.stopped == nil:
		c.stopped = &Stopped{Reason: HarnessBroken, Message: err.Error()}
	}
	if err != nil {
		c.history.Errors = append(c.history.Errors, fmt.Sprintf("teardown: %v", err))
	}
}

// question is what the cycle's judgement depends on besides its events.
func (c *cycle) question() metrics.Question {
	exercise := c.fault.Spec().Exercise
	q := metrics.Question{
		Nodes:        c.Campaign.Nodes,
		Quorum:       c.Campaign.Quorum,
		Writes:       c.Campaign.Writes,
		Threshold:    c.Campaign.Threshold,
		SettleLimit:  c.Campaign.SettleTimeout,
		Promises:     c.Campaign.Promises,
		NeedMidWrite: exercise.MidWrite,
		Workload:     c.Campaign.Workload,
	}
	if exercise.Contained {
		q.NeedInside = 1 // a slow system has few; the record says how many
	}
	if exercise.Overlap {
		q.NeedOverlap = 1
	}
	return q
}

// facts is what there is to tell of a cycle besides its history.
func (c *cycle) facts() metrics.CycleFacts {
	return metrics.CycleFacts{
		Campaign:      c.Campaign.ID,
		Cycle:         c.number,
		Seed:          canonicalSeed(c.Campaign.Seed),
		StartedAt:     c.base,
		Duration:      c.now(),
		Attempts:      c.attempt,
		Fault:         c.fault.Asked,
		FaultSpec:     c.fault.String(),
		QuorumTimeout: c.Campaign.QuorumTimeout,
		Nodes:         c.uses,
		Decisions:     c.decisions,
	}
}

// judge asks the checkers and writes the record.
func (c *cycle) judge(facts metrics.CycleFacts) metrics.Record {
	verdict, findings := check.Judge(&c.history)
	return metrics.NewRecord(facts, &c.history, verdict, findings)
}

// end makes of a cycle that is over what there is to tell.
func (c *cycle) end() ended {
	facts := c.facts()
	done := ended{record: c.judge(facts)}
	done.retry = unexercised(done.record.Findings) || c.thin(done.record)
	var history bytes.Buffer
	if err := metrics.EncodeHistory(&history, facts, &c.history); err != nil {
		c.broken(fmt.Errorf("write the history: %w", err))
	}
	done.history = history.Bytes()
	if done.record.Verdict != metrics.Pass {
		c.broken(c.keepLogs(c.number, c.logs))
	}
	c.broken(os.RemoveAll(c.workDir(c.number)))
	if done.stopped = c.stopped; c.stopped != nil {
		done.retry = false
		if done.record.HarnessError == nil {
			done.record.HarnessError = &c.stopped.Message
		}
	}
	return done
}

// amplyInside is how many writes that begin and end inside a fault are wanted of a system that is
// quick enough for them.
const amplyInside = 8

// thin reports whether a cycle passed on fewer writes inside its fault than are wanted. That is no
// reason against the pass, and one to try for more.
func (c *cycle) thin(r metrics.Record) bool {
	return r.Verdict == metrics.Pass && c.fault.Spec().Exercise.Contained && r.InsideFault != nil &&
		r.InsideFault.Contained < min(amplyInside, c.Campaign.Concurrency)
}

// broken ends the campaign for an error of the harness itself, unless it ends already.
func (c *cycle) broken(err error) {
	if err != nil && c.stopped == nil {
		c.stopped = &Stopped{Reason: HarnessBroken, Message: err.Error()}
	}
}

// unexercised reports whether nothing was amiss but that the fault met too few writes.
func unexercised(findings []metrics.Finding) bool {
	amiss := false
	for _, f := range findings {
		switch {
		case !f.Gates || f.Verdict == metrics.Pass:
		case f.Checker != check.Exercised{}.Name() || f.Verdict != metrics.Inconclusive:
			return false
		default:
			amiss = true
		}
	}
	return amiss
}

// decide notes a random choice, so that two runs can be compared.
func (c *cycle) decide(what, format string, args ...any) {
	c.decisions = append(c.decisions, what+"="+fmt.Sprintf(format, args...))
}

// now is the time since the cycle began.
func (c *cycle) now() time.Duration { return time.Since(c.base) }

// at places a moment on the cycle's time base.
func (c *cycle) at(t time.Time) time.Duration {
	if t.IsZero() {
		return metrics.Never
	}
	return t.Sub(c.base)
}
