package check

import "chaosctl/metrics"

// Duplicate decides: a key is at most once on a node, at any reading, and has the same id on every node
// at the end. One reading is proof, unless it took
// several pages beside other writes, which move rows from page to page; a pass needs every final reading. A key that is twice on one
// node always gates; one with different ids on different nodes (id drift) gates when the system
// promises to converge.
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
	if drifted := h.keysWithSeveralIDs(end.read); len(drifted) > 0 {
		return broken(h.Question.Promises.Converges, drifted, "%d keys have different ids on different nodes", len(drifted))
	}
	return unlessRead(pass(true), end)
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
