package check

import (
	"slices"
	"time"

	"chaosctl/metrics"
)

// LostUpdate decides, for keys that were written more than once: at the end no value is older than the last
// acknowledged write. A value is older when every write of it was acknowledged before that write
// was begun, by real time; a value of a concurrent or later write, or of one whose fate is not
// known, is not. An update is lost when every node was read in full, at least one shows a written value
// under the key, and all that do show an older one; where one node shows a newer value it is
// Divergence's, where none shows any it is AckedLost's. What a delete may have undone is not
// judged. A lost update while a node could not be read is inconclusive. It gates when the system
// promises durability and a key was written more than once.
type LostUpdate struct{}

// Name is lost_update.
func (LostUpdate) Name() string { return "lost_update" }

// Check compares the values at the end with the last acknowledged writes.
func (c LostUpdate) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (LostUpdate) judge(v *views) metrics.Finding { return v.each(lostUpdate) }

func lostUpdate(h *view) metrics.Finding {
	gates := h.Question.Promises.Durable
	values := newAges(h)
	last := map[string]time.Duration{} // when the last acknowledged write of a key that is owed began
	written := map[string]bool{}       // more than once
	for c := range values.of {
		written[c.Key] = true
	}
	for _, op := range h.owed {
		if written[op.Key] {
			last[op.Key] = max(last[op.Key], op.Invoked)
		}
	}
	if len(last) == 0 {
		return notTested("no key was written more than once and acknowledged")
	}
	end := final(h.History)
	older, newer := map[string]struct{}{}, map[string]struct{}{}
	for _, o := range end.read {
		for _, r := range o.Rows {
			value, known := values.of[metrics.Copy{Key: r.Key, Hash: r.Hash}]
			began, owed := last[r.Key]
			switch {
			case !known, !owed:
			case value.over < began:
				older[r.Key] = struct{}{}
			default:
				newer[r.Key] = struct{}{}
			}
		}
	}
	var lost []string
	for key := range older {
		if _, kept := newer[key]; !kept {
			lost = append(lost, key)
		}
	}
	slices.SortFunc(lost, byNumber)
	switch {
	case len(lost) > 0 && len(end.unread) > 0:
		return naming(inconclusive(gates, "%d keys have an older value than their last acknowledged write, and %s was not read in full",
			len(lost), nodeList(end.unread)), lost)
	case len(lost) > 0:
		return broken(gates, lost, "%d of %d keys that were written over have an older value than their last acknowledged write on every node",
			len(lost), len(last))
	}
	return number(unlessRead(pass(gates), end), "keys_written_over", len(last))
}
