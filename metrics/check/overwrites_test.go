package check_test

import (
	"testing"
	"time"

	"chaosctl/metrics"
	"chaosctl/metrics/check"
)

// overwritten is a cycle in which k was written three times, one after the other, and every node
// holds the last value.
func overwritten() *metrics.History {
	h := healthy()
	h.Question.Workload = "upserts"
	for i, at := range []time.Duration{800 * ms, 810 * ms, 820 * ms} {
		op := acked(8+i, 0, at)
		op.Key, op.Hash = "k", values[i]
		h.Operations = append(h.Operations, op)
	}
	for i := range h.Observations {
		o := &h.Observations[i]
		if o.Stage == metrics.AtStart {
			continue
		}
		o.Began, o.Ended = o.Began+100*ms, o.Ended+100*ms
		o.Rows = append(o.Rows, metrics.Row{Key: "k", ID: "id-k", Hash: values[2]})
	}
	return h
}

var values = []string{"v0", "v1", "v2"}

// showValue lets nodes show another value of k at a stage; an empty one is none.
func showValue(h *metrics.History, stage metrics.Stage, value string, nodes ...int) {
	lose(h, stage, nodes, "k")
	for _, node := range nodes {
		if value != "" {
			show(h, stage, node, metrics.Row{Key: "k", ID: "id-k", Hash: value})
		}
	}
}

// deleted is a cycle in which w3 was deleted after the cut, by operation 8, and is on no node.
func deleted() *metrics.History {
	h := healthy()
	h.Question.Workload = "deletes"
	op := acked(8, 0, 710*ms)
	op.Kind, op.Key, op.Hash = metrics.Delete, key(3), ""
	h.Operations = append(h.Operations, op)
	lose(h, metrics.AtSettleA, all, key(3))
	lose(h, metrics.AtFinal, all, key(3))
	return h
}

// TestHealthyWorkloadsPass judges cycles of all kinds of operations that went well.
func TestHealthyWorkloadsPass(t *testing.T) {
	for name, h := range map[string]*metrics.History{
		"upserts": overwritten(), "deletes": deleted(), "namespaces": twoSpaces(), "reads": registered(),
	} {
		if verdict, findings := check.Judge(h); verdict != metrics.Pass {
			t.Errorf("%s: %v: %+v", name, verdict, findings)
		}
	}
}

func TestLostUpdate(t *testing.T) {
	old := func(nodes ...int) func(*metrics.History) {
		return func(h *metrics.History) { showValue(h, metrics.AtFinal, "v1", nodes...) }
	}
	checkGolden(t, check.LostUpdate{}, map[string]golden{
		"last value":         {base: overwritten, want: yes()},
		"older value":        {base: overwritten, change: old(all...), want: no("k")},
		"oldest value":       {base: overwritten, change: func(h *metrics.History) { showValue(h, metrics.AtFinal, "v0", all...) }, want: no("k")},
		"not promised":       {base: overwritten, change: func(h *metrics.History) { silent(h); old(all...)(h) }, want: reported(no("k"))},
		"older on one":       {base: overwritten, change: old(1), want: yes()},
		"none":               {base: overwritten, change: func(h *metrics.History) { showValue(h, metrics.AtFinal, "", all...) }, want: yes()},
		"older, one unread":  {base: overwritten, change: func(h *metrics.History) { old(0, 1)(h); unread(h, metrics.AtFinal, 2) }, want: doubt("k")},
		"unread":             {base: overwritten, change: func(h *metrics.History) { unread(h, metrics.AtFinal, 2) }, want: doubt()},
		"the two overlapped": {base: overwritten, change: func(h *metrics.History) { old(all...)(h); h.Operations[9].Returned = 820 * ms }, want: yes()},
		"may have come late": {base: overwritten, change: func(h *metrics.History) { old(all...)(h); h.Operations[9].Outcome = metrics.Unknown }, want: yes()},
		"the last was not acknowledged": {base: overwritten, change: func(h *metrics.History) {
			old(all...)(h)
			h.Operations[10].Outcome = metrics.Unknown
		}, want: yes()},
		"deleted since": {base: overwritten, change: func(h *metrics.History) {
			old(all...)(h)
			gone := acked(11, 0, 830*ms)
			gone.Kind, gone.Key, gone.Hash = metrics.Delete, "k", ""
			h.Operations = append(h.Operations, gone)
		}, want: reported(doubt())},
		"every key once": {want: reported(doubt())},
	})
}

func TestDeletedReturned(t *testing.T) {
	back := func(nodes ...int) func(*metrics.History) {
		return func(h *metrics.History) {
			for _, node := range nodes {
				show(h, metrics.AtFinal, node, metrics.Row{Key: key(3), ID: "id", Hash: h.Operations[3].Hash})
			}
		}
	}
	checkGolden(t, check.DeletedReturned{}, map[string]golden{
		"gone":         {base: deleted, want: yes()},
		"back":         {base: deleted, change: back(all...), want: no(key(3))},
		"back on one":  {base: deleted, change: back(2), want: no(key(3))},
		"not promised": {base: deleted, change: func(h *metrics.History) { silent(h); back(1)(h) }, want: reported(no(key(3)))},
		"unread":       {base: deleted, change: func(h *metrics.History) { unread(h, metrics.AtFinal, 1) }, want: doubt()},
		"not acknowledged": {base: deleted, change: func(h *metrics.History) {
			back(all...)(h)
			h.Operations[8].Outcome = metrics.Unknown
		}, want: reported(doubt())},
		"the write was under way":   {base: deleted, change: func(h *metrics.History) { back(1)(h); h.Operations[3].Returned = 710 * ms }, want: yes()},
		"the write may have spread": {base: deleted, change: func(h *metrics.History) { back(1)(h); h.Operations[3].Outcome = metrics.Unknown }, want: yes()},
		"written again": {base: deleted, change: func(h *metrics.History) {
			again := acked(3, 0, 720*ms)
			h.Operations = append(h.Operations, again)
			back(all...)(h)
		}, want: yes()},
		"nothing deleted": {want: reported(doubt())},
	})
}

// What may have been deleted need not be there, and what was written after the delete must.
func TestDeletesExcuseWhatTheyMayHaveUndone(t *testing.T) {
	for _, c := range []check.Checker{check.AckedLost{}, check.UnderReplicated{}, check.Convergence{}, check.CatchesUp{}} {
		after := func(h *metrics.History) { h.Operations[8].Invoked, h.Operations[8].Returned = 1*ms, 2*ms }
		checkGolden(t, c, map[string]golden{
			"deleted":           {base: deleted, want: yes()},
			"perhaps deleted":   {base: deleted, change: func(h *metrics.History) { h.Operations[8].Outcome = metrics.Unknown }, want: yes()},
			"perhaps late":      {base: deleted, change: func(h *metrics.History) { after(h); h.Operations[8].Outcome = metrics.Unknown }, want: yes()},
			"delete overlapped": {base: deleted, change: func(h *metrics.History) { after(h); h.Operations[8].Returned = 70 * ms }, want: yes()},
		})
		for name, change := range map[string]func(*metrics.History){
			"written after the delete": after,
			"delete failed":            func(h *metrics.History) { h.Operations[8].Outcome = metrics.Failed },
		} {
			h := deleted()
			change(h)
			f := c.Check(h)
			wanted := metrics.Fail
			if c.Name() == "under_replicated" { // it is the other one's
				wanted = metrics.Pass
			}
			if f.Verdict != wanted {
				t.Errorf("%s, %s: %v %s", c.Name(), name, f.Verdict, f.Why)
			}
		}
	}
}

func TestRegressed(t *testing.T) {
	vanish := func(h *metrics.History) { lose(h, metrics.AtFinal, []int{1}, key(2)) }
	checkGolden(t, check.Regressed{}, map[string]golden{
		"never":         {want: yes()},
		"never, kill":   {base: killed, want: yes()},
		"vanished":      {change: vanish, want: no(key(2))},
		"not promised":  {change: func(h *metrics.History) { silent(h); vanish(h) }, want: reported(no(key(2)))},
		"came later":    {change: func(h *metrics.History) { lose(h, metrics.AtSettleA, all, key(2)) }, want: yes()},
		"never there":   {change: func(h *metrics.History) { vanish(h); lose(h, metrics.AtSettleA, all, key(2)) }, want: yes()},
		"overlapping":   {change: func(h *metrics.History) { vanish(h); at(h, metrics.AtSettleA, 1).Ended = 901 * ms }, want: yes()},
		"several pages": {change: func(h *metrics.History) { vanish(h); at(h, metrics.AtSettleA, 1).Pages = 2 }, want: yes()},
		"unread since":  {change: func(h *metrics.History) { unread(h, metrics.AtFinal, 1) }, want: yes()},
		"not acknowledged": {change: func(h *metrics.History) {
			lose(h, metrics.AtFinal, all, key(5))
		}, want: yes()},
		"deleted": {base: deleted, change: func(h *metrics.History) {
			for node := range 3 {
				show(h, metrics.AtSettleA, node, metrics.Row{Key: key(3), Hash: h.Operations[3].Hash})
			}
		}, want: yes()},
		"lost in the kill": {base: killed, change: func(h *metrics.History) {
			early := reading(metrics.DuringLoad, 0, 90*ms, h.Operations[:4]...)
			h.Observations = append(h.Observations, early)
			lose(h, metrics.AtFirst, []int{0}, key(1))
		}, want: reported(no(key(1)))},
		"lost after the kill": {base: killed, change: func(h *metrics.History) { lose(h, metrics.AtSettleB, []int{0}, key(1)) }, want: no(key(1))},
		"older value":         {base: overwritten, change: func(h *metrics.History) { showValue(h, metrics.AtFinal, "v1", 1) }, want: no("k")},
		"newer value":         {base: overwritten, change: func(h *metrics.History) { showValue(h, metrics.AtSettleA, "v1", 1) }, want: yes()},
		"value of a late write": {base: overwritten, change: func(h *metrics.History) {
			showValue(h, metrics.AtFinal, "v1", 1)
			h.Operations[9].Outcome = metrics.Unknown
		}, want: yes()},
		"read once": {change: func(h *metrics.History) {
			h.Observations = append(h.Observations[:3:3], h.Observations[6:]...)
		}, want: reported(doubt())},
	})
}

func TestStaleThenRecovered(t *testing.T) {
	stale := func(node int, began time.Duration, keys ...int) func(*metrics.History) {
		return func(h *metrics.History) {
			o := reading(metrics.DuringPoll, node, began)
			for i, op := range h.Operations {
				if len(keys) == 0 || i != keys[0] {
					o.Rows = append(o.Rows, metrics.Row{Key: op.Key, ID: "id-" + op.Key, Hash: op.Hash})
				}
			}
			h.Observations = append(h.Observations, o)
		}
	}
	short := func(h *metrics.History) { h.Question.SettleLimit = 50 * ms }
	checkGolden(t, check.StaleThenRecovered{}, map[string]golden{
		"never":                   {want: yes()},
		"within the limit":        {change: stale(1, 750*ms, 2), want: yes()},
		"longer":                  {change: func(h *metrics.History) { short(h); stale(1, 750*ms, 2)(h) }, want: no(key(2))},
		"longer, not promised":    {change: func(h *metrics.History) { silent(h); short(h); stale(1, 750*ms, 2)(h) }, want: reported(no(key(2)))},
		"while the fault acts":    {change: func(h *metrics.History) { short(h); stale(1, 590*ms, 2)(h) }, want: yes()},
		"from its acknowledgment": {change: func(h *metrics.History) { short(h); stale(1, 750*ms, 7)(h) }, want: yes()},
		"before it was written":   {change: func(h *metrics.History) { short(h); stale(1, 650*ms, 7)(h) }, want: yes()},
		"never recovered": {change: func(h *metrics.History) {
			short(h)
			stale(1, 750*ms, 2)(h)
			lose(h, metrics.AtFinal, []int{1}, key(2))
		}, want: yes()},
		"not healed":     {change: func(h *metrics.History) { short(h); stale(1, 750*ms, 2)(h); h.Windows[0].Healed = metrics.Never }, want: yes()},
		"after a rejoin": {base: killed, change: func(h *metrics.History) { short(h); stale(0, 440*ms, 6)(h) }, want: yes()},
		"long after a rejoin": {base: killed, change: func(h *metrics.History) {
			short(h)
			stale(0, 460*ms, 6)(h)
		}, want: no(key(6))},
		"nothing owed": {change: nothingAcked, want: reported(doubt())},
	})
	h := healthy()
	stale(1, 750*ms, 2)(h)
	f := check.StaleThenRecovered{}.Check(h)
	if f.Numbers["stale"] != 1 || f.Numbers["stale_ms"] != 147 { // from the end of the heal
		t.Errorf("got %v", f.Numbers)
	}
}

func TestRecovered(t *testing.T) {
	checkGolden(t, check.Recovered{}, map[string]golden{
		"present": {want: reported(yes())},
		"unread":  {change: func(h *metrics.History) { unread(h, metrics.AtFinal, 1) }, want: reported(doubt())},
	})
	h := healthy()
	lose(h, metrics.AtFinal, all, key(5))
	got := check.Recovered{}.Check(h).Numbers
	if got["indeterminate"] != 3 || got["present"] != 2 || got["absent"] != 1 {
		t.Errorf("got %v", got)
	}
}

// Overwritten keys are what a workload says they are.
func TestAssumptionsOfWorkloads(t *testing.T) {
	checkGolden(t, check.Assumptions{}, map[string]golden{
		"upserts":         {base: overwritten, want: yes()},
		"deletes":         {base: deleted, want: yes()},
		"namespaces":      {base: twoSpaces, want: yes()},
		"reads":           {base: registered, want: yes()},
		"unique was said": {base: overwritten, change: func(h *metrics.History) { h.Question.Workload = "inserts" }, want: doubt("k")},
		"a value twice":   {base: overwritten, change: func(h *metrics.History) { h.Operations[10].Hash = values[0] }, want: doubt("k")},
		"second namespace not empty": {base: twoSpaces, change: func(h *metrics.History) {
			space(h, metrics.AtStart, 1).Rows = []metrics.Row{{Key: "old"}}
		}, want: doubt()},
		"second namespace not read": {base: twoSpaces, change: func(h *metrics.History) {
			space(h, metrics.AtFinal, 1).Error = "refused"
		}, want: doubt()},
		"begun before it was due": {change: func(h *metrics.History) { h.Operations[3].Scheduled = 99 * time.Second }, want: doubt()},
	})
}

// Nodes may have to agree on the id of a key that was written over.
func TestDriftOfOverwrittenKeys(t *testing.T) {
	drift := func(h *metrics.History) {
		rows := at(h, metrics.AtFinal, 1).Rows
		rows[len(rows)-1].ID = "another"
	}
	checkGolden(t, check.Duplicate{}, map[string]golden{
		"none":                {base: overwritten, want: yes()},
		"within the limit":    {base: overwritten, change: drift, want: doubt("k")},
		"the limit is over":   {base: overwritten, change: func(h *metrics.History) { drift(h); h.Question.SettleLimit = 100 * ms }, want: no("k")},
		"not promised":        {base: overwritten, change: func(h *metrics.History) { silent(h); drift(h) }, want: reported(doubt("k"))},
		"with a key that was": {base: overwritten, change: func(h *metrics.History) { drift(h); at(h, metrics.AtFinal, 1).Rows[2].ID = "x" }, want: no(key(2), "k")},
		"not healed":          {base: overwritten, change: func(h *metrics.History) { drift(h); h.Windows[0].Healed = metrics.Never }, want: doubt("k")},
	})
}
