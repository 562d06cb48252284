package check

import (
	"cmp"
	"slices"

	"chaosctl/metrics"
)

// Assumptions decides: what every other checker takes for granted. Each node was read in full before the
// first write and was empty, in every namespace; every planned operation was begun; no two writes
// have the same key, and where the workload writes over keys (upserts, mixed) none has the same
// value; no process had two operations under way at a time; no time goes back; each node was read
// in full at the end. Where one does not hold the cycle is inconclusive. It always gates.
type Assumptions struct{}

// Name is assumptions.
func (Assumptions) Name() string { return "assumptions" }

// Check judges each assumption and tells of the first that does not hold.
func (c Assumptions) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (Assumptions) judge(v *views) metrics.Finding {
	h := v.whole
	back := h.ClockBack()
	switch {
	case h.Question.Nodes < 1:
		return inconclusive(true, "the history does not say how many nodes there were")
	case len(h.Operations) < h.Question.Writes:
		return inconclusive(true, "%d of %d planned operations were begun", len(h.Operations), h.Question.Writes)
	case back != "":
		return inconclusive(true, "the clock went back: %s", back)
	}
	if process, both := twoAtOnce(h.Operations); len(both) > 0 {
		return naming(inconclusive(true, "process %d had two operations under way at once", process), both)
	}
	return v.each(assumptions)
}

// assumptions judges those of a namespace.
func assumptions(h *view) metrics.Finding {
	start, end := readingsAt(h.History, metrics.AtStart), final(h.History)
	full := slices.IndexFunc(start.read, func(o metrics.Observation) bool { return len(o.Rows) > 0 })
	switch {
	case len(start.unread) > 0:
		return inconclusive(true, "%s was not read in full before the first write", nodeList(start.unread))
	case full >= 0:
		return inconclusive(true, "%s was not empty before the first write: %d rows",
			metrics.NodeName(start.read[full].Node), len(start.read[full].Rows))
	case len(end.unread) > 0:
		return inconclusive(true, "%s was not read in full at the end", nodeList(end.unread))
	}
	overwrites := writesOver(h.Question.Workload)
	twice := h.writtenTwice(overwrites)
	switch {
	case len(twice) > 0 && overwrites:
		return naming(inconclusive(true, "%d keys were given the same value more than once", len(twice)), twice)
	case len(twice) > 0:
		return naming(inconclusive(true, "%d keys were written more than once", len(twice)), twice)
	}
	return pass(true)
}

// writesOver reports whether a workload means to write keys more than once.
func writesOver(workload string) bool { return workload == "upserts" || workload == "mixed" }

// writtenTwice lists the keys that were written more than once, or only those that were given a
// value more than once.
func (v *view) writtenTwice(value bool) []string {
	var twice []string
	given := map[metrics.Copy]struct{}{}
	for i := range v.Operations {
		op := &v.Operations[i]
		if op.Kind != metrics.Write || v.keys[v.number[op.Key]].writes < 2 {
			continue
		}
		c := metrics.Copy{Key: op.Key}
		if value {
			c.Hash = op.Hash
		}
		if _, again := given[c]; again {
			twice = append(twice, op.Key)
		}
		given[c] = struct{}{}
	}
	return unique(twice)
}

// twoAtOnce finds two operations of one process of which the second began before the first ended.
func twoAtOnce(operations []metrics.Operation) (process int, keys []string) {
	byStart := make([]*metrics.Operation, len(operations))
	for i := range operations {
		byStart[i] = &operations[i]
	}
	slices.SortStableFunc(byStart, func(a, b *metrics.Operation) int { return cmp.Compare(a.Invoked, b.Invoked) })
	last := map[int]*metrics.Operation{}
	for _, op := range byStart {
		before := last[op.Process]
		if before != nil && (before.Returned == metrics.Never || before.Returned > op.Invoked) {
			return op.Process, []string{before.Key, op.Key}
		}
		last[op.Process] = op
	}
	return 0, nil
}
