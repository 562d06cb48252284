package reports_test

import (
	"bytes"
	"strings"
	"testing"

	"chaosctl/metrics"
	"chaosctl/reports"
)

func TestCyclesThatDoNotCountAreNamedByReason(t *testing.T) {
	s := summary(func(fault string, r *metrics.Record) {
		if fault != "partition" {
			return
		}
		switch r.Cycle {
		case 1, 3:
			r.Verdict = metrics.Inconclusive
			r.Findings = append(r.Findings, metrics.Finding{Checker: "effect", Verdict: metrics.Inconclusive, Gates: true})
		case 4:
			r.Findings = nil
		}
	})
	s.Faults[1].Uncounted += 5 // more than are named
	var out bytes.Buffer
	if err := reports.Text(&out, s, reports.Style{ASCII: true}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"claim: 0 of 1 cycles lost an acknowledged write; with 95 % confidence fewer than 95.00 % do\n",
		"not counted: cycles 1, 3 (effect is inconclusive); cycle 4 (whether it lost a write was not judged); and 5 more\n",
		"all faults: 0 of 5 cycles lost an acknowledged write",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, &out)
		}
	}
}

func TestWhatIsSaidOfStoredRunsMovesNoCursor(t *testing.T) {
	var text, block bytes.Buffer
	style := reports.Style{Stored: []string{"judged from \x1b[2J lines"}}
	if err := reports.Text(&text, summary(unchanged), style); err != nil {
		t.Fatal(err)
	}
	if err := reports.Block(&block, summary(failing), style); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{text.String(), block.String()} {
		if !strings.Contains(out, "STORED\n  judged from  [2J lines\n") {
			t.Errorf("got:\n%s", out)
		}
	}
}
