package check_test

import (
	"testing"

	"chaosctl/metrics"
	"chaosctl/metrics/check"
)

// stopped is a cycle of W = 3 in which node 2 stood still from 100 ms to 600 ms; node 0 answered
// 503 meanwhile.
func stopped() *metrics.History {
	h := healthy()
	h.Question.Quorum = 3
	w := &h.Windows[0]
	w.Fault, w.Nodes, w.Isolated, w.Stopped = "pause(node=2,for=500ms)", []int{2}, nil, []int{2}
	return h
}

func TestFalseAckDegraded(t *testing.T) {
	lie := func(h *metrics.History) { h.Operations[5].Outcome = metrics.OK }
	checkGolden(t, check.FalseAckDegraded{}, map[string]golden{
		"refused":             {base: stopped, want: yes()},
		"acknowledged":        {base: stopped, change: lie, want: no(key(5))},
		"not promised":        {base: stopped, change: func(h *metrics.History) { silent(h); lie(h) }, want: reported(no(key(5)))},
		"clock back":          {base: stopped, change: func(h *metrics.History) { lie(h); h.Operations[5].Sent = 0 }, want: doubt(key(5))},
		"a peer is enough":    {base: stopped, change: func(h *metrics.History) { lie(h); h.Question.Quorum = 2 }, want: reported(doubt())},
		"no second copy":      {base: stopped, change: func(h *metrics.History) { lie(h); h.Question.Quorum = 1 }, want: reported(doubt())},
		"not seen to act":     {base: stopped, change: func(h *metrics.History) { lie(h); h.Windows[0].Effective = false }, want: reported(doubt())},
		"answered afterwards": {base: stopped, change: func(h *metrics.History) { lie(h); h.Operations[5].Returned = 601 * ms }, want: yes()},
		"begun before": {base: stopped, change: func(h *metrics.History) {
			lie(h)
			h.Operations[5].Invoked = 99 * ms
		}, want: yes()},
		"a read": {base: stopped, change: func(h *metrics.History) { lie(h); h.Operations[5].Kind = metrics.Read }, want: yes()},
		"two faults together": {base: stopped, change: func(h *metrics.History) {
			h.Question.Quorum = 2
			h.Windows = append(h.Windows, metrics.Window{
				Fault: "partition(nodes=1)", Nodes: []int{1}, Isolated: []int{1}, Effective: true,
				Began: 98 * ms, Active: 100 * ms, HealBegan: 600 * ms, Healed: 603 * ms,
			})
			lie(h)
		}, want: no(key(5))},
		"cut off itself": {change: lie, want: reported(doubt())},
		"dead peer": {base: killed, change: func(h *metrics.History) {
			h.Question.Quorum = 3
			h.Operations[6].Outcome, h.Operations[7].Outcome = metrics.Unknown, metrics.Unknown
		}, want: no(key(5))},
		"dead peer, back in time": {base: killed, change: func(h *metrics.History) {
			h.Question.Quorum = 3
			h.Rejoins[0].At = 104 * ms
		}, want: reported(doubt())},
		"dead peer, none of ours": {base: killed, change: func(h *metrics.History) { h.Question.Quorum = 3; h.Exits = nil }, want: reported(doubt())},
	})
}

func TestFalseNack(t *testing.T) {
	deny := func(h *metrics.History, i int) { h.Operations[i].Outcome, h.Operations[i].Code = metrics.Unknown, 503 }
	checkGolden(t, check.FalseNack{}, map[string]golden{
		"inside the fault":  {want: reported(yes())},
		"before it":         {change: func(h *metrics.History) { deny(h, 1) }, want: reported(no(key(1)))},
		"after it":          {change: func(h *metrics.History) { deny(h, 7) }, want: reported(no(key(7)))},
		"refused":           {change: func(h *metrics.History) { fail(h, 1) }, want: reported(yes())},
		"after a kill":      {base: killed, change: func(h *metrics.History) { deny(h, 6) }, want: reported(yes())},
		"no fault":          {change: func(h *metrics.History) { h.Windows = nil }, want: reported(no(key(4), key(5), key(6)))},
		"all in the fault":  {change: func(h *metrics.History) { h.Operations = h.Operations[4:7] }, want: reported(doubt())},
		"within the budget": {change: manyAcked, want: reported(yes())},
	})
}

// manyAcked adds enough acknowledged writes for one without to be within the budget.
func manyAcked(h *metrics.History) {
	h.Operations[1].Outcome = metrics.Unknown
	for i := range 20 {
		h.Operations = append(h.Operations, acked(10+i, 0, 700*ms))
	}
}

func TestAvailability(t *testing.T) {
	checkGolden(t, check.Availability{}, map[string]golden{
		"measured": {want: reported(yes())},
		"no fault": {change: func(h *metrics.History) { h.Windows = nil }, want: reported(doubt())},
	})
	h := healthy()
	h.Operations[1].Scheduled = 20 * ms // it had to wait for 10 ms to begin
	got := check.Availability{}.Check(h).Numbers
	for name, want := range map[string]float64{
		"before_n": 4, "before_ok": 1, "before_p50_ms": 5, "before_p95_ms": 15,
		"during_n": 3, "during_ok": 0, "after_n": 1, "after_ok": 1, "after_p50_ms": 5, "first_ok_ms": 102,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if _, measured := got["during_p50_ms"]; measured {
		t.Error("nothing was acknowledged during the fault, and there is a quantile of it")
	}
}

func TestCrashLog(t *testing.T) {
	checkGolden(t, check.CrashLog{}, map[string]golden{
		"none": {want: reported(yes())},
		"a panic": {change: func(h *metrics.History) {
			silent(h)
			h.Panics = []metrics.LogFinding{{Node: 1, Line: "panic: runtime error"}}
		}, want: no()},
	})
}

func TestCorruptedFiles(t *testing.T) {
	files := func(damaged ...int) func(*metrics.History) {
		return func(h *metrics.History) {
			for node := range 3 {
				h.Integrity = append(h.Integrity, metrics.IntegrityCheck{Node: node, OK: true})
			}
			for _, node := range damaged {
				h.Integrity[node] = metrics.IntegrityCheck{Node: node, Detail: "row 7 missing from index"}
			}
		}
	}
	checkGolden(t, check.Corrupted{}, map[string]golden{
		"not checked": {want: yes()},
		"sound":       {change: files(), want: yes()},
		"damaged":     {change: files(1), want: no()},
		"damaged and unread": {change: func(h *metrics.History) {
			files(1)(h)
			unread(h, metrics.AtFinal, 1)
		}, want: no()},
		"damaged and truncated": {change: func(h *metrics.History) {
			files(0, 2)(h)
			at(h, metrics.AtFinal, 1).Rows[2].Hash = "x"
		}, want: no(key(2))},
	})
}
