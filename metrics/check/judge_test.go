package check_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/metrics"
	"chaosctl/metrics/check"
)

func TestJudgeMerges(t *testing.T) {
	loss := func(h *metrics.History) { lose(h, metrics.AtFinal, all, key(1)) }
	tests := map[string]struct {
		change func(h *metrics.History)
		want   metrics.Verdict
	}{
		"all well":            {func(*metrics.History) {}, metrics.Pass},
		"a loss":              {loss, metrics.Fail},
		"a loss and an error": {func(h *metrics.History) { loss(h); h.Errors = []string{"disk full"} }, metrics.Fail},
		"a loss and a doubt":  {func(h *metrics.History) { loss(h); h.Windows[0].Effective = false }, metrics.Fail},
		"an error and a doubt": {func(h *metrics.History) {
			h.Errors = []string{"disk full"}
			h.Windows[0].Effective = false
		}, metrics.Error},
		"a doubt":                                {func(h *metrics.History) { unread(h, metrics.AtFinal, 1) }, metrics.Inconclusive},
		"a loss, not promised":                   {func(h *metrics.History) { silent(h); loss(h) }, metrics.Pass},
		"a crash, not promised":                  {func(h *metrics.History) { silent(h); h.Exits = []metrics.Exit{{Node: 1}} }, metrics.Fail},
		"nothing acknowledged":                   {nothingAcked, metrics.Inconclusive},
		"nothing acknowledged, nothing promised": {func(h *metrics.History) { silent(h); nothingAcked(h) }, metrics.Inconclusive},
		"nothing known":                          {func(h *metrics.History) { *h = metrics.History{} }, metrics.Inconclusive},
		"nothing known but an error":             {func(h *metrics.History) { *h = metrics.History{Errors: []string{"no room"}} }, metrics.Error},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := healthy()
			test.change(h)
			verdict, findings := check.Judge(h)
			if verdict != test.want {
				t.Errorf("got %v, want %v: %+v", verdict, test.want, findings)
			}
		})
	}
}

func TestJudgeAsksEveryCheckerOnceInOrder(t *testing.T) {
	var want, got []string
	for _, c := range check.All() {
		want = append(want, c.Name())
	}
	_, findings := check.Judge(healthy())
	for _, f := range findings {
		got = append(got, f.Checker)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	names := map[string]bool{}
	for _, name := range want {
		if names[name] {
			t.Errorf("two checkers are called %s", name)
		}
		names[name] = true
	}
}

func TestJudgeDoesNotChangeTheHistory(t *testing.T) {
	h := killed()
	check.Judge(h)
	if diff := cmp.Diff(killed(), h); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// No finding that gates means that nobody judged anything.
func TestMergeOfNothingIsInconclusive(t *testing.T) {
	for name, findings := range map[string][]metrics.Finding{
		"none":            nil,
		"none that gates": {{Verdict: metrics.Pass}, {Verdict: metrics.Fail}},
	} {
		if got := check.Merge(findings); got != metrics.Inconclusive {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// A finding names some writes and counts all.
func TestFindingsNameAtMostMaxKeys(t *testing.T) {
	h := healthy()
	const many = 3 * metrics.MaxKeys
	h.Operations = nil
	for i := range many {
		h.Operations = append(h.Operations, acked(i, 0, 10*ms))
	}
	for _, node := range all {
		at(h, metrics.AtFinal, node).Rows = nil
	}
	f := check.AckedLost{}.Check(h)
	if f.Verdict != metrics.Fail || len(f.Keys) != metrics.MaxKeys || f.Numbers["keys"] != many {
		t.Errorf("got %v with %d keys of %v", f.Verdict, len(f.Keys), f.Numbers["keys"])
	}
	if f.Keys[2] != key(2) || f.Keys[10] != key(10) {
		t.Errorf("writes are not named in order: %v", f.Keys)
	}
}

// Counts that add up are no proof: two cycles of 3 acknowledged writes whose nodes hold 6 and 0
// rows have a bound of 1 by the sum of counts.
func TestTrapsNeverPass(t *testing.T) {
	three := func() *metrics.History {
		h := healthy()
		h.Operations, h.Question.Writes, h.Question.NeedInside, h.Question.NeedOverlap = h.Operations[:3], 3, 0, 0
		return h
	}
	none := func(h *metrics.History) {
		for _, stage := range []metrics.Stage{metrics.AtSettleA, metrics.AtFinal} {
			for _, node := range all {
				at(h, stage, node).Rows = nil
			}
		}
	}
	over := three() // six rows: three that were written, three that were not
	short := three()
	none(short)
	twenty := healthy() // every node lists 2 of 5 acknowledged writes
	for _, stage := range []metrics.Stage{metrics.AtSettleA, metrics.AtFinal} {
		for _, node := range all {
			at(twenty, stage, node).Rows = at(twenty, stage, node).Rows[:2]
		}
	}
	timedOut := healthy()
	nothingAcked(timedOut)
	none(timedOut)
	for name, h := range map[string]*metrics.History{
		"over-count": over, "zero counts": short, "a page for a list": twenty, "every write timed out": timedOut,
	} {
		if verdict, _ := check.Judge(h); verdict == metrics.Pass {
			t.Errorf("%s: pass", name)
		}
	}
}
