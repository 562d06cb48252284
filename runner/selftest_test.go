package runner_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/faults"
	"chaosctl/metrics"
	"chaosctl/metrics/check"
	"chaosctl/runner"
)

// TestMutants checks that every line of the table can be run and judged.
func TestMutants(t *testing.T) {
	t.Parallel()
	var checkers, workloads, names []string
	for _, c := range check.All() {
		checkers = append(checkers, c.Name())
	}
	for _, w := range runner.Workloads() {
		workloads = append(workloads, w.Name)
	}
	for _, m := range runner.Mutants() {
		if slices.Contains(names, m.Name) {
			t.Errorf("%s is there twice", m.Name)
		}
		names = append(names, m.Name)
		if _, err := faults.Parse(m.Fault); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
		if !slices.Contains(workloads, m.Workload) {
			t.Errorf("%s: no workload is called %s", m.Name, m.Workload)
		}
		for _, c := range m.Checkers {
			if !slices.Contains(checkers, c) {
				t.Errorf("%s: no checker is called %s", m.Name, c)
			}
		}
		if len(m.Checkers) == 0 {
			t.Errorf("%s: nothing may catch it", m.Name)
		}
	}
	if len(names) != 12 {
		t.Errorf("%d mutants, want 12", len(names))
	}
}

func TestControls(t *testing.T) {
	t.Parallel()
	got := runner.Controls([]runner.Mutant{
		{Name: "a", Fault: "pause", Workload: "inserts"},
		{Name: "b", Fault: "pause", Workload: "upserts"},
		{Name: "c", Fault: "pause", Workload: "upserts"},
	})
	want := []runner.Setting{
		{Fault: "kill_primary_mid_write", Workload: "inserts"},
		{Fault: "partition", Workload: "inserts"},
		{Fault: "pause", Workload: "inserts"},
		{Fault: "pause", Workload: "upserts"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

// cycleOf is the record of a cycle with findings.
func cycleOf(v metrics.Verdict, findings ...metrics.Finding) metrics.Record {
	return metrics.Record{Cycle: 7, Verdict: v, Findings: findings}
}

func found(checker string, v metrics.Verdict, gates bool) metrics.Finding {
	return metrics.Finding{Checker: checker, Verdict: v, Gates: gates, Why: "because"}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	m := runner.Mutant{Name: "truncate", Fault: "pause", Workload: "inserts", Checkers: []string{"corrupted"}}
	d := m.Detect([]metrics.Record{
		cycleOf(metrics.Fail, found("corrupted", metrics.Fail, true), found("acked_lost", metrics.Fail, true)),
		cycleOf(metrics.Fail, found("acked_lost", metrics.Fail, true)),                                                 // luck
		cycleOf(metrics.Pass, found("corrupted", metrics.Fail, false)),                                                 // does not gate
		cycleOf(metrics.Inconclusive, found("corrupted", metrics.Inconclusive, true), found("x", metrics.Error, true)), // doubt
		cycleOf(metrics.Pass, found("corrupted", metrics.Pass, true)),
	})
	want := runner.Detection{
		Mutant: "truncate", Setting: runner.Setting{Fault: "pause", Workload: "inserts"},
		Cycles: 5, Caught: 1, Failed: 2, By: map[string]int{"corrupted": 1, "acked_lost": 2},
		Rate: metrics.ClopperPearson(1, 5, 0.95),
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("detection (-want +got):\n%s", diff)
	}
}

func TestAcquit(t *testing.T) {
	t.Parallel()
	s := runner.Setting{Fault: "pause", Workload: "inserts"}
	got := s.Acquit([]metrics.Record{
		cycleOf(metrics.Pass, found("phantom", metrics.Fail, false)),
		cycleOf(metrics.Fail, found("phantom", metrics.Fail, true)),
		cycleOf(metrics.Fail, found("phantom", metrics.Fail, true)),
		cycleOf(metrics.Inconclusive, found("phantom", metrics.Inconclusive, true)),
		cycleOf(metrics.Error, found("harness", metrics.Error, true)),
	})
	want := runner.Control{
		Setting: s, Cycles: 5, Passed: 1, Alarms: 2, AtMost: metrics.UpperBound(2, 5, 0.95),
		Doubts: []runner.Doubt{
			{Checker: "phantom", Verdict: metrics.Fail, Cycles: 2, First: 7, Why: "because"},
			{Checker: "phantom", Verdict: metrics.Inconclusive, Cycles: 1, First: 7, Why: "because"},
			{Checker: "harness", Verdict: metrics.Error, Cycles: 1, First: 7, Why: "because"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("control (-want +got):\n%s", diff)
	}
}

func TestConclude(t *testing.T) {
	t.Parallel()
	good := func() runner.Selftest {
		return runner.Selftest{
			Mutants: []runner.Detection{{Cycles: 2, Caught: 1}, {Cycles: 2, Caught: 2}},
			Healthy: []runner.Control{{Cycles: 3, Passed: 3}},
		}
	}
	for name, test := range map[string]struct {
		change func(*runner.Selftest)
		want   bool
	}{
		"as it should be":           {func(*runner.Selftest) {}, true},
		"a mutant was missed":       {func(s *runner.Selftest) { s.Mutants[0].Caught = 0 }, false},
		"a mutant was cut short":    {func(s *runner.Selftest) { s.Mutants[0].Cycles = 1 }, false},
		"a false alarm":             {func(s *runner.Selftest) { s.Healthy[0].Passed, s.Healthy[0].Alarms = 2, 1 }, false},
		"a healthy cycle undecided": {func(s *runner.Selftest) { s.Healthy[0].Passed = 2 }, false},
		"healthy cut short":         {func(s *runner.Selftest) { s.Healthy[0] = runner.Control{Cycles: 2, Passed: 2} }, false},
		"no mutant":                 {func(s *runner.Selftest) { s.Mutants = nil }, false},
		"no healthy server":         {func(s *runner.Selftest) { s.Healthy = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := good()
			test.change(&s)
			if s.Conclude(2, 3); s.Passed != test.want {
				t.Errorf("passed %v, want %v", s.Passed, test.want)
			}
		})
	}
}
