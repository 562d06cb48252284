package check

import "chaosctl/metrics"

// AckedLost decides: an acknowledged write is on at least one node at the end. It is lost when every node
// of the cluster was read in full and none holds, under the write's key, a value that was
// written. A write that a delete may have undone (one that did not definitely fail and had not ended
// before the write began) need not be anywhere. Of a key that was written more than once any value
// will do; whether it is the right one is LostUpdate's. A write that no read node holds while another node could not be read is
// inconclusive. It gates when the system promises durability.
type AckedLost struct{}

// Name is acked_lost.
func (AckedLost) Name() string { return metrics.AckedLost }

// Check looks for every acknowledged write on every node.
func (c AckedLost) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (AckedLost) judge(v *views) metrics.Finding { return v.each(ackedLost) }

func ackedLost(h *view) metrics.Finding {
	gates := h.Question.Promises.Durable
	acked := h.owed
	if len(acked) == 0 {
		return inconclusive(gates, "%s", nothingOwed)
	}
	end := final(h.History)
	if len(end.read) == 0 {
		return inconclusive(gates, "no node could be read in full at the end")
	}
	held := h.heldBy(end)
	var absent []string
	for _, op := range acked {
		if h.copies(held, op.Key) == 0 {
			absent = append(absent, op.Key)
		}
	}
	switch {
	case len(absent) == 0:
		return number(pass(gates), "acked", len(acked))
	case len(end.unread) > 0:
		return naming(inconclusive(gates, "%d acknowledged writes are on no node that was read, and %s was not read in full",
			len(absent), nodeList(end.unread)), unique(absent))
	}
	lost := len(absent)
	return broken(gates, unique(absent), "%d of %d acknowledged writes are on no node", lost, len(acked))
}
