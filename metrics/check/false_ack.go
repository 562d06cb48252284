package check

import (
	"slices"

	"chaosctl/metrics"
)

// FalseAck decides: while a node is proven to be cut from all its peers it acknowledges nothing, because
// an acknowledgement takes W >= 2 copies. A write or delete breaks this when its node was isolated, it was
// begun after the cut was in force for certain, and it was acknowledged before the heal began;
// where the write is later does not matter. When the cut is not proven to have acted, or times
// are out of order, such a write is inconclusive. It gates when the system promises durability
// and a write began and ended at an isolated node.
type FalseAck struct{}

// Name is false_ack.
func (FalseAck) Name() string { return "false_ack" }

// Check looks for acknowledgements by isolated nodes.
func (FalseAck) Check(h *metrics.History) metrics.Finding {
	gates := h.Question.Promises.Durable
	if h.Question.Quorum < 2 {
		return notTested("an acknowledgement promises no second copy")
	}
	back := h.ClockBack()
	tested := 0
	var lies, unproven []string
	for i := range h.Operations {
		op := &h.Operations[i]
		if op.Kind == metrics.Read {
			continue
		}
		inside, proven := isolatedDuring(h, op)
		if !inside {
			continue
		}
		tested++
		switch {
		case op.Outcome != metrics.OK:
		case proven && back == "":
			lies = append(lies, op.Key)
		default:
			unproven = append(unproven, op.Key)
		}
	}
	switch {
	case tested == 0:
		return notTested("no write began and ended at a node that was cut from all others")
	case len(lies) > 0:
		return broken(gates, lies, "%d of %d writes were acknowledged by a node that was cut from all others", len(lies), tested)
	case len(unproven) > 0:
		return naming(inconclusive(gates, "%d writes were acknowledged during a cut that is not proven", len(unproven)), unproven)
	}
	return number(pass(gates), "tested", tested)
}

// isolatedDuring reports whether a write began and ended at a node while it was cut from all
// others, and whether the cut is proven.
func isolatedDuring(h *metrics.History, op *metrics.Operation) (inside, proven bool) {
	for _, w := range h.Windows {
		if w.Active != metrics.Never && w.HealBegan != metrics.Never &&
			slices.Contains(w.Isolated, op.Node) && op.Within(w.Active, w.HealBegan) {
			inside = true
			proven = proven || w.Effective
		}
	}
	return inside, proven
}
