package check_test

import (
	"testing"
	"time"

	"chaosctl/metrics"
	"chaosctl/metrics/check"
)

const second = "chaos-c1-b"

// twoSpaces is healthy, with as many writes to a second namespace.
func twoSpaces() *metrics.History {
	h := healthy()
	h.Question.Writes, h.Question.Workload, h.Others = 16, "namespaces", []string{second}
	for _, op := range h.Operations[:8:8] {
		op.Index, op.Process, op.Namespace = op.Index+8, op.Process+8, second
		op.Key += "-b"
		op.Hash = metrics.ContentHash(op.Key)
		h.Operations = append(h.Operations, op)
	}
	for _, o := range h.Observations[:9:9] {
		o.Namespace, o.Rows = second, nil
		if o.Stage != metrics.AtStart {
			o = reading(o.Stage, o.Node, o.Began, h.Operations[8:]...)
			o.Namespace = second
		}
		h.Observations = append(h.Observations, o)
	}
	return h
}

// space returns the reading of a node's second namespace at a stage.
func space(h *metrics.History, stage metrics.Stage, node int) *metrics.Observation {
	for i := range h.Observations {
		if o := &h.Observations[i]; o.Stage == stage && o.Node == node && o.Namespace == second {
			return o
		}
	}
	panic("the golden history has no such reading")
}

func TestNamespaceLeak(t *testing.T) {
	leak := func(h *metrics.History) { show(h, metrics.AtSettleA, 1, space(h, metrics.AtFinal, 1).Rows[2]) }
	checkGolden(t, check.NamespaceLeak{}, map[string]golden{
		"none":         {base: twoSpaces, want: yes()},
		"into main":    {base: twoSpaces, change: leak, want: no(key(2) + "-b")},
		"not promised": {base: twoSpaces, change: func(h *metrics.History) { silent(h); leak(h) }, want: no(key(2) + "-b")},
		"out of main": {base: twoSpaces, change: func(h *metrics.History) {
			o := space(h, metrics.AtFinal, 2)
			o.Rows = append(o.Rows, at(h, metrics.AtFinal, 2).Rows[1])
		}, want: no(second + "/" + key(1))},
		"a value of the same key": {base: twoSpaces, change: func(h *metrics.History) {
			h.Operations[8+2].Key = key(2)
			for _, node := range all {
				space(h, metrics.AtSettleA, node).Rows[2].Key = key(2)
				space(h, metrics.AtFinal, node).Rows[2].Key = key(2)
			}
			at(h, metrics.AtFinal, 0).Rows[2].Hash = h.Operations[8+2].Hash
		}, want: no(key(2))},
		"a phantom is not its matter": {base: twoSpaces, change: func(h *metrics.History) { show(h, metrics.AtFinal, 0, metrics.Row{Key: "ghost"}) }, want: yes()},
		"unread":                      {base: twoSpaces, change: func(h *metrics.History) { space(h, metrics.AtFinal, 2).Error = "no" }, want: doubt()},
		"one namespace":               {want: reported(doubt())},
	})
}

// Every checker of keys judges every namespace, and names it.
func TestEveryNamespaceIsJudged(t *testing.T) {
	drop := func(stage metrics.Stage, nodes ...int) func(*metrics.History) {
		return func(h *metrics.History) {
			for _, node := range nodes {
				o := space(h, stage, node)
				o.Rows = append(o.Rows[:3:3], o.Rows[4:]...)
			}
		}
	}
	change := func(f func(r *metrics.Row)) func(*metrics.History) {
		return func(h *metrics.History) { f(&space(h, metrics.AtFinal, 1).Rows[3]) }
	}
	named := second + "/" + key(3) + "-b"
	for c, break3 := range map[check.Checker]func(*metrics.History){
		check.AckedLost{}:       drop(metrics.AtFinal, all...),
		check.UnderReplicated{}: drop(metrics.AtFinal, 0, 1),
		check.Convergence{}:     drop(metrics.AtSettleA, 1),
		check.CatchesUp{}:       drop(metrics.AtSettleA, 1),
		check.Divergence{}:      drop(metrics.AtFinal, 1),
		check.Regressed{}:       drop(metrics.AtFinal, 1),
		check.Corrupted{}:       change(func(r *metrics.Row) { r.Hash = "x" }),
		check.Duplicate{}:       change(func(r *metrics.Row) { r.ID = "another" }),
	} {
		checkGolden(t, c, map[string]golden{
			c.Name() + " holds":  {base: twoSpaces, want: yes()},
			c.Name() + " broken": {base: twoSpaces, change: break3, want: no(named)},
		})
	}
	checkGolden(t, check.Phantom{}, map[string]golden{
		"phantom": {base: twoSpaces, change: change(func(r *metrics.Row) { r.Key = "ghost" }), want: no(second + "/ghost")},
	})
}

// registered is a cycle in which reads told what was written: one before the write, one beside
// it, one after it.
func registered() *metrics.History {
	h := healthy()
	h.Question.Workload, h.Question.Promises.Linearizable = "mixed", true
	for i, r := range []struct {
		at   time.Duration
		hash string
	}{{1 * ms, ""}, {12 * ms, metrics.ContentHash(key(0))}, {20 * ms, metrics.ContentHash(key(0))}} {
		read := acked(0, 1, r.at)
		read.Index, read.Process, read.Kind, read.Hash, read.Sent, read.Code, read.Acks = 8+i, 8+i, metrics.Read, r.hash, metrics.Never, 0, 0
		read.Returned = r.at + 2*ms
		h.Operations = append(h.Operations, read)
	}
	return h
}

func TestLinearizable(t *testing.T) {
	checkGolden(t, check.Linearizable{}, map[string]golden{
		"an order":              {base: registered, want: yes()},
		"stale read":            {base: registered, change: func(h *metrics.History) { h.Operations[10].Hash = "" }, want: no(key(0))},
		"read from the future":  {base: registered, change: func(h *metrics.History) { h.Operations[8].Hash = metrics.ContentHash(key(0)) }, want: no(key(0))},
		"value nobody wrote":    {base: registered, change: func(h *metrics.History) { h.Operations[9].Hash = "x" }, want: no(key(0))},
		"went back":             {base: registered, change: func(h *metrics.History) { h.Operations[0].Returned = 40 * ms; h.Operations[10].Hash = "" }, want: no(key(0))},
		"not seen yet":          {base: registered, change: func(h *metrics.History) { h.Operations[9].Hash = "" }, want: yes()},
		"unknown took effect":   {base: registered, change: func(h *metrics.History) { h.Operations[0].Outcome = metrics.Unknown }, want: yes()},
		"unknown, seen never":   {base: registered, change: func(h *metrics.History) { unseen(h); h.Operations[0].Outcome = metrics.Unknown }, want: yes()},
		"failed, seen never":    {base: registered, change: func(h *metrics.History) { unseen(h); h.Operations[0].Outcome = metrics.Failed }, want: yes()},
		"failed, and seen":      {base: registered, change: func(h *metrics.History) { h.Operations[0].Outcome = metrics.Failed }, want: no(key(0))},
		"read without answer":   {base: registered, change: func(h *metrics.History) { h.Operations[10].Hash = ""; h.Operations[10].Outcome = metrics.Failed }, want: yes()},
		"deleted between":       {base: registered, change: func(h *metrics.History) { removed(h); h.Operations[10].Hash = "" }, want: yes()},
		"deleted, and seen":     {base: registered, change: removed, want: no(key(0))},
		"too many":              {base: registered, change: crowded, want: doubt(key(0))},
		"not promised":          {base: registered, change: silent, want: reported(doubt())},
		"promised and not read": {change: func(h *metrics.History) { h.Question.Promises.Linearizable = true }, want: reported(doubt())},
	})
}

func unseen(h *metrics.History) { h.Operations[9].Hash, h.Operations[10].Hash = "", "" }

// removed deletes w0 between the second and the third read.
func removed(h *metrics.History) {
	gone := acked(0, 0, 15*ms)
	gone.Kind, gone.Hash, gone.Process, gone.Returned = metrics.Delete, "", 20, 19*ms
	h.Operations = append(h.Operations, gone)
}

func crowded(h *metrics.History) {
	for i := range 5001 {
		op := acked(0, 0, time.Second+time.Duration(i)*ms)
		h.Operations = append(h.Operations, op)
	}
}
