package metrics_test

import (
	"strings"
	"testing"

	"chaosctl/metrics"
)

// cycles are records of one fault of which the given ones lost a write.
func cycles(n int, lossy ...int) []metrics.Record {
	records := make([]metrics.Record, n)
	for i := range records {
		records[i] = line(i + 1)
	}
	for _, cycle := range lossy {
		failed("w1")(&records[cycle-1])
	}
	return records
}

func TestClaimInWords(t *testing.T) {
	for _, test := range []struct {
		records []metrics.Record
		want    string
	}{
		{cycles(600), "0 of 600 cycles lost an acknowledged write; with 95 % confidence fewer than 0.50 % do"},
		{cycles(150), "0 of 150 cycles lost an acknowledged write; with 95 % confidence fewer than 1.98 % do"},
		{cycles(50, 3, 4, 50), "3 of 50 cycles lost an acknowledged write; with 95 % confidence between 1.25 % and 16.55 % do"},
		{cycles(2, 1, 2), "2 of 2 cycles lost an acknowledged write; with 95 % confidence between 15.81 % and 100.00 % do"},
		{nil, "no cycle counts: nothing can be claimed about lost writes"},
	} {
		diff(t, test.want, metrics.Losses(test.records).Words)
	}
}

func TestClaimCountsSoundCyclesOnly(t *testing.T) {
	changes := map[string]struct {
		change       func(*metrics.Record)
		sound, lossy int
		why          string
	}{
		"pass":          {func(*metrics.Record) {}, 1, 0, ""},
		"lost":          {failed("w1"), 1, 1, ""},
		"inconclusive":  {doubtful, 0, 0, "effect is inconclusive"},
		"error":         {broken, 0, 0, "harness is error"},
		"nothing acked": {func(r *metrics.Record) { r.Acked = 0 }, 0, 0, "nothing was acknowledged"},
		"not judged":    {func(r *metrics.Record) { r.Findings = nil }, 0, 0, "whether it lost a write was not judged"},
		"verdict alone": {func(r *metrics.Record) { r.Verdict = metrics.Inconclusive }, 0, 0, "it is inconclusive"},
		"other check fails": {func(r *metrics.Record) {
			r.Verdict = metrics.Fail
			r.Findings = append(r.Findings, metrics.Finding{Checker: "convergence", Verdict: metrics.Fail, Gates: true})
		}, 1, 0, ""},
		"other check fails in doubt": {func(r *metrics.Record) {
			doubtful(r)
			r.Verdict = metrics.Fail
			r.Findings = append(r.Findings, metrics.Finding{Checker: "convergence", Verdict: metrics.Fail, Gates: true})
		}, 0, 0, "effect is inconclusive"},
		"lost in doubt": {func(r *metrics.Record) {
			failed("w1")(r)
			r.Findings = append(r.Findings, metrics.Finding{Checker: "effect", Verdict: metrics.Inconclusive, Gates: true})
		}, 1, 1, ""},
	}
	for name, test := range changes {
		t.Run(name, func(t *testing.T) {
			r := line(7)
			test.change(&r)
			c := metrics.Losses([]metrics.Record{r})
			diff(t, []int{test.sound, test.lossy, 1 - test.sound}, []int{c.Sound, c.Lossy, c.Uncounted})
			if test.sound == 0 {
				diff(t, []metrics.CycleRef{{Fault: r.Fault, Cycle: 7, Why: test.why}}, c.NotCounted)
				if c.Upper != nil || c.Lower != nil {
					t.Error("there is a bound without a sound cycle")
				}
			}
		})
	}
}

func TestClaimCountsNoCycleTwice(t *testing.T) {
	c := metrics.Losses([]metrics.Record{line(1), line(2), line(2)})
	diff(t, []int{1, 1}, []int{c.Sound, c.Uncounted})
	diff(t, "more than one line", c.NotCounted[0].Why)
	lossy := line(2)
	failed("w1")(&lossy)
	c = metrics.Losses([]metrics.Record{line(2), lossy, line(2)})
	diff(t, []int{1, 1, 0}, []int{c.Sound, c.Lossy, c.Uncounted})
}

func TestPercentNeverClaimsMoreThanWasComputed(t *testing.T) {
	for _, test := range []struct {
		fraction float64
		rounding metrics.Rounding
		want     string
	}{
		{0.00498051, metrics.Up, "0.50 %"}, {0.0050001, metrics.Up, "0.51 %"}, {0.012549, metrics.Down, "1.25 %"},
		{0.29, metrics.Down, "29.00 %"}, {0.29, metrics.Up, "29.00 %"}, {0, metrics.Down, "0.00 %"}, {1, metrics.Up, "100.00 %"},
		{2.9957e-6, metrics.Up, "0.00030 %"}, {2.9957e-6, metrics.Down, "0.00029 %"}, {0.005, metrics.Nearest, "0.50 %"},
	} {
		diff(t, test.want, metrics.Percent(test.fraction, test.rounding))
	}
}

func TestUncountedCyclesAreNamedUpToALimit(t *testing.T) {
	records := cycles(100)
	for i := range records {
		doubtful(&records[i])
	}
	c := metrics.Losses(records)
	diff(t, []int{100, metrics.MaxKeys}, []int{c.Uncounted, len(c.NotCounted)})
	if !strings.Contains(c.Words, "nothing can be claimed") {
		t.Error(c.Words)
	}
}

func TestADecisionTakesThePlaceOfTheBounds(t *testing.T) {
	facts := campaign(4)
	facts.Decision = "0 of 4 cycles lost an acknowledged write: not decided"
	s := metrics.Summarize(facts, cycles(4))
	for _, c := range []metrics.LossClaim{s.LossClaim, s.Faults[0].LossClaim} {
		diff(t, facts.Decision, c.Words)
		diff(t, 4, c.Sound)
		if c.Lower != nil || c.Upper != nil {
			t.Error("there are bounds that do not hold when someone looked and stopped")
		}
	}
}
