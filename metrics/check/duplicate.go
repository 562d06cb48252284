package check

import (
	"slices"

	"chaosctl/metrics"
)

// Duplicate decides: a key is at most once on a node, at any reading, and has the same id on every node
// at the end. One reading is proof, unless it took
// several pages beside other writes, which move rows from page to page; a pass needs every final reading. A key that is twice on one
// node always gates; one with different ids on different nodes (id drift) gates when the system
// promises to converge. Of keys that were written more than once the nodes may have to agree on an
// id first: drift of these alone is inconclusive before the settle limit is over.
type Duplicate struct{}

// Name is duplicate.
func (Duplicate) Name() string { return "duplicate" }

// Check counts rows by key, and compares ids between the final readings.
func (c Duplicate) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (Duplicate) judge(v *views) metrics.Finding { return v.each(duplicate) }

func duplicate(h *view) metrics.Finding {
	if twice := h.keysTwice(distinct(whole(h.History))); len(twice) > 0 {
		return broken(true, twice, "%d keys are more than once on one node", len(twice))
	}
	end := final(h.History)
	drifted := h.keysWithSeveralIDs(end.read)
	gates := h.Question.Promises.Converges
	switch {
	case len(drifted) == 0:
	case hadTheirTime(h.History, end) || slices.ContainsFunc(drifted, func(key string) bool { return h.keys[h.number[key]].writes < 2 }):
		return broken(gates, drifted, "%d keys have different ids on different nodes", len(drifted))
	default:
		return naming(inconclusive(gates, "%d keys that were written over still have different ids on different nodes, before %v were over",
			len(drifted), h.Question.SettleLimit), drifted)
	}
	return unlessRead(pass(true), end)
}

// hadTheirTime reports whether the readings at the end began when the settle limit was over for all
// nodes.
func hadTheirTime(h *metrics.History, end closing) bool {
	return !slices.ContainsFunc(end.read, func(o metrics.Observation) bool {
		quiet := undisturbed(h, o.Node)
		for i := range h.Operations {
			if op := &h.Operations[i]; op.Kind != metrics.Read {
				quiet = max(quiet, op.Returned)
			}
		}
		return quiet == metrics.Forever || o.Began-quiet < h.Question.SettleLimit
	})
}

func (v *view) keysTwice(readings []metrics.Observation) []string {
	twice := map[int32]struct{}{}
	for _, o := range readings {
		rows := v.rows(o) // may number further keys
		once := make(keySet, len(v.keys)/64+1)
		for _, c := range rows {
			key := v.contents[c].key
			if once.has(key) {
				twice[key] = struct{}{}
			}
			once.add(key)
		}
	}
	return v.names(twice)
}

// keysWithSeveralIDs compares what ids are known; a row without one says nothing.
func (v *view) keysWithSeveralIDs(readings []metrics.Observation) []string {
	for _, o := range readings {
		v.rows(o) // numbers all keys
	}
	ids := make([]string, len(v.keys))
	drifted := map[int32]struct{}{}
	for _, o := range distinct(readings) {
		for i, c := range v.rows(o) {
			key, id := v.contents[c].key, o.Rows[i].ID
			switch {
			case id == "":
			case ids[key] == "":
				ids[key] = id
			case ids[key] != id:
				drifted[key] = struct{}{}
			}
		}
	}
	return v.names(drifted)
}
