package reports_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"chaosctl/metrics"
	"chaosctl/reports"
)

func TestText(t *testing.T) {
	tests := map[string]struct {
		summary metrics.Summary
		style   reports.Style
	}{
		"pass":     {summary(unchanged), reports.Style{Dir: "runs/v0-r1"}},
		"fail":     {summary(failing), reports.Style{Dir: "runs/v0-r1"}},
		"ascii":    {summary(failing), reports.Style{ASCII: true}},
		"colour":   {summary(failing), reports.Style{Colour: true, Again: "chaosctl replay"}},
		"no_lines": {metrics.Summarize(metrics.CampaignFacts{ID: "x", Planned: 2, Faults: []string{"pause"}, Stopped: "the system refused the first write"}, nil), reports.Style{Dir: "runs/x"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := reports.Text(&out, test.summary, test.style); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", out.Bytes())
			text := out.String()
			if !test.style.Colour && strings.ContainsRune(text, '\x1b') {
				t.Error("there are escape signs in a text without colours")
			}
			if test.style.ASCII && strings.ContainsFunc(text, func(r rune) bool { return r > 127 }) {
				t.Error("there are signs beyond ASCII")
			}
		})
	}
}

func TestBlock(t *testing.T) {
	var out bytes.Buffer
	if err := reports.Block(&out, summary(failing), reports.Style{Dir: "runs/v0-r1"}); err != nil {
		t.Fatal(err)
	}
	golden(t, "block.txt", out.Bytes())
}

func TestTable(t *testing.T) {
	s := summary(failing)
	s.Faults[0].Fault = "kill_primary_mid_write_with_a_very_long_name_that_is_never_cut_short_whatever_the_width"
	s.Faults[0].WorstBound, s.Faults[0].ConvergeP95 = nil, value(12345.0)
	var out bytes.Buffer
	if err := reports.Table(&out, s); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.txt", out.Bytes())
}

// failingWriter cannot write.
type failingWriter struct{}

var errFull = errors.New("no room")

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

func TestAFailingWriterIsReported(t *testing.T) {
	s := summary(failing)
	for name, err := range map[string]error{
		"text":  reports.Text(failingWriter{}, s, reports.Style{}),
		"block": reports.Block(failingWriter{}, s, reports.Style{}),
		"table": reports.Table(failingWriter{}, s),
	} {
		if !errors.Is(err, errFull) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAgain(t *testing.T) {
	diff(t, "", reports.Again(summary(unchanged)))
	const want = "chaosctl run --fault 'partition(for=500ms)' --cycles 3 --seed 9f3c --writes 100 --concurrency 8 " +
		"--quorum-timeout 200ms --settle-timeout 10s --threshold 0.995 --promises durable,converges " +
		"--bin '/opt/a server/ai-memory'"
	diff(t, want, reports.Again(summary(failing)))
	unknown := summary(failing)
	unknown.Config = nil
	diff(t, "", reports.Again(unknown))
}
