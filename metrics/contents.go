package metrics

// Copy is a value under a key.
type Copy struct{ Key, Hash string }

// Values is the set of values that may rightly be found on a node: those of every write that
// did not definitely fail.
type Values map[Copy]struct{}

// Values returns the values that the cycle's writes may have left.
func (h *History) Values() Values {
	values := make(Values, len(h.Operations))
	for _, op := range h.Operations {
		if op.Outcome != Failed {
			values[Copy{op.Key, op.Hash}] = struct{}{}
		}
	}
	return values
}

// Held returns the keys under which a reading shows a value that was written. A row whose
// content nobody wrote is no copy of anything.
func (v Values) Held(o Observation) map[string]struct{} {
	held := make(map[string]struct{}, len(o.Rows))
	for _, r := range o.Rows {
		if _, written := v[Copy{r.Key, r.Hash}]; written {
			held[r.Key] = struct{}{}
		}
	}
	return held
}

// Missing returns the keys of those writes that are not among the held, in the order of writes.
func Missing(writes []Operation, held map[string]struct{}) []string {
	var missing []string
	for _, op := range writes {
		if _, ok := held[op.Key]; !ok {
			missing = append(missing, op.Key)
		}
	}
	return missing
}
