package check

import (
	"slices"

	"chaosctl/metrics"
)

// FalseNack measures: how often a node that was well, with W-1 peers that were, did not acknowledge. It
// counts writes and deletes that were answered 503, or got no answer, while no fault was in
// force, from its call to the end of its heal, and before any node was killed; what was refused
// for certain is left out. More than falseNackBudget of them is a fail, which is reported and
// never gates: slowness costs acknowledgements, and is no violation.
type FalseNack struct{}

// falseNackBudget is the fraction of operations on a healthy cluster that may go unacknowledged.
const falseNackBudget = 0.05

// Name is false_nack.
func (FalseNack) Name() string { return "false_nack" }

// Check counts operations that no fault explains.
func (FalseNack) Check(h *metrics.History) metrics.Finding {
	tested := 0
	var denied []string
	for i := range h.Operations {
		op := &h.Operations[i]
		if op.Kind == metrics.Read || op.Outcome == metrics.Failed || disturbed(h, op) {
			continue
		}
		tested++
		if op.Outcome == metrics.Unknown {
			denied = append(denied, op.Key)
		}
	}
	if tested == 0 {
		return notTested("no operation was free of the fault")
	}
	f := pass(false)
	if rate := float64(len(denied)) / float64(tested); rate > falseNackBudget {
		f = broken(false, unique(denied), "%d of %d operations on a healthy cluster were not acknowledged", len(denied), tested)
	}
	f = number(f, "denied", len(denied))
	return number(f, "tested", tested)
}

// disturbed reports whether a fault, or what it left behind, may have met an operation.
func disturbed(h *metrics.History, op *metrics.Operation) bool {
	return slices.ContainsFunc(h.Windows, func(w metrics.Window) bool {
		switch {
		case w.Began == metrics.Never:
			return false
		case w.Killed, w.Healed == metrics.Never:
			return op.Returned == metrics.Never || op.Returned >= w.Began
		}
		return op.Overlaps(w.Began, w.Healed)
	})
}
