package check

import (
	"maps"
	"slices"
	"time"

	"chaosctl/metrics"
)

// DeletedReturned decides: what was deleted, and not written again, is on no node at the end. It is back
// when a reading at the end shows, under a key with an acknowledged delete, a value whose writes
// had all been acknowledged before that delete was begun. A write that was concurrent, later, or
// whose fate is not known explains a row. One node is proof; a pass needs all. It gates when the
// system promises to converge, and, where a node was away or killed, to catch up as well.
type DeletedReturned struct{}

// Name is deleted_returned.
func (DeletedReturned) Name() string { return "deleted_returned" }

// Check looks for rows that were deleted.
func (c DeletedReturned) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (DeletedReturned) judge(v *views) metrics.Finding { return v.each(deletedReturned) }

func deletedReturned(h *view) metrics.Finding {
	promises := h.Question.Promises
	gates := promises.Converges && (promises.CatchesUp || len(away(h.History))+len(killed(h.History)) == 0)
	deleted := map[string]time.Duration{} // when the last acknowledged delete of a key began
	for i := range h.Operations {
		if op := &h.Operations[i]; op.Kind == metrics.Delete && op.Outcome == metrics.OK {
			deleted[op.Key] = max(deleted[op.Key], op.Invoked)
		}
	}
	if len(deleted) == 0 {
		return notTested("no delete was acknowledged")
	}
	over := map[metrics.Copy]time.Duration{} // until when a write of a value may have taken effect
	for i := range h.Operations {
		op := &h.Operations[i]
		if _, gone := deleted[op.Key]; gone && op.Kind == metrics.Write && op.Outcome != metrics.Failed {
			c := metrics.Copy{Key: op.Key, Hash: op.Hash}
			over[c] = max(over[c], op.EffectUntil())
		}
	}
	end := final(h.History)
	back := map[string]struct{}{}
	for _, o := range end.read {
		for _, r := range o.Rows {
			until, known := over[metrics.Copy{Key: r.Key, Hash: r.Hash}]
			if known && until < deleted[r.Key] {
				back[r.Key] = struct{}{}
			}
		}
	}
	if len(back) > 0 {
		keys := slices.SortedFunc(maps.Keys(back), byNumber)
		return broken(gates, keys, "%d of %d keys whose delete was acknowledged are on a node at the end", len(keys), len(deleted))
	}
	return number(unlessRead(pass(gates), end), "deleted", len(deleted))
}
