package runner

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"chaosctl/metrics"
)

// Run runs a campaign: its shards, Parallel at a time, each started by the launcher. Every record
// goes to the sink as it arrives, and from nowhere else; observe is told of every message, one at
// a time. Closing stop ends the campaign in good order: what is in force is healed and the cycles
// under way get their records. The end of ctx ends it at once. The error is the sink's or the
// launcher's; what the system under test did is in the Result.
func Run(
	ctx context.Context, c Campaign, l Launcher, sink Sink, observe func(Message), stop <-chan struct{},
) (Result, error) {
	if err := c.Validate(); err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{
		campaign: c, launcher: l, sink: sink, observe: observe,
		started: time.Now(), records: slices.Clone(c.Done), stop: make(chan struct{}), messages: make(chan delivery),
		test: c.sequential(),
	}
	r.decide()
	if c.CanaryLoss {
		if err := r.plant(ctx, stop); err != nil {
			return Result{}, err
		}
	}
	var workers sync.WaitGroup
	pending := make(chan Shard)
	for range c.Parallel {
		workers.Go(func() {
			for s := range pending {
				r.work(ctx, s)
			}
		})
	}
	workers.Go(func() { r.handOut(pending) })
	go func() { workers.Wait(); close(r.messages) }()
	err := r.collect(stop, cancel)
	if err == nil {
		err = context.Cause(ctx)
	}
	return Result{Summary: r.summary(), Stopped: r.stopped}, err
}

// run is a campaign under way. All fields but the channels belong to the collecting goroutine.
type run struct {
	campaign Campaign
	launcher Launcher
	sink     Sink
	observe  func(Message)
	started  time.Time

	stop     chan struct{} // closed when no further cycle is to begin
	messages chan delivery

	records []metrics.Record
	planted *metrics.PlantedLoss
	test    *metrics.SequentialRun // nil without --stop-when
	stopped *Stopped
}

// plant has a loss planted, and keeps whether it was reported.
func (r *run) plant(ctx context.Context, stop <-chan struct{}) error {
	s := Shard{Campaign: r.campaign, Dir: r.campaign.Dir, Index: plantedShard, Fault: r.campaign.Faults[0], Planted: true}
	messages, err := r.launcher.Launch(ctx, s, stop)
	if err != nil {
		return err
	}
	r.planted = &metrics.PlantedLoss{Why: "its shard ended without a word"}
	for m := range messages {
		switch {
		case m.Planted != nil:
			r.planted = m.Planted
		case m.Died != "":
			r.planted.Why = m.Died
		}
		r.observe(m)
	}
	return nil
}

// plantedShard is the index of the shard in which a loss is planted.
const plantedShard = -1

// delivery is a message on its way to the collector.
type delivery struct {
	Message
	err error // the launcher could not start a shard
}

// handOut gives shards to the workers until there is none left or the campaign is to stop.
func (r *run) handOut(pending chan<- Shard) {
	defer close(pending)
	for _, s := range r.campaign.shards() {
		select {
		case pending <- s:
		case <-r.stop:
			return
		}
	}
}

// work runs one shard to its end. A shard that died leaves a line for the cycle it was in, and
// its other cycles to a new one; each costs a cycle at least, so this ends.
func (r *run) work(ctx context.Context, s Shard) {
	for s.First <= s.Last && !r.stopping() && ctx.Err() == nil {
		messages, err := r.launcher.Launch(ctx, s, r.stop)
		if err != nil {
			r.messages <- delivery{err: err}
			return
		}
		begun, ended, died := time.Now(), s.First-1, ""
		for m := range messages {
			switch {
			case m.Record != nil:
				ended = m.Record.Cycle
			case m.Stopped != nil:
				ended = s.Last
			case m.Died != "":
				died = m.Died
			}
			r.messages <- delivery{Message: m}
		}
		if ended >= s.Last || r.stopping() && died == "" {
			return
		}
		lost, err := lostCycle(s, ended+1, begun, died)
		r.messages <- delivery{Message: Message{Record: &lost}, err: err}
		s.First = ended + 2
	}
}

func (r *run) stopping() bool {
	select {
	case <-r.stop:
		return true
	default:
		return false
	}
}

// collect takes what the shards tell until all have ended, and stops them when there is reason.
func (r *run) collect(stop <-chan struct{}, cancel context.CancelCauseFunc) error {
	var failed error
	for {
		select {
		case <-stop:
			stop = nil
			r.end(&Stopped{Reason: Interrupted, Message: "the campaign was interrupted"})
		case d, ok := <-r.messages:
			if !ok {
				return failed
			}
			if err := r.take(d); err != nil && failed == nil {
				failed = err
				r.end(&Stopped{Reason: HarnessBroken, Message: err.Error()})
				cancel(err)
			}
		}
	}
}

func (r *run) take(d delivery) error {
	if d.err != nil {
		return d.err
	}
	if d.Record != nil && r.needless(*d.Record) {
		return nil
	}
	if d.Record != nil {
		if k, ok := r.sink.(Keeper); ok && len(d.History) > 0 {
			if err := k.Keep(*d.Record, d.History); err != nil {
				return err
			}
		}
		if err := r.sink.Append(*d.Record); err != nil {
			return fmt.Errorf("keep the record of cycle %d: %w", d.Record.Cycle, err)
		}
		r.records = append(r.records, *d.Record)
		if r.campaign.FailFast && d.Record.Verdict == metrics.Fail {
			r.end(&Stopped{Reason: FailedFast, Message: fmt.Sprintf("cycle %d failed", d.Record.Cycle)})
		}
		if r.test != nil {
			r.test.Add(*d.Record)
			r.decide()
		}
	}
	if d.Stopped != nil {
		r.end(d.Stopped)
	}
	r.observe(d.Message)
	return nil
}

// end stops the campaign; of several reasons the gravest is kept: a heal that is unproven, else
// the first.
func (r *run) end(why *Stopped) {
	if r.stopped == nil {
		close(r.stop)
		r.stopped = why
		return
	}
	if why.Reason == HealUnproven {
		r.stopped = why
	}
}

func (r *run) summary() metrics.Summary {
	stopped, planned := "", r.campaign.Cycles*len(r.campaign.Faults)
	switch {
	case r.enough():
		planned = len(r.records)
	case r.stopped != nil:
		stopped = r.stopped.Message
	}
	return metrics.Summarize(metrics.CampaignFacts{
		Stopped:   stopped,
		Planted:   r.planted,
		ID:        r.campaign.ID,
		StartedAt: r.started,
		EndedAt:   time.Now(),
		Decision:  r.decision(),
		Planned:   planned,
		Faults:    r.campaign.Faults,
		Config:    r.campaign,
	}, r.records)
}
