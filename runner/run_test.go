package runner_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/metrics"
	"chaosctl/runner"
)

// campaign returns a sound campaign.
func campaign(change func(*runner.Campaign)) runner.Campaign {
	c := runner.Campaign{
		ID: "test", Faults: []string{"kill_primary_mid_write"}, First: 1, Cycles: 4, Writes: 100, Concurrency: 8, Parallel: 1,
		Seed: "5f3a", Binary: "/bin/true", Nodes: 3, FirstPort: 19077, Quorum: 2,
		QuorumTimeout: runner.DefaultQuorumTimeout, SettleTimeout: runner.DefaultSettleTimeout,
		Threshold: runner.DefaultThreshold, Dir: "/tmp/none",
	}
	if change != nil {
		change(&c)
	}
	return c
}

// scripted is a launcher whose shards do what a function says.
type scripted struct {
	script func(ctx context.Context, s runner.Shard, stop <-chan struct{}, tell func(runner.Message))

	mu       sync.Mutex // protects the rest
	launched []string
	err      error
}

func (l *scripted) Launch(ctx context.Context, s runner.Shard, stop <-chan struct{}) (<-chan runner.Message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.launched = append(l.launched, fmt.Sprintf("%s %d-%d", s.Fault, s.First, s.Last))
	if l.err != nil {
		return nil, l.err
	}
	messages := make(chan runner.Message)
	go func() {
		defer close(messages)
		l.script(ctx, s, stop, func(m runner.Message) { messages <- m })
	}()
	return messages, nil
}

// record is a cycle's line with a verdict.
func record(s runner.Shard, cycle int, v metrics.Verdict) runner.Message {
	return runner.Message{Record: &metrics.Record{Cycle: cycle, Fault: s.Fault, OK: 1, Verdict: v}}
}

// passAll ends every cycle of a shard with a pass.
func passAll(_ context.Context, s runner.Shard, _ <-chan struct{}, tell func(runner.Message)) {
	for cycle := s.First; cycle <= s.Last; cycle++ {
		tell(record(s, cycle, metrics.Pass))
	}
}

// kept is a sink that remembers.
type kept struct {
	lines []string
	err   error
}

func (k *kept) Append(r metrics.Record) error {
	if k.err != nil {
		return k.err
	}
	k.lines = append(k.lines, fmt.Sprintf("%s %d %v", r.Fault, r.Cycle, r.Verdict))
	return nil
}

func ignore(runner.Message) {}

func TestRunSplitsCyclesIntoShards(t *testing.T) {
	for _, test := range []struct {
		cycles, parallel int
		want             []string
	}{
		{4, 1, []string{"pause 1-4"}},
		{5, 2, []string{"pause 1-3", "pause 4-5"}},
		{2, 4, []string{"pause 1-1", "pause 2-2"}},
		{120, 1, []string{"pause 1-50", "pause 51-100", "pause 101-120"}},
	} {
		launcher, sink := &scripted{script: passAll}, &kept{}
		c := campaign(func(c *runner.Campaign) {
			c.Faults, c.Cycles, c.Parallel = []string{"pause"}, test.cycles, test.parallel
		})
		result, err := runner.Run(t.Context(), c, launcher, sink, ignore, nil)
		if err != nil || result.Stopped != nil {
			t.Fatalf("run: %v, stopped %+v", err, result.Stopped)
		}
		slices.Sort(launcher.launched)
		slices.Sort(test.want)
		if d := cmp.Diff(test.want, launcher.launched); d != "" {
			t.Errorf("%d cycles, %d at a time (-want +got):\n%s", test.cycles, test.parallel, d)
		}
		if len(sink.lines) != test.cycles {
			t.Errorf("%d lines for %d cycles", len(sink.lines), test.cycles)
		}
	}
}

// A shard that dies leaves a line for the cycle it was in, and the others to a new one.
func TestRunOfAShardThatDies(t *testing.T) {
	launcher, sink := &scripted{}, &kept{}
	launcher.script = func(ctx context.Context, s runner.Shard, _ <-chan struct{}, tell func(runner.Message)) {
		if s.First > 1 {
			passAll(ctx, s, nil, tell)
			return
		}
		tell(record(s, 1, metrics.Pass))
		tell(runner.Message{Progress: &runner.Progress{Cycle: 2}})
		tell(runner.Message{Died: "the shard died: signal: killed"})
	}
	result, err := runner.Run(t.Context(), campaign(nil), launcher, sink, ignore, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"kill_primary_mid_write 1 pass", "kill_primary_mid_write 2 error",
		"kill_primary_mid_write 3 pass", "kill_primary_mid_write 4 pass",
	}
	if d := cmp.Diff(want, sink.lines); d != "" {
		t.Errorf("lines (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"kill_primary_mid_write 1-4", "kill_primary_mid_write 3-4"}, launcher.launched); d != "" {
		t.Errorf("launched (-want +got):\n%s", d)
	}
	if result.Summary.Verdict != metrics.Error {
		t.Errorf("verdict %v, want error", result.Summary.Verdict)
	}
}

// A shard that only ends, without a word, is a shard that died.
func TestRunOfAShardThatEndsEarly(t *testing.T) {
	launcher, sink := &scripted{}, &kept{}
	launcher.script = func(context.Context, runner.Shard, <-chan struct{}, func(runner.Message)) {}
	if _, err := runner.Run(t.Context(), campaign(nil), launcher, sink, ignore, nil); err != nil {
		t.Fatal(err)
	}
	if len(sink.lines) != 4 || len(launcher.launched) != 4 {
		t.Errorf("%d lines, %d shards, want 4 of each", len(sink.lines), len(launcher.launched))
	}
}

func TestRunStopsWhenAShardSaysSo(t *testing.T) {
	launcher, sink := &scripted{}, &kept{}
	launcher.script = func(_ context.Context, s runner.Shard, _ <-chan struct{}, tell func(runner.Message)) {
		tell(record(s, s.First, metrics.Inconclusive))
		tell(runner.Message{Stopped: &runner.Stopped{Reason: runner.CanaryRefused, Message: "no"}})
	}
	c := campaign(func(c *runner.Campaign) { c.Faults = []string{"pause", "partition"} })
	result, err := runner.Run(t.Context(), c, launcher, sink, ignore, nil)
	if err != nil {
		t.Fatal(err)
	}
	if result.Stopped == nil || result.Stopped.Reason != runner.CanaryRefused {
		t.Errorf("stopped: %+v", result.Stopped)
	}
	if len(launcher.launched) > 2 || result.Summary.Verdict != metrics.Inconclusive {
		t.Errorf("launched %v, verdict %v", launcher.launched, result.Summary.Verdict)
	}
}

func TestRunInterrupted(t *testing.T) {
	stop := make(chan struct{})
	launcher, sink := &scripted{}, &kept{}
	launcher.script = func(_ context.Context, s runner.Shard, stopShard <-chan struct{}, tell func(runner.Message)) {
		tell(record(s, 1, metrics.Pass))
		close(stop)
		<-stopShard
		tell(runner.Message{Record: &metrics.Record{Cycle: 2, Fault: s.Fault, Interrupted: true}})
		tell(runner.Message{Stopped: &runner.Stopped{Reason: runner.Interrupted}})
	}
	result, err := runner.Run(t.Context(), campaign(nil), launcher, sink, ignore, stop)
	if err != nil {
		t.Fatal(err)
	}
	if result.Stopped == nil || result.Stopped.Reason != runner.Interrupted || result.Summary.Verdict == metrics.Pass {
		t.Errorf("stopped %+v, verdict %v", result.Stopped, result.Summary.Verdict)
	}
	if len(sink.lines) != 2 {
		t.Errorf("lines: %v", sink.lines)
	}
}

func TestRunAbandoned(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	launcher := &scripted{}
	launcher.script = func(ctx context.Context, _ runner.Shard, _ <-chan struct{}, _ func(runner.Message)) {
		cancel()
		<-ctx.Done()
	}
	if _, err := runner.Run(ctx, campaign(nil), launcher, &kept{}, ignore, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestRunFailsFast(t *testing.T) {
	launcher, sink := &scripted{}, &kept{}
	launcher.script = func(_ context.Context, s runner.Shard, stop <-chan struct{}, tell func(runner.Message)) {
		tell(record(s, 1, metrics.Fail))
		<-stop
		tell(runner.Message{Stopped: &runner.Stopped{Reason: runner.Interrupted}})
	}
	c := campaign(func(c *runner.Campaign) { c.FailFast = true })
	result, err := runner.Run(t.Context(), c, launcher, sink, ignore, nil)
	if err != nil {
		t.Fatal(err)
	}
	if result.Stopped == nil || result.Stopped.Reason != runner.FailedFast || result.Summary.Verdict != metrics.Fail {
		t.Errorf("stopped %+v, verdict %v", result.Stopped, result.Summary.Verdict)
	}
}

func TestRunWhoseSinkIsFull(t *testing.T) {
	full := errors.New("no space left")
	launcher := &scripted{script: passAll}
	_, err := runner.Run(t.Context(), campaign(nil), launcher, &kept{err: full}, ignore, nil)
	if !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
}

func TestRunWhoseLauncherCannot(t *testing.T) {
	refused := errors.New("fork refused")
	launcher := &scripted{script: passAll, err: refused}
	if _, err := runner.Run(t.Context(), campaign(nil), launcher, &kept{}, ignore, nil); !errors.Is(err, refused) {
		t.Errorf("got %v, want %v", err, refused)
	}
}

// A heal that is unproven is the reason that is told, whatever came before.
func TestRunKeepsTheGravestReason(t *testing.T) {
	launcher, sink := &scripted{}, &kept{}
	launcher.script = func(_ context.Context, s runner.Shard, stop <-chan struct{}, tell func(runner.Message)) {
		if s.First > 1 {
			<-stop
			tell(runner.Message{Stopped: &runner.Stopped{Reason: runner.HealUnproven}})
			return
		}
		tell(runner.Message{Stopped: &runner.Stopped{Reason: runner.NotReady}})
	}
	c := campaign(func(c *runner.Campaign) { c.Parallel = 2 })
	result, err := runner.Run(t.Context(), c, launcher, sink, ignore, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(launcher.launched) == 2 && result.Stopped.Reason != runner.HealUnproven {
		t.Errorf("stopped: %+v", result.Stopped)
	}
}

// Who interrupts a campaign while a loss is being planted need not wait for it.
func TestRunInterruptedWhilePlanting(t *testing.T) {
	stop := make(chan struct{})
	launcher := &scripted{script: func(_ context.Context, s runner.Shard, asked <-chan struct{}, tell func(runner.Message)) {
		if s.Planted {
			close(stop)
			<-asked
			return
		}
		<-asked
		tell(runner.Message{Stopped: &runner.Stopped{Reason: runner.Interrupted}})
	}}
	c := campaign(func(c *runner.Campaign) { c.CanaryLoss = true })
	result, err := runner.Run(t.Context(), c, launcher, &kept{}, ignore, stop)
	if err != nil {
		t.Fatal(err)
	}
	if result.Stopped == nil || result.Stopped.Reason != runner.Interrupted || result.Summary.Verdict == metrics.Pass {
		t.Errorf("stopped %+v, verdict %v", result.Stopped, result.Summary.Verdict)
	}
}
