package metrics_test

import (
	"slices"
	"strings"
	"testing"

	"chaosctl/metrics"
)

// whole is a line that holds all the evidence of a pass.
func whole() metrics.Record {
	r := metrics.Record{
		Cycle: 1, Fault: "partition", FaultSpec: "partition(nodes=0)", Writes: 100, OK: 97, QuorumNotMet: 2, Fail: 1, Acked: 97,
		CountNode0: value(99), CountNode1: value(98), CountNode2: value(97), ConvergenceBound: value(1.0),
		Schema: metrics.Schema, Verdict: metrics.Pass, Flags: []string{},
		FaultWindow: &metrics.FaultWindow{Effective: true, Healed: true},
		Counts: []metrics.NodeCount{
			{Node: "node0", N: value(99), Pages: 1, PageSize: 200}, {Node: "node1", N: value(99), Pages: 1, PageSize: 200},
		},
	}
	for _, checker := range []string{"harness", "assumptions", "effect", "exercised", "acked_lost"} {
		r.Findings = append(r.Findings, metrics.Finding{Checker: checker, Verdict: metrics.Pass, Gates: true})
	}
	return r
}

func TestJudgeLineLeavesAPassThatHasItsEvidence(t *testing.T) {
	diff(t, whole(), metrics.JudgeLine(whole()))
	unpromised := whole()
	unpromised.Findings[4].Gates = false
	diff(t, metrics.Pass, metrics.JudgeLine(unpromised).Verdict)
}

func TestJudgeLinePassesNothingWithoutEvidence(t *testing.T) {
	finding := func(checker string, v metrics.Verdict) func(*metrics.Record) {
		return func(r *metrics.Record) {
			i := slices.IndexFunc(r.Findings, func(f metrics.Finding) bool { return f.Checker == checker })
			r.Findings[i].Verdict = v
		}
	}
	without := func(checker string) func(*metrics.Record) {
		return func(r *metrics.Record) {
			r.Findings = slices.DeleteFunc(r.Findings, func(f metrics.Finding) bool { return f.Checker == checker })
		}
	}
	for name, test := range map[string]struct {
		change func(*metrics.Record)
		want   metrics.Verdict
		why    string
	}{
		"no findings":       {func(r *metrics.Record) { r.Findings = nil }, metrics.Inconclusive, "counts only"},
		"no schema":         {func(r *metrics.Record) { r.Schema = "" }, metrics.Inconclusive, "counts only"},
		"a gate says fail":  {finding("acked_lost", metrics.Fail), metrics.Fail, ""},
		"a gate says error": {finding("harness", metrics.Error), metrics.Error, "harness did not pass"},
		"a gate doubts":     {finding("effect", metrics.Inconclusive), metrics.Inconclusive, "effect did not pass"},
		"no harness":        {without("harness"), metrics.Inconclusive, "harness did not pass"},
		"no assumptions":    {without("assumptions"), metrics.Inconclusive, "assumptions did not pass"},
		"no effect":         {without("effect"), metrics.Inconclusive, "effect did not pass"},
		"not exercised":     {without("exercised"), metrics.Inconclusive, "exercised did not pass"},
		"loss not judged":   {without("acked_lost"), metrics.Inconclusive, "acked_lost was not judged"},
		"no fault":          {func(r *metrics.Record) { r.FaultWindow = nil }, metrics.Inconclusive, "acted and was healed"},
		"no effect seen":    {func(r *metrics.Record) { r.FaultWindow.Effective = false }, metrics.Inconclusive, "acted"},
		"not healed":        {func(r *metrics.Record) { r.FaultWindow.Healed = false }, metrics.Inconclusive, "healed"},
		"no bound":          {func(r *metrics.Record) { r.ConvergenceBound = nil }, metrics.Inconclusive, "bound is not known"},
		"nothing acked":     {func(r *metrics.Record) { r.Acked, r.OK, r.Fail = 0, 0, 98 }, metrics.Inconclusive, "nothing was acknowledged"},
		"acked is not ok":   {func(r *metrics.Record) { r.Acked = 90 }, metrics.Inconclusive, "acked is 90"},
		"sums do not match": {func(r *metrics.Record) { r.Fail = 4 }, metrics.Inconclusive, "not the sum"},
		"marked":            {func(r *metrics.Record) { r.Flags = []string{"clock_back"} }, metrics.Inconclusive, "marked clock_back"},
		"harness error":     {func(r *metrics.Record) { r.HarnessError = value("disk full") }, metrics.Inconclusive, "harness went wrong"},
		"interrupted":       {func(r *metrics.Record) { r.Interrupted = true }, metrics.Inconclusive, "interrupted"},
		"too many rows":     {func(r *metrics.Record) { r.CountNode1 = value(101) }, metrics.Inconclusive, "node1 lists 101 rows of 100"},
		"fewer than bound":  {func(r *metrics.Record) { r.CountNode2 = value(20) }, metrics.Inconclusive, "node2 lists 20 rows"},
		"few rows in all":   {func(r *metrics.Record) { r.Counts[0].N, r.Counts[1].N = value(40), value(40) }, metrics.Inconclusive, "together list 80 rows"},
		"few rows on one": {func(r *metrics.Record) {
			r.Findings = append(r.Findings, metrics.Finding{Checker: "catches_up", Verdict: metrics.Pass, Gates: true})
			r.Counts[1].N = value(96)
		}, metrics.Inconclusive, "node1 lists 96 rows at the end"},
		"a row that was not promised": {func(r *metrics.Record) {
			r.Findings = append(r.Findings, metrics.Finding{Checker: "catches_up", Verdict: metrics.Fail})
			r.Counts[1].N = value(96)
		}, metrics.Pass, ""},
		"unread at the end":   {func(r *metrics.Record) { r.Counts[1].N = nil }, metrics.Inconclusive, "node1 was not read"},
		"full page":           {func(r *metrics.Record) { r.Counts[0].N = value(200) }, metrics.Inconclusive, "there may be more"},
		"a stored fail stays": {func(r *metrics.Record) { r.Verdict = metrics.Fail }, metrics.Fail, ""},
		"so does a doubt":     {func(r *metrics.Record) { r.Verdict = metrics.Inconclusive }, metrics.Inconclusive, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := whole()
			test.change(&r)
			before := len(r.Findings)
			got := metrics.JudgeLine(r)
			diff(t, test.want, got.Verdict)
			if test.why == "" {
				diff(t, before, len(got.Findings))
				return
			}
			last := got.Findings[len(got.Findings)-1]
			if last.Checker != metrics.StoredLine || !last.Gates || !strings.Contains(last.Why, test.why) {
				t.Errorf("%+v does not say %q", last, test.why)
			}
		})
	}
}

func TestJudgeLineMarksOldLines(t *testing.T) {
	old := func(writes, ok, qnm, fail int, counts ...*int) metrics.Record {
		return metrics.Record{
			Cycle: 1, Fault: "partition_minority", Writes: writes, OK: ok, QuorumNotMet: qnm, Fail: fail,
			CountNode0: counts[0], CountNode1: counts[1], CountNode2: counts[2],
		}
	}
	for name, test := range map[string]struct {
		record metrics.Record
		flags  []string
	}{
		"pages of 20":   {old(100, 100, 0, 0, value(20), value(20), value(20)), []string{"under_count", "count_eq_page_size"}},
		"masked, first": {old(3, 3, 0, 0, value(6), value(6), value(6)), []string{"over_count"}},
		"masked, other": {old(3, 3, 0, 0, value(0), value(0), value(0)), []string{"under_count"}},
		"nothing acked": {old(100, 0, 0, 100, value(0), value(0), value(0)), []string{"zero_acked"}},
		"unreadable":    {old(100, 100, 0, 0, nil, nil, value(100)), []string{"count_error"}},
		"sums":          {old(100, 97, 1, 1, value(98), value(98), value(98)), []string{"sum_mismatch"}},
		"all well":      {old(100, 97, 2, 1, value(98), value(98), value(98)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := metrics.JudgeLine(test.record)
			diff(t, test.flags, got.Flags)
			diff(t, metrics.Inconclusive, got.Verdict)
			diff(t, test.record.OK, got.Acked)
		})
	}
}

func TestCompareLines(t *testing.T) {
	if got := metrics.CompareLines(whole(), whole()); got != nil {
		t.Errorf("%+v", got)
	}
	judged := whole()
	judged.Verdict = metrics.Fail
	judged.Findings[4].Verdict, judged.Findings[4].Why = metrics.Fail, "1 of 97 acknowledged writes is on no node"
	judged.Acked, judged.OK = 96, 96
	judged.Seed = "5f"
	want := []metrics.Difference{
		{Kind: metrics.VerdictChanged, Why: "the line says pass, today's checkers say fail: acked_lost: 1 of 97 acknowledged writes is on no node"},
		{Kind: metrics.EvidenceDiffers, Why: "the line has ok 97, the history 96"},
		{Kind: metrics.EvidenceDiffers, Why: "the line has acked 97, the history 96"},
		{Kind: metrics.EvidenceDiffers, Why: "the line is of campaign  with seed , the history of  with 5f"},
	}
	for i := range want {
		want[i].Fault, want[i].Cycle = "partition", 1
	}
	got := metrics.CompareLines(whole(), judged)
	diff(t, want, got)
	diff(t, []bool{false, true}, []bool{got[0].Unsound(), got[1].Unsound()})
}
