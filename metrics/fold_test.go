package metrics_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/metrics"
)

func TestRecordLine(t *testing.T) {
	r := metrics.NewRecord(facts(), partitioned(), metrics.Fail, findings())
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/record.jsonl", append(line, '\n'))
	back, err := metrics.ReadRecords(bytes.NewReader(append(line, '\n')))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, []metrics.Record{r}, back)
}

func TestRecordBeginsWithTheHarnessesKeysInItsOrder(t *testing.T) {
	line, err := json.Marshal(metrics.NewRecord(facts(), partitioned(), metrics.Fail, nil))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"cycle":7,"fault":"partition_minority","writes":9,"ok":5,"quorum_not_met":2,"fail":2,` +
		`"count_node0":7,"count_node1":7,"count_node2":6,"convergence_bound":0.8,"schema":"chaosctl/1",`
	if !strings.HasPrefix(string(line), want) {
		t.Errorf("the line begins with %.200s", line)
	}
}

// A line has every key, and a list or an object where the schema says so, whatever is known.
func TestRecordOfNothing(t *testing.T) {
	full, err := json.Marshal(metrics.NewRecord(facts(), partitioned(), metrics.Fail, findings()))
	if err != nil {
		t.Fatal(err)
	}
	none, err := json.Marshal(metrics.NewRecord(metrics.CycleFacts{}, &metrics.History{}, metrics.Error, nil))
	if err != nil {
		t.Fatal(err)
	}
	var a, b map[string]any
	if err := json.Unmarshal(full, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(none, &b); err != nil {
		t.Fatal(err)
	}
	mayBeNull := map[string]bool{
		"count_node0": true, "count_node1": true, "count_node2": true, "convergence_bound": true,
		"fault_window": true, "reconnect_ms": true, "inside_fault": true, "harness_error": true,
	}
	for key := range a {
		switch v, ok := b[key]; {
		case !ok:
			t.Errorf("%s is missing", key)
		case v == nil && !mayBeNull[key]:
			t.Errorf("%s is null", key)
		}
	}
	diff(t, len(a), len(b))
}

func TestCountsOfOutcomesAddUp(t *testing.T) {
	r := metrics.NewRecord(facts(), partitioned(), metrics.Fail, nil)
	diff(t, r.Writes, r.OK+r.QuorumNotMet+r.Fail)
	diff(t, 1, r.Unknown)
	diff(t, map[string]int{"201": 5, "503": 2, "400": 1, "none": 1}, r.Codes)
}

func TestUnknownIsNeverZero(t *testing.T) {
	h := partitioned()
	for i := range h.Observations {
		if o := &h.Observations[i]; o.Stage == metrics.AtSettleA && o.Node == 1 {
			o.Error, o.Rows = "no answer", nil
		}
	}
	r := metrics.NewRecord(facts(), h, metrics.Inconclusive, nil)
	if r.CountNode1 != nil || r.ConvergenceBound != nil {
		t.Errorf("count %v, bound %v of a node that could not be read", r.CountNode1, r.ConvergenceBound)
	}
	if r.Counts[2].N != nil || r.Counts[2].Error == nil || *r.Counts[2].Error != "connection reset" {
		t.Errorf("count at the end: %+v", r.Counts[2])
	}
	if missing, known := r.MissingAcked["node1"]; known {
		t.Errorf("%d writes are missing on a node that was not read", missing)
	}
}

func TestFlags(t *testing.T) {
	tests := map[string]struct {
		change   func(h *metrics.History)
		findings []metrics.Finding
		want     []string
	}{
		"none":             {func(*metrics.History) {}, nil, []string{}},
		"lost_acked":       {func(*metrics.History) {}, []metrics.Finding{{Checker: "acked_lost", Verdict: metrics.Fail, Keys: []string{"c1-w1"}}}, []string{"lost_acked"}},
		"under_count":      {func(h *metrics.History) { h.Observations[2].Rows = h.Observations[2].Rows[:3] }, nil, []string{"under_count"}},
		"over_count":       {func(h *metrics.History) { h.Operations = h.Operations[:4]; h.Question.Writes = 4 }, nil, []string{"over_count"}},
		"zero_acked":       {zeroAcked, nil, []string{"zero_acked"}},
		"count_eq_page":    {func(h *metrics.History) { h.Observations[2].PageSize = 4 }, nil, []string{"count_eq_page_size"}},
		"count_error":      {func(h *metrics.History) { h.Observations[13].Error = "x" }, nil, []string{"count_error"}},
		"final never read": {func(h *metrics.History) { h.Observations = h.Observations[:12] }, nil, []string{"count_error"}},
		"fault_no_effect":  {func(h *metrics.History) { h.Windows[0].Effective = false }, nil, []string{"fault_no_effect"}},
		"heal_late":        {func(h *metrics.History) { h.Windows[0].Healed = 353 * ms }, nil, []string{"heal_late"}},
		"clock_back":       {func(h *metrics.History) { h.Operations[0].Returned = 5 * ms }, nil, []string{"clock_back"}},
		"sum_mismatch":     {func(h *metrics.History) { h.Question.Writes = 6 }, nil, []string{"sum_mismatch"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := restarted()
			test.change(h)
			diff(t, test.want, metrics.NewRecord(facts(), h, metrics.Pass, test.findings).Flags)
		})
	}
}

func zeroAcked(h *metrics.History) {
	for i := range h.Operations {
		h.Operations[i].Outcome = metrics.Unknown
	}
}

func TestInside(t *testing.T) {
	got := metrics.Inside(partitioned())
	// Write 5 was sent before the cut and ended inside it without an answer; 6 and 7 were contained.
	diff(t, metrics.InsideFault{Sent: 1, Lost: 1, Contained: 2, Acked: 0, Overlap: 3}, got)
	got = metrics.Inside(restarted())
	diff(t, metrics.InsideFault{Sent: 1, Lost: 1, Contained: 0, Acked: 0, Overlap: 0}, metrics.InsideFault{
		Sent: got.Sent, Lost: got.Lost, Contained: got.Contained, Acked: got.Acked,
	})
	never := restarted()
	never.Windows[0] = metrics.Window{Began: metrics.Never, Active: metrics.Never, HealBegan: metrics.Never, Healed: metrics.Never}
	diff(t, metrics.InsideFault{}, metrics.Inside(never))
}

func TestTimesToConverge(t *testing.T) {
	r := metrics.NewRecord(facts(), partitioned(), metrics.Fail, nil)
	// Node 0 showed everything at its first reading, node 1 at its second, node 2 never.
	diff(t, map[string]*float64{"node0": value(28.0), "node1": value(78.0), "node2": nil}, r.ConvergeMS)
	r = metrics.NewRecord(facts(), restarted(), metrics.Pass, nil)
	// Survivors from the last write, the restarted node from when it could reach them.
	diff(t, map[string]*float64{"node0": value(32.0), "node1": value(8.0), "node2": value(28.0)}, r.ConvergeMS)
}

func TestNobodyConvergesWithoutAnAcknowledgedWriteOrWithTwoContents(t *testing.T) {
	none := map[string]*float64{"node0": nil, "node1": nil, "node2": nil}
	lost := restarted()
	lost.Operations = append(lost.Operations, op(5, 1, 90*ms, metrics.OK, 201))
	diff(t, none, metrics.NewRecord(facts(), lost, metrics.Fail, nil).ConvergeMS)

	two := restarted()
	for i := range two.Observations {
		if o := &two.Observations[i]; o.Node == 1 && len(o.Rows) > 0 {
			o.Rows[0].Hash = "another"
		}
	}
	diff(t, none, metrics.NewRecord(facts(), two, metrics.Fail, nil).ConvergeMS)
}

func TestTimesAreUnknownWithoutAHeal(t *testing.T) {
	h := partitioned()
	h.Windows[0].Healed = metrics.Never
	r := metrics.NewRecord(facts(), h, metrics.Inconclusive, nil)
	diff(t, map[string]*float64{"node0": nil, "node1": nil, "node2": nil}, r.ConvergeMS)
	diff(t, (*float64)(nil), r.ReconnectMS)
	diff(t, false, r.FaultWindow.Healed)
	diff(t, (*float64)(nil), r.FaultWindow.HealMS)
}

func TestTimeToReconnect(t *testing.T) {
	tests := map[string]struct {
		history func() *metrics.History
		change  func(h *metrics.History)
		want    *float64
	}{
		"an acknowledgement by the node that was cut off": {partitioned, nil, value(21.0)},
		"a write of the window on another node": {partitioned, func(h *metrics.History) {
			h.Operations[8].Outcome = metrics.Unknown
		}, value(99.0)},
		"nothing to exchange": {partitioned, func(h *metrics.History) {
			h.Operations = h.Operations[:6]
		}, nil},
		"a row its disk had not kept": {restarted, nil, value(12.0)},
		"never back":                  {restarted, func(h *metrics.History) { h.Rejoins = nil }, nil},
		"a row that only its disk had": {restarted, func(h *metrics.History) {
			for i := range h.Observations {
				if o := &h.Observations[i]; o.Node == 0 && o.Began > 400*ms {
					o.Rows = nil
				}
			}
		}, value(52.0)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := test.history()
			if test.change != nil {
				test.change(h)
			}
			diff(t, test.want, metrics.NewRecord(facts(), h, metrics.Pass, nil).ReconnectMS)
		})
	}
}

func TestQuantileIsNearestRank(t *testing.T) {
	ten := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for q, want := range map[float64]float64{0.01: 1, 0.1: 1, 0.11: 2, 0.5: 5, 0.51: 6, 0.95: 10, 0.99: 10, 1: 10} {
		if got := metrics.Quantile(ten, q); got != want {
			t.Errorf("%v-quantile: got %v, want %v", q, got, want)
		}
	}
	diff(t, 7.0, metrics.Quantile([]float64{7}, 0.5))
	diff(t, 0.0, metrics.Quantile(nil, 0.5))
}

func TestConvergenceBoundIsByIdentity(t *testing.T) {
	h := partitioned()
	diff(t, value(0.8), metrics.Converged(h).Bound())
	// As many rows as before, one of them with a content that nobody wrote.
	for i := range h.Observations {
		if o := &h.Observations[i]; o.Stage == metrics.AtSettleA && o.Node == 2 {
			o.Rows[0].Hash = "another"
		}
	}
	diff(t, value(0.6), metrics.Converged(h).Bound())
	zeroAcked(h)
	if bound := metrics.Converged(h).Bound(); bound != nil {
		t.Errorf("bound %v although nothing was acknowledged", *bound)
	}
}

func TestWithinAndOverlaps(t *testing.T) {
	w := op(0, 0, 10*ms, metrics.OK, 201) // until 14 ms
	open := w
	open.Returned = metrics.Never
	tests := []struct {
		op               metrics.Operation
		from, to         int
		within, overlaps bool
	}{
		{w, 10, 14, true, true}, {w, 11, 20, false, true}, {w, 5, 13, false, true},
		{w, 15, 20, false, false}, {w, 1, 9, false, false}, {w, 11, 12, false, true},
		{open, 0, 100, false, true}, {open, 50, 100, false, true}, {open, 0, 9, false, false},
	}
	for _, test := range tests {
		from, to := time.Duration(test.from)*ms, time.Duration(test.to)*ms
		got := [2]bool{test.op.Within(from, to), test.op.Overlaps(from, to)}
		if d := cmp.Diff([2]bool{test.within, test.overlaps}, got); d != "" {
			t.Errorf("[%v, %v] (-want +got):\n%s", from, to, d)
		}
	}
}
