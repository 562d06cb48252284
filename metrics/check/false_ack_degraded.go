package check

import (
	"slices"

	"chaosctl/metrics"
)

// FalseAckDegraded decides: while fewer than W-1 peers of a node can apply anything, the node acknowledges
// nothing. A peer cannot during a fault that was seen to act and in which it was cut from every
// peer, both ways, or every one of its threads stood still, or from its end by our kill until it
// could reach the others again. A write or delete breaks this when enough peers could not for the
// whole time from its beginning to its acknowledgement; one fault or several may account for
// them. Nodes that were cut off themselves are FalseAck's. Out of order times are inconclusive.
// It gates when the system promises durability and an operation met this.
type FalseAckDegraded struct{}

// Name is false_ack_degraded.
func (FalseAckDegraded) Name() string { return "false_ack_degraded" }

// Check looks for acknowledgements that too few peers can have taken part in.
func (FalseAckDegraded) Check(h *metrics.History) metrics.Finding {
	gates := h.Question.Promises.Durable
	if h.Question.Quorum < 2 {
		return notTested("an acknowledgement promises no second copy")
	}
	tested := 0
	var lies []string
	for i := range h.Operations {
		op := &h.Operations[i]
		if op.Kind == metrics.Read || op.Returned == metrics.Never {
			continue
		}
		if inside, _ := isolatedDuring(h, op); inside || h.Question.Nodes-1-peersOut(h, op) >= h.Question.Quorum-1 {
			continue
		}
		tested++
		if op.Outcome == metrics.OK {
			lies = append(lies, op.Key)
		}
	}
	switch {
	case tested == 0:
		return notTested("no operation began and ended while too few peers could apply it")
	case len(lies) > 0 && h.ClockBack() != "":
		return naming(inconclusive(gates, "the clock went back: %s", h.ClockBack()), unique(lies))
	case len(lies) > 0:
		return broken(gates, unique(lies), "%d of %d operations were acknowledged while fewer than %d peers could apply them",
			len(lies), tested, h.Question.Quorum-1)
	}
	return number(pass(gates), "tested", tested)
}

// peersOut counts the peers of an operation's node that could apply nothing while it was under
// way.
func peersOut(h *metrics.History, op *metrics.Operation) int {
	var out []int
	for _, w := range h.Windows {
		if !w.InForce() || op.Invoked < w.Active {
			continue
		}
		if w.Killed {
			for _, node := range w.Nodes {
				if endedByUs(h, node) && (!rejoinedBy(h, node, op)) {
					out = append(out, node)
				}
			}
			continue
		}
		if op.Returned <= w.HealBegan {
			out = slices.Concat(out, w.Isolated, w.Stopped)
		}
	}
	slices.Sort(out)
	n := 0
	for _, node := range slices.Compact(out) {
		if node != op.Node {
			n++
		}
	}
	return n
}

// rejoinedBy reports whether a killed node could reach the others before an operation ended.
func rejoinedBy(h *metrics.History, node int, op *metrics.Operation) bool {
	return slices.ContainsFunc(h.Rejoins, func(r metrics.Rejoin) bool { return r.Node == node && r.At <= op.Returned })
}
