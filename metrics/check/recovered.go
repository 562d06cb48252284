package check

import "chaosctl/metrics"

// Recovered counts what became of the writes whose fate the client did not learn: those whose value some
// node holds at the end, and those that no node does, all nodes read. Both are right. It never
// gates.
type Recovered struct{}

// Name is recovered.
func (Recovered) Name() string { return "recovered" }

// Check counts writes of unknown fate.
func (c Recovered) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (Recovered) judge(v *views) metrics.Finding { return v.each(recovered) }

func recovered(h *view) metrics.Finding {
	end := final(h.History)
	asked := map[int32]bool{} // contents; true when shown at the end
	for i := range h.Operations {
		if op := &h.Operations[i]; op.Kind == metrics.Write && op.Outcome == metrics.Unknown {
			asked[h.content(op.Key, op.Hash)] = false
		}
	}
	for _, o := range distinct(end.read) {
		if len(asked) == 0 {
			break
		}
		for _, c := range h.rows(o) {
			if _, unknown := asked[c]; unknown {
				asked[c] = true
			}
		}
	}
	there := 0
	for _, shown := range asked {
		if shown {
			there++
		}
	}
	f := unlessRead(pass(false), end)
	f = number(f, "indeterminate", len(asked))
	f = number(f, "present", there)
	return number(f, "absent", len(asked)-there)
}
