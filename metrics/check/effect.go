package check

import (
	"slices"

	"chaosctl/metrics"
)

// Effect decides: there was a fault; each was seen to act, with at least one measured fact as evidence,
// and was seen to be healed; a node that a fault is said to have killed ended by our own signal.
// Otherwise the cycle is inconclusive. It always gates.
type Effect struct{}

// Name is effect.
func (Effect) Name() string { return "effect" }

// Check judges the evidence of every fault window.
func (Effect) Check(h *metrics.History) metrics.Finding {
	if len(h.Windows) == 0 {
		return inconclusive(true, "no fault was in force")
	}
	for _, w := range h.Windows {
		switch {
		case !w.Effective:
			return inconclusive(true, "%s was not seen to act%s", w.Fault, because(w))
		case w.Active == metrics.Never || len(w.Facts) == 0:
			return inconclusive(true, "%s is said to have acted, and there is no evidence of it", w.Fault)
		case w.Healed == metrics.Never:
			return inconclusive(true, "%s was not seen to be healed%s", w.Fault, because(w))
		}
		for _, node := range w.Nodes {
			if w.Killed && !endedByUs(h, node) {
				return inconclusive(true, "%s is said to have been killed, and its end by our signal was not seen",
					metrics.NodeName(node))
			}
		}
	}
	return pass(true)
}

func because(w metrics.Window) string {
	if w.Why == "" {
		return ""
	}
	return ": " + w.Why
}

func endedByUs(h *metrics.History, node int) bool {
	return slices.ContainsFunc(h.Exits, func(e metrics.Exit) bool { return e.Node == node && e.Ours })
}
