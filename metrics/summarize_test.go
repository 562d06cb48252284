package metrics_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"chaosctl/metrics"
)

// line is a record of a cycle in which everything went well.
func line(cycle int, change ...func(*metrics.Record)) metrics.Record {
	r := metrics.Record{
		Cycle: cycle, Fault: "partition_minority", FaultSpec: "partition(nodes=0)", Writes: 100, OK: 90, QuorumNotMet: 8, Fail: 2,
		CountNode0: value(98), CountNode1: value(98), CountNode2: value(98), ConvergenceBound: value(1.0),
		Verdict: metrics.Pass, Acked: 90, LostAcked: []string{}, ReconnectMS: value(float64(cycle)),
		ConvergeMS:  map[string]*float64{"node0": value(float64(10 * cycle)), "node1": value(1.0)},
		InsideFault: &metrics.InsideFault{Contained: 8 + cycle, Lost: 1},
		Findings:    []metrics.Finding{{Checker: "acked_lost", Verdict: metrics.Pass, Gates: true}},
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func failed(keys ...string) func(*metrics.Record) {
	return func(r *metrics.Record) {
		r.Verdict, r.LostAcked, r.ConvergenceBound = metrics.Fail, keys, value(0.9)
		r.ConvergeMS["node1"] = nil
		r.Findings = []metrics.Finding{{
			Checker: "acked_lost", Verdict: metrics.Fail, Gates: true, Why: "acknowledged writes are on no node",
			Keys: keys, Numbers: map[string]float64{"keys": float64(len(keys))},
		}}
	}
}

func doubtful(r *metrics.Record) {
	r.Verdict = metrics.Inconclusive
	r.Findings = append(r.Findings, metrics.Finding{Checker: "effect", Verdict: metrics.Inconclusive, Gates: true, Why: "no packet was dropped"})
}

func broken(r *metrics.Record) {
	r.Verdict = metrics.Error
	r.Findings = append(r.Findings, metrics.Finding{Checker: "harness", Verdict: metrics.Error, Gates: true, Why: "disk full"})
}

func campaign(planned int) metrics.CampaignFacts {
	start := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	return metrics.CampaignFacts{
		ID: "v0-r1", Ref: "v0.6.0", StartedAt: start, EndedAt: start.Add(90 * time.Second), Planned: planned,
		Faults: []string{"partition_minority"}, Config: map[string]any{"seed": "9f3c"},
	}
}

func TestSummaryOfAPass(t *testing.T) {
	s := metrics.Summarize(campaign(4), []metrics.Record{line(1), line(2), line(3), line(4)})
	diff(t, metrics.Pass, s.Verdict)
	diff(t, true, s.OverallPass)
	diff(t, []string{}, s.Reasons)
	diff(t, 90.0, s.DurationS)
	diff(t, []metrics.FaultSummary{{
		TotalCycles: 4, TotalWrites: 400, TotalOK: 360, TotalQuorumNotMet: 32, TotalFail: 8, ConvergenceBound: 1.088,
		Fault: "partition_minority", FaultSpec: "partition(nodes=0)", Verdict: metrics.Pass, Cycles: metrics.Tally{Pass: 4},
		Acked: 360, WorstBound: value(1.0), ConvergeP50: value(20.0), ConvergeP95: value(40.0),
		ReconnectP50: value(2.0), ReconnectP95: value(4.0), MidWrite: 4, LeastInside: value(9), Planned: 4, Repeated: []int{},
		LossClaim: metrics.Losses([]metrics.Record{line(1), line(2), line(3), line(4)}),
		Checks: []metrics.CheckSummary{{
			Checker: "acked_lost", Gating: 4, Cycles: metrics.Tally{Pass: 4}, Named: []string{}, Affected: []int{},
		}},
	}}, s.Faults)
}

func TestVerdictOfACampaign(t *testing.T) {
	zero := func(r *metrics.Record) { r.OK, r.Acked = 0, 0 }
	tests := map[string]struct {
		planned int
		records []metrics.Record
		want    metrics.Verdict
		reason  string // in one of the reasons
	}{
		"all passed":               {2, []metrics.Record{line(1), line(2)}, metrics.Pass, ""},
		"one failed":               {2, []metrics.Record{line(1), line(2, failed("c2-w1"))}, metrics.Fail, "partition_minority: 1 of 2 cycles failed (cycle 2): acked_lost in 1: acknowledged writes are on no node"},
		"a loss outranks a doubt":  {2, []metrics.Record{line(1, doubtful), line(2, failed("c2-w1"))}, metrics.Fail, "1 of 2 cycles are inconclusive (cycle 1): effect in 1: no packet was dropped"},
		"a loss outranks an error": {2, []metrics.Record{line(1, broken), line(2, failed("c2-w1"))}, metrics.Fail, "ended in an error of the harness (cycle 1): harness in 1: disk full"},
		"a loss, lines missing":    {9, []metrics.Record{line(2, failed("c2-w1"))}, metrics.Fail, "1 of 9 cycles have a line"},
		"an error":                 {2, []metrics.Record{line(1, doubtful), line(2, broken)}, metrics.Error, "disk full"},
		"a doubt":                  {2, []metrics.Record{line(1, doubtful), line(2)}, metrics.Inconclusive, "no packet was dropped"},
		"a line is missing":        {3, []metrics.Record{line(1), line(2)}, metrics.Inconclusive, "partition_minority: 2 of 3 cycles have a line"},
		"no line at all":           {3, nil, metrics.Inconclusive, "partition_minority: 0 of 3 cycles have a line"},
		"a line twice":             {2, []metrics.Record{line(1), line(1)}, metrics.Inconclusive, "more than one line for cycle 1"},
		"nothing acknowledged":     {2, []metrics.Record{line(1, zero), line(2, zero)}, metrics.Inconclusive, "nothing was acknowledged"},
		"of the shell harness":     {1, []metrics.Record{{Cycle: 1, Fault: "partition_minority", OK: 3, Acked: 3}}, metrics.Inconclusive, "1 of 1 cycles are inconclusive"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := metrics.Summarize(campaign(test.planned), test.records)
			diff(t, test.want, s.Verdict)
			diff(t, test.want == metrics.Pass, s.OverallPass)
			if test.want != metrics.Pass && len(s.Reasons) == 0 {
				t.Error("no reason is given")
			}
			if all := strings.Join(s.Reasons, "\n"); !strings.Contains(all, test.reason) {
				t.Errorf("%q is not among the reasons:\n%s", test.reason, all)
			}
		})
	}
}

func TestAStoppedCampaignIsNoPass(t *testing.T) {
	facts := campaign(1)
	facts.Stopped = "the system refused the first write (status 400): source"
	s := metrics.Summarize(facts, []metrics.Record{line(1)})
	diff(t, metrics.Inconclusive, s.Verdict)
	diff(t, []string{"the campaign ended early: " + facts.Stopped}, s.Reasons)
}

func TestNothingPlannedIsNoPass(t *testing.T) {
	s := metrics.Summarize(metrics.CampaignFacts{}, nil)
	diff(t, metrics.Inconclusive, s.Verdict)
	diff(t, 1, len(s.Reasons))
}

func TestFaultsAreInTheOrderAskedForAndKeptApartByValue(t *testing.T) {
	facts := campaign(4)
	facts.Faults = []string{"pause", "partition_minority(for=1s)", "partition_minority", "kill_primary_mid_write(exact=true)"}
	of := func(fault, spec string) func(*metrics.Record) {
		return func(r *metrics.Record) { r.Fault, r.FaultSpec = fault, spec }
	}
	s := metrics.Summarize(facts, []metrics.Record{
		line(1, of("partition_minority", "partition(for=1s)")), line(1), line(1, of("pause", "pause(for=500ms)")),
	})
	var got []string
	for _, f := range s.Faults {
		got = append(got, fmt.Sprintf("%s %s %d/%d %v", f.Fault, f.FaultSpec, f.TotalCycles, f.Planned, f.Verdict))
	}
	diff(t, []string{
		"pause pause(for=500ms) 1/1 pass",
		"partition_minority partition(for=1s) 1/1 pass",
		"partition_minority partition(nodes=0) 1/1 pass",
		"kill_primary_mid_write kill_primary_mid_write(exact=true) 0/1 inconclusive",
	}, got)
	diff(t, metrics.Inconclusive, s.Verdict)
}

func TestWhatFailedIsNamed(t *testing.T) {
	var many []string
	for i := range metrics.MaxKeys - 1 {
		many = append(many, fmt.Sprintf("c3-w%d", i))
	}
	s := metrics.Summarize(campaign(4), []metrics.Record{
		line(1, doubtful), line(2, failed("c2-w1")), line(3, failed(many...)), line(4, failed("c4-w5", "c4-w6")),
	})
	f := s.Faults[0]
	diff(t, 3+len(many), f.Lost)
	diff(t, 3, f.WorstCycle) // it lost most
	diff(t, value(0.9), f.WorstBound)
	diff(t, 3, f.NeverSettled)
	c := f.Checks[0]
	diff(t, "acked_lost", c.Checker)
	diff(t, []int{2, 3, 4}, c.Affected)
	diff(t, metrics.Tally{Pass: 1, Fail: 3}, c.Cycles)
	diff(t, metrics.MaxKeys, len(c.Named))
	diff(t, 3+len(many), c.Keys)
}

func TestBoundOfTheShellHarness(t *testing.T) {
	tests := map[string]struct {
		records []metrics.Record
		want    float64
	}{
		"none":             {nil, 0},
		"nothing acked":    {[]metrics.Record{{CountNode1: value(5), CountNode2: value(5)}}, 0},
		"unknown counts 0": {[]metrics.Record{{OK: 3, CountNode2: value(3)}, {OK: 3, CountNode1: value(3), CountNode2: value(3)}}, 0.5},
		"cut, not rounded": {[]metrics.Record{{OK: 3000, CountNode1: value(2999), CountNode2: value(3000)}}, 0.999},
		"more than one":    {[]metrics.Record{{OK: 3, CountNode1: value(6), CountNode2: value(7)}}, 2},
		"sums, not cycles": {[]metrics.Record{{OK: 3, CountNode1: value(6), CountNode2: value(6)}, {OK: 3, CountNode1: value(0), CountNode2: value(0)}}, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := metrics.Summarize(metrics.CampaignFacts{Faults: []string{""}}, test.records)
			diff(t, test.want, s.Faults[0].ConvergenceBound)
		})
	}
}

// The harness divides floats, we divide integers.
func TestIntegerBoundAgreesWithTheHarnesses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		ok := 1 + r.IntN(5000)
		count := r.IntN(ok + 1)
		s := metrics.Summarize(metrics.CampaignFacts{}, []metrics.Record{{OK: ok, CountNode1: &count, CountNode2: &count}})
		want := math.Floor(float64(count)/float64(ok)*1000) / 1000
		if got := s.Faults[0].ConvergenceBound; got != want {
			t.Errorf("%d of %d: got %v, the harness says %v", count, ok, got, want)
		}
	}
}

func TestSummaryBeginsWithTheHarnessesKeys(t *testing.T) {
	text, err := json.Marshal(metrics.Summarize(campaign(1), []metrics.Record{line(1)}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"campaign_id":"v0-r1","ai_memory_git_ref":"v0.6.0","completed_at":"2026-11-23T07:01:30Z","overall_pass":true,`,
		`"faults":[{"total_cycles":1,"total_writes":100,"total_ok":90,"total_quorum_not_met":8,"total_fail":2,"convergence_bound":1.088,`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
}
