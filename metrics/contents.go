package metrics

import (
	"math"
	"time"
)

// Copy is a value under a key.
type Copy struct{ Key, Hash string }

// Values is the set of values that may rightly be found on a node: those of every write that
// did not definitely fail.
type Values map[Copy]struct{}

// Values returns the values that the cycle's writes may have left.
func (h *History) Values() Values {
	values := make(Values, len(h.Operations))
	for i := range h.Operations {
		if op := &h.Operations[i]; op.Kind == Write && op.Outcome != Failed {
			values[Copy{op.Key, op.Hash}] = struct{}{}
		}
	}
	return values
}

// Owed returns the acknowledged writes whose keys must be there: those that no delete may have
// undone. A delete may have unless it definitely failed, or was answered before the write began.
func (h *History) Owed() []*Operation {
	deleted := map[string]time.Duration{} // until when a delete of a key may have taken effect
	for i := range h.Operations {
		if op := &h.Operations[i]; op.Kind == Delete && op.Outcome != Failed {
			deleted[op.Key] = max(deleted[op.Key], op.EffectUntil())
		}
	}
	var owed []*Operation
	for i := range h.Operations {
		op := &h.Operations[i]
		if op.Kind != Write || op.Outcome != OK {
			continue
		}
		if until, known := deleted[op.Key]; !known || until < op.Invoked {
			owed = append(owed, op)
		}
	}
	return owed
}

// Forever is later than every time of a history.
const Forever time.Duration = math.MaxInt64

// EffectUntil is the latest moment at which the operation may have taken effect: when it was
// acknowledged, or Forever when its fate is not known. One that definitely failed has Never.
func (o *Operation) EffectUntil() time.Duration {
	switch {
	case o.Outcome == Failed:
		return Never
	case o.Outcome == Unknown, o.Returned == Never:
		return Forever
	}
	return o.Returned
}
