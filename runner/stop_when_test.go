package runner_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"chaosctl/metrics"
	"chaosctl/runner"
)

// sound is a cycle's line that counts for a claim about lost writes.
func sound(s runner.Shard, cycle int, lost bool) runner.Message {
	r := metrics.Record{
		Cycle: cycle, Fault: s.Fault, OK: 1, Acked: 1, Verdict: metrics.Pass,
		Findings: []metrics.Finding{{Checker: metrics.AckedLost, Verdict: metrics.Pass, Gates: true}},
	}
	if lost {
		r.Verdict, r.LostAcked = metrics.Fail, []string{"w1"}
		r.Findings[0].Verdict = metrics.Fail
	}
	return runner.Message{Record: &r}
}

// untilStopped ends cycles without a loss until it is asked to stop, and leaves one cut short.
func untilStopped(last metrics.Verdict) func(context.Context, runner.Shard, <-chan struct{}, func(runner.Message)) {
	return func(_ context.Context, s runner.Shard, stop <-chan struct{}, tell func(runner.Message)) {
		for cycle := s.First; cycle <= s.Last; cycle++ {
			select {
			case <-stop:
				m := sound(s, cycle, false)
				m.Record.Interrupted, m.Record.Verdict = true, last
				tell(m)
				tell(runner.Message{Stopped: &runner.Stopped{Reason: runner.Interrupted, Message: "asked"}})
				return
			default:
				tell(sound(s, cycle, false))
			}
		}
	}
}

func untilEnough(c *runner.Campaign) { c.Cycles, c.StopWhen = 50, "loss<0.5@0.9" }

func TestCampaignStopsWhenEnoughIsKnown(t *testing.T) {
	sink := &kept{}
	l := &scripted{script: untilStopped(metrics.Inconclusive)}
	result, err := runner.Run(t.Context(), campaign(untilEnough), l, sink, func(runner.Message) {}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if result.Stopped == nil || result.Stopped.Reason != runner.EnoughEvidence {
		t.Fatalf("stopped: %+v", result.Stopped)
	}
	s := result.Summary
	if s.Verdict != metrics.Pass || s.Stopped != "" || s.Planned != len(sink.lines) || s.Planned >= 50 || s.Planned < 4 {
		t.Errorf("%v, stopped %q, planned %d, %d lines", s.Verdict, s.Stopped, s.Planned, len(sink.lines))
	}
	if !strings.Contains(s.Decision, "fewer than 50.00 % do, by a sequential test with 90 % confidence") {
		t.Errorf("decided: %q", s.Decision)
	}
	if slices.ContainsFunc(sink.lines, func(line string) bool { return strings.HasSuffix(line, "inconclusive") }) {
		t.Errorf("the cycle that was cut short has a line: %v", sink.lines)
	}
}

func TestALossInTheLastCycleIsKept(t *testing.T) {
	sink := &kept{}
	l := &scripted{script: untilStopped(metrics.Fail)}
	result, err := runner.Run(t.Context(), campaign(untilEnough), l, sink, func(runner.Message) {}, nil)
	if err != nil || result.Summary.Verdict != metrics.Fail {
		t.Errorf("%v, %v", result.Summary.Verdict, err)
	}
}

func TestCampaignThatIsNotDecidedRunsToItsEnd(t *testing.T) {
	l := &scripted{script: func(_ context.Context, s runner.Shard, _ <-chan struct{}, tell func(runner.Message)) {
		for cycle := s.First; cycle <= s.Last; cycle++ {
			tell(sound(s, cycle, cycle == 2))
		}
	}}
	c := campaign(func(c *runner.Campaign) { c.StopWhen = "loss<0.5@0.9" })
	result, err := runner.Run(t.Context(), c, l, &kept{}, func(runner.Message) {}, nil)
	if err != nil || result.Stopped != nil || result.Summary.Planned != 4 || result.Summary.Verdict != metrics.Fail {
		t.Fatalf("%+v, %v", result, err)
	}
	if want := "1 of 4 cycles lost an acknowledged write: not decided"; result.Summary.Decision != want {
		t.Errorf("decided: %q, want %q", result.Summary.Decision, want)
	}
}

func TestContinuedCampaignKnowsWhatWasDecided(t *testing.T) {
	c := campaign(untilEnough)
	for cycle := range 10 {
		c.Done = append(c.Done, *sound(runner.Shard{Fault: c.Faults[0]}, cycle+1, false).Record)
	}
	l := &scripted{script: untilStopped(metrics.Inconclusive)}
	result, err := runner.Run(t.Context(), c, l, &kept{}, func(runner.Message) {}, nil)
	if err != nil || len(l.launched) != 0 || result.Summary.Faults[0].TotalCycles != 10 {
		t.Errorf("launched %v, %+v, %v", l.launched, result.Summary, err)
	}
}

func TestStopWhenIsValidated(t *testing.T) {
	for _, change := range []func(*runner.Campaign){
		func(c *runner.Campaign) { c.StopWhen = "loss<2@0.9" },
		func(c *runner.Campaign) { c.StopWhen, c.Faults = "loss<0.1@0.9", []string{"pause", "partition"} },
	} {
		var mistake *runner.Mistake
		if err := campaign(change).Validate(); !errors.As(err, &mistake) || mistake.Field != "stop-when" {
			t.Errorf("got %v", err)
		}
	}
	if err := campaign(untilEnough).Validate(); err != nil {
		t.Error(err)
	}
}
