package check_test

import (
	"bytes"
	"testing"
	"time"

	"chaosctl/metrics"
	"chaosctl/metrics/check"
)

// hundred is a healthy cycle of 100 writes, 97 of them acknowledged.
func hundred() *metrics.History {
	h := healthy()
	h.Question.Writes = 100
	for i := 8; i < 100; i++ {
		h.Operations = append(h.Operations, acked(i, 0, 700*ms+time.Duration(i)*ms/10))
		h.Operations[i].Process = i
	}
	for i := range h.Observations {
		if o := &h.Observations[i]; o.Stage != metrics.AtStart {
			*o = reading(o.Stage, o.Node, o.Began+100*ms, h.Operations...)
		}
	}
	return h
}

// TestTraps: what misled the judges of old never passes, stored and read again. The node counts
// of masked cycles add up to the acknowledged writes; only a judge who adds up is content.
func TestTraps(t *testing.T) {
	list := func(h *metrics.History, n int) {
		for i := range h.Observations {
			if o := &h.Observations[i]; o.Stage != metrics.AtStart {
				o.Rows = o.Rows[:min(n, len(o.Rows))]
			}
		}
	}
	three := func(shown int) func(*metrics.History) {
		return func(h *metrics.History) {
			h.Operations, h.Question.Writes = h.Operations[:3], 3
			h.Question.NeedInside, h.Question.NeedOverlap = 0, 0
			h.Operations[2].Invoked, h.Operations[2].Sent = 95*ms, 96*ms
			list(h, 3)
			for i := range h.Observations {
				if o := &h.Observations[i]; o.Stage != metrics.AtStart {
					o.Rows = append(o.Rows[:0:0], o.Rows[:min(3, shown)]...)
					for j := range max(0, shown-3) {
						o.Rows = append(o.Rows, metrics.Row{Key: key(90 + j), Hash: "x"})
					}
				}
			}
		}
	}
	for name, test := range map[string]struct {
		change func(*metrics.History)
		want   metrics.Verdict
	}{
		"healthy":                  {func(*metrics.History) {}, metrics.Pass},
		"a page of 20":             {func(h *metrics.History) { list(h, 20) }, metrics.Fail},
		"6 rows for 3":             {three(6), metrics.Fail},
		"no rows for 3":            {three(0), metrics.Fail},
		"nothing acknowledged":     {nothingAcked, metrics.Inconclusive},
		"every reading timed out":  {func(h *metrics.History) { timedOut(h) }, metrics.Inconclusive},
		"and the harness gave up":  {func(h *metrics.History) { timedOut(h); h.Errors = []string{"boot: no answer"} }, metrics.Error},
		"the cycle never got far":  {func(h *metrics.History) { h.Operations, h.Windows, h.Observations = nil, nil, nil }, metrics.Inconclusive},
		"nothing but empty counts": {func(h *metrics.History) { h.Operations = nil; list(h, 0) }, metrics.Inconclusive},
	} {
		h := hundred()
		test.change(h)
		var file bytes.Buffer
		if err := metrics.EncodeHistory(&file, metrics.CycleFacts{}, h); err != nil {
			t.Fatal(err)
		}
		_, stored, err := metrics.DecodeHistory(&file)
		if err != nil {
			t.Fatal(err)
		}
		if verdict, findings := check.Judge(&stored); verdict != test.want {
			t.Errorf("%s: got %v, want %v: %+v", name, verdict, test.want, findings)
		}
	}
}

// timedOut lets every write and every reading after the first time out.
func timedOut(h *metrics.History) {
	for i := range h.Operations {
		op := &h.Operations[i]
		op.Outcome, op.Code, op.ID, op.Acks, op.Error = metrics.Unknown, 0, "", 0, "deadline exceeded"
	}
	for i := range h.Observations {
		if o := &h.Observations[i]; o.Stage != metrics.AtStart {
			o.Rows, o.Error = nil, "deadline exceeded"
		}
	}
}
