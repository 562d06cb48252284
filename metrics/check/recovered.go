package check

import "chaosctl/metrics"

// Recovered counts what became of the writes whose fate the client did not learn: those whose value some
// node holds at the end, and those that no node does, all nodes read. Both are right. It never
// gates.
type Recovered struct{}

// Name is recovered.
func (Recovered) Name() string { return "recovered" }

// Check counts writes of unknown fate.
func (Recovered) Check(h *metrics.History) metrics.Finding { return eachNamespace(h, recovered) }

func recovered(h *metrics.History) metrics.Finding {
	end := final(h)
	shown := map[metrics.Copy]bool{}
	for i := range h.Operations {
		if op := &h.Operations[i]; op.Kind == metrics.Write && op.Outcome == metrics.Unknown {
			shown[metrics.Copy{Key: op.Key, Hash: op.Hash}] = false
		}
	}
	for _, o := range end.read {
		for _, r := range o.Rows {
			c := metrics.Copy{Key: r.Key, Hash: r.Hash}
			if _, unknown := shown[c]; unknown {
				shown[c] = true
			}
		}
	}
	there := 0
	for _, yes := range shown {
		if yes {
			there++
		}
	}
	f := unlessRead(pass(false), end)
	f = number(f, "indeterminate", len(shown))
	f = number(f, "present", there)
	return number(f, "absent", len(shown)-there)
}
