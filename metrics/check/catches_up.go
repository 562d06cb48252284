package check

import (
	"slices"

	"chaosctl/metrics"
)

// CatchesUp decides: nodes that were away are brought up to date by the system itself. When a node was
// killed, all nodes of the cluster are compared at settle B, else the living ones at settle A:
// they hold every acknowledged write that no delete may have undone and the same contents. That readings were taken when they
// were equal or the settle limit was reached is the runner's part, so a difference is a fail,
// and inconclusive when the cycle was interrupted or a node could not be read. It gates when the
// system promises to catch up and a node was away.
type CatchesUp struct{}

// Name is catches_up.
func (CatchesUp) Name() string { return "catches_up" }

// Check compares all nodes once those that were away had their time.
func (c CatchesUp) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (CatchesUp) judge(v *views) metrics.Finding { return v.each(catchesUp) }

func catchesUp(h *view) metrics.Finding {
	gates := h.Question.Promises.CatchesUp
	stage, back := metrics.AtSettleA, away(h.History)
	if dead := killed(h.History); len(dead) > 0 {
		stage, back = metrics.AtSettleB, dead
	}
	if len(back) == 0 {
		return notTested("no node was away")
	}
	end := readingsAt(h.History, stage)
	if len(end.read) == 0 {
		return inconclusive(gates, "no node could be read after %s was back", nodeList(back))
	}
	absent := h.differing(end.read)
	for _, o := range end.read {
		absent = append(absent, h.missing(h.owed, h.held(o))...)
	}
	slices.SortFunc(absent, byNumber)
	absent = slices.Compact(absent)
	switch {
	case len(absent) > 0 && h.Interrupted:
		return naming(inconclusive(gates, "the cycle was interrupted before the nodes had their time to catch up"), absent)
	case len(absent) > 0:
		return broken(gates, absent, "%d writes are not on all nodes although %s had been back for %v",
			len(absent), nodeList(back), h.Question.SettleLimit)
	}
	if len(end.unread) > 0 {
		return inconclusive(gates, "%s could not be read in full after %s was back", nodeList(end.unread), nodeList(back))
	}
	return pass(gates)
}
