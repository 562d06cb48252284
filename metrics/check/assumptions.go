package check

import (
	"cmp"
	"slices"

	"chaosctl/metrics"
)

// Assumptions decides: what every other checker takes for granted. Each node was read in full before the
// first write and was empty; every planned write was begun; no two writes have the same key; no
// process had two writes under way at a time; no time goes back; each node was read in full at
// the end. Where one does not hold the cycle is inconclusive. It always gates.
type Assumptions struct{}

// Name is assumptions.
func (Assumptions) Name() string { return "assumptions" }

// Check judges each assumption and tells of the first that does not hold.
func (Assumptions) Check(h *metrics.History) metrics.Finding {
	start, end := readingsAt(h, metrics.AtStart), final(h)
	full := slices.IndexFunc(start.read, func(o metrics.Observation) bool { return len(o.Rows) > 0 })
	back := h.ClockBack()
	switch {
	case h.Question.Nodes < 1:
		return inconclusive(true, "the history does not say how many nodes there were")
	case len(start.unread) > 0:
		return inconclusive(true, "%s was not read in full before the first write", nodeList(start.unread))
	case full >= 0:
		return inconclusive(true, "%s was not empty before the first write: %d rows",
			metrics.NodeName(start.read[full].Node), len(start.read[full].Rows))
	case len(h.Operations) < h.Question.Writes:
		return inconclusive(true, "%d of %d planned writes were begun", len(h.Operations), h.Question.Writes)
	case back != "":
		return inconclusive(true, "the clock went back: %s", back)
	case len(end.unread) > 0:
		return inconclusive(true, "%s was not read in full at the end", nodeList(end.unread))
	}
	if twice := keysWrittenTwice(h.Operations); len(twice) > 0 {
		return naming(inconclusive(true, "%d keys were written more than once", len(twice)), twice)
	}
	if process, both := twoAtOnce(h.Operations); len(both) > 0 {
		return naming(inconclusive(true, "process %d had two writes under way at once", process), both)
	}
	return pass(true)
}

func keysWrittenTwice(operations []metrics.Operation) []string {
	times := make(map[string]int, len(operations))
	var twice []string
	for _, op := range operations {
		times[op.Key]++
		if times[op.Key] == 2 {
			twice = append(twice, op.Key)
		}
	}
	return twice
}

// twoAtOnce finds two writes of one process of which the second began before the first ended.
func twoAtOnce(operations []metrics.Operation) (process int, keys []string) {
	byStart := slices.SortedStableFunc(slices.Values(operations), func(a, b metrics.Operation) int {
		return cmp.Compare(a.Invoked, b.Invoked)
	})
	last := map[int]metrics.Operation{}
	for _, op := range byStart {
		before, known := last[op.Process]
		if known && (before.Returned == metrics.Never || before.Returned > op.Invoked) {
			return op.Process, []string{before.Key, op.Key}
		}
		last[op.Process] = op
	}
	return 0, nil
}
