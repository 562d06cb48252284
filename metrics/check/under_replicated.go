package check

import "chaosctl/metrics"

// UnderReplicated decides: an acknowledged write has at least W copies at the end, counted over all nodes
// of the cluster, a restarted one with what its disk kept included; W is at most the number of
// nodes. A node that could not be read may hold a copy: with it a write may have W copies
// (inconclusive) or still have too few (fail). A write that is proven to have none is
// AckedLost's, and so is what a delete may have undone. It gates when the system promises durability.
type UnderReplicated struct{}

// Name is under_replicated.
func (UnderReplicated) Name() string { return "under_replicated" }

// Check counts the copies of every acknowledged write.
func (c UnderReplicated) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (UnderReplicated) judge(v *views) metrics.Finding { return v.each(underReplicated) }

func underReplicated(h *view) metrics.Finding {
	gates := h.Question.Promises.Durable
	acked := h.owed
	want := min(h.Question.Quorum, h.Question.Nodes)
	switch {
	case want < 1:
		return inconclusive(gates, "the history does not say how many copies an acknowledgement promises")
	case len(acked) == 0:
		return inconclusive(gates, "%s", nothingOwed)
	}
	end := final(h.History)
	held := h.heldBy(end)
	var few, unsure []string
	for _, op := range acked {
		have := h.copies(held, op.Key)
		most := have + len(end.unread)
		switch {
		case most == 0: // lost
		case most < want:
			few = append(few, op.Key)
		case have < want:
			unsure = append(unsure, op.Key)
		}
	}
	switch {
	case len(few) > 0:
		return broken(gates, unique(few), "%d of %d acknowledged writes have fewer than %d copies", len(few), len(acked), want)
	case len(unsure) > 0:
		return naming(inconclusive(gates, "%d acknowledged writes have fewer than %d copies on the nodes that were read; %s was not",
			len(unsure), want, nodeList(end.unread)), unique(unsure))
	}
	return pass(gates)
}
