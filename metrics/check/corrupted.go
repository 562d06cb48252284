package check

import (
	"maps"
	"slices"

	"chaosctl/metrics"
)

// Corrupted decides: no node ever shows, under a key that was written, a value that nobody wrote. Values
// are compared by hash. One reading is proof; a pass needs every final reading. It always gates.
type Corrupted struct{}

// Name is corrupted.
func (Corrupted) Name() string { return "corrupted" }

// Check compares the content of every row with what was written.
func (Corrupted) Check(h *metrics.History) metrics.Finding {
	corrupted := map[string]struct{}{}
	nodes := map[int]struct{}{}
	j := newJudgedRows(h)
	for _, o := range seen(h) {
		for _, r := range o.Rows {
			if j.kind(r) == corruptedRow {
				corrupted[r.Key] = struct{}{}
				nodes[o.Node] = struct{}{}
			}
		}
	}
	if len(corrupted) > 0 {
		keys := slices.SortedFunc(maps.Keys(corrupted), byNumber)
		return broken(true, keys, "%d writes have a content on %s that nobody wrote",
			len(keys), nodeList(slices.Sorted(maps.Keys(nodes))))
	}
	return unlessRead(pass(true), final(h))
}
