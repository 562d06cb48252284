package metrics

import (
	"slices"
	"time"
)

// reconnectTime is how long after the end of a heal there was a first sign that a struck node and
// the others were exchanging writes again; for a restarted node, how long after it could reach
// them. It is nil when there was no sign, which is so when there was nothing to exchange.
func reconnectTime(h *History) *float64 {
	var first *float64
	for _, space := range h.ByNamespace() {
		if took := reconnectTimeIn(space); took != nil && (first == nil || *took < *first) {
			first = took
		}
	}
	return first
}

// reconnectTimeIn looks for a sign in one namespace.
func reconnectTimeIn(h *History) *float64 {
	took := Never
	for _, w := range h.Windows {
		if !w.InForce() || w.Healed == Never {
			continue
		}
		sign := exchangedAfterHeal(h, w)
		if w.Killed {
			sign = exchangedAfterRestart(h, w)
		}
		if sign != Never && (took == Never || sign < took) {
			took = sign
		}
	}
	if took == Never {
		return nil
	}
	ms := milliseconds(took)
	return &ms
}

// exchangedAfterHeal looks for a write that a struck node acknowledged once the heal had begun,
// which takes a peer, and for a reading that shows a write of the window on a node that could not
// have had it before.
func exchangedAfterHeal(h *History, w Window) time.Duration {
	sign := Never
	note := func(at time.Duration) {
		if after := max(0, at-w.Healed); sign == Never || after < sign {
			sign = after
		}
	}
	struck := func(node int) bool { return slices.Contains(w.Nodes, node) }
	by := map[Copy]int{} // what was written by operations that began and ended inside the window: who took it
	for _, op := range h.Operations {
		switch {
		case op.Kind == Read:
		case op.Within(w.Active, w.HealBegan):
			if op.Kind == Write {
				by[Copy{op.Key, op.Hash}] = op.Node
			}
		case h.Question.Quorum > 1 && op.Outcome == OK && struck(op.Node) && op.Returned > w.HealBegan:
			note(op.Returned)
		}
	}
	for _, o := range h.Observations {
		if o.Began < w.Healed {
			continue
		}
		if slices.ContainsFunc(o.Rows, func(r Row) bool {
			node, inside := by[Copy{r.Key, r.Hash}]
			return inside && struck(node) != struck(o.Node)
		}) {
			note(o.Ended)
		}
	}
	return sign
}

// exchangedAfterRestart looks for a reading in which a restarted node holds what its own disk had
// not kept, or another node holds what only that disk had.
func exchangedAfterRestart(h *History, w Window) time.Duration {
	sign := Never
	before := map[int]map[Copy]struct{}{}
	for _, o := range slices.Concat(h.Latest(AtSettleA), h.Latest(AtFirst)) {
		if o.Readable() {
			before[o.Node] = copies(o)
		}
	}
	for _, node := range w.Nodes {
		from, own := rejoined(h, node), before[node]
		if from == Never || own == nil {
			continue
		}
		for _, o := range h.Observations {
			had := before[o.Node]
			if o.Began < from || had == nil {
				continue
			}
			gained := slices.ContainsFunc(o.Rows, func(r Row) bool {
				_, old := had[Copy{r.Key, r.Hash}]
				_, itsOwn := own[Copy{r.Key, r.Hash}]
				return !old && (o.Node == node || itsOwn)
			})
			if after := o.Ended - from; gained && (sign == Never || after < sign) {
				sign = after
			}
		}
	}
	return sign
}

// copies returns what a reading shows.
func copies(o Observation) map[Copy]struct{} {
	set := make(map[Copy]struct{}, len(o.Rows))
	for _, r := range o.Rows {
		set[Copy{r.Key, r.Hash}] = struct{}{}
	}
	return set
}
