package check

import (
	"maps"
	"slices"

	"chaosctl/metrics"
)

// Duplicate decides: a key is at most once on a node, at any reading, and has the same id on every node
// at the end. One reading is proof, unless it took
// several pages beside other writes, which move rows from page to page; a pass needs every final reading. A key that is twice on one
// node always gates; one with different ids on different nodes (id drift) gates when the system
// promises to converge.
type Duplicate struct{}

// Name is duplicate.
func (Duplicate) Name() string { return "duplicate" }

// Check counts rows by key, and compares ids between the final readings.
func (Duplicate) Check(h *metrics.History) metrics.Finding {
	return eachNamespace(h, duplicate)
}

func duplicate(h *metrics.History) metrics.Finding {
	if twice := keysTwice(whole(h)); len(twice) > 0 {
		return broken(true, twice, "%d keys are more than once on one node", len(twice))
	}
	end := final(h)
	if drifted := keysWithSeveralIDs(end.read); len(drifted) > 0 {
		return broken(h.Question.Promises.Converges, drifted, "%d keys have different ids on different nodes", len(drifted))
	}
	return unlessRead(pass(true), end)
}

func keysTwice(readings []metrics.Observation) []string {
	twice := map[string]struct{}{}
	for _, o := range readings {
		once := make(map[string]struct{}, len(o.Rows))
		for _, r := range o.Rows {
			if _, again := once[r.Key]; again {
				twice[r.Key] = struct{}{}
			}
			once[r.Key] = struct{}{}
		}
	}
	return slices.SortedFunc(maps.Keys(twice), byNumber)
}

// keysWithSeveralIDs compares what ids are known; a row without one says nothing.
func keysWithSeveralIDs(readings []metrics.Observation) []string {
	ids := map[string]string{}
	drifted := map[string]struct{}{}
	for _, o := range readings {
		for _, r := range o.Rows {
			if r.ID == "" {
				continue
			}
			if id, known := ids[r.Key]; known && id != r.ID {
				drifted[r.Key] = struct{}{}
			}
			ids[r.Key] = r.ID
		}
	}
	return slices.SortedFunc(maps.Keys(drifted), byNumber)
}
