package check

import (
	"slices"

	"chaosctl/metrics"
)

// Convergence decides: at settle A, when the survivors were equal or the settle limit was reached, the
// convergence bound is at least the threshold. The bound is the least fraction, over the nodes
// alive then, of the acknowledged writes that a node holds by key and content. A living node
// that could not be read makes a pass inconclusive, not a fail; so does an interrupted cycle for
// a fail, whose nodes did not have their time. It gates when the system promises to converge,
// and, where a fault kept a survivor from the others, to catch up as well.
type Convergence struct{}

// Name is convergence.
func (Convergence) Name() string { return "convergence" }

// Check compares the bound with the threshold.
func (c Convergence) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (Convergence) judge(v *views) metrics.Finding {
	h := v.whole
	promises := h.Question.Promises
	gates := promises.Converges && (promises.CatchesUp || len(away(h)) == 0)
	c := v.converged()
	ceiling := c.Ceiling()
	switch {
	case c.Acked == 0:
		return inconclusive(gates, "%s", nothingOwed)
	case ceiling == nil:
		return inconclusive(gates, "no living node could be read when the nodes should have settled")
	}
	absent := absentSomewhere(c) // with their namespace
	f := pass(gates)
	switch {
	case *ceiling < h.Question.Threshold && h.Interrupted:
		f = naming(inconclusive(gates, "the cycle was interrupted before the nodes had their time to settle"), absent)
	case *ceiling < h.Question.Threshold:
		f = broken(gates, absent, "a node held %.4f of the %d acknowledged writes after the heal, at least %v is needed",
			*ceiling, c.Acked, h.Question.Threshold)
	case len(c.Unread) > 0:
		f = inconclusive(gates, "%s was alive and could not be read in full when the nodes should have settled",
			nodeList(c.Unread))
	}
	f = number(f, "bound", *ceiling)
	return number(f, "acked", c.Acked)
}

// converged is metrics.Converged by what was found out already.
func (v *views) converged() metrics.Convergence {
	c := metrics.Convergence{Missing: map[int][]string{}}
	for _, space := range v.spaces {
		c.Acked += len(space.owed)
		for _, o := range space.Latest(metrics.AtSettleA) {
			c.Nodes = append(c.Nodes, o.Node)
			if !o.Readable() {
				c.Unread = append(c.Unread, o.Node)
				continue
			}
			missing, held := slices.Clip(c.Missing[o.Node]), space.held(o)
			for _, op := range space.owed {
				if !held.has(space.number[op.Key]) {
					missing = append(missing, v.whole.Qualified(space.Namespace, op.Key))
				}
			}
			c.Missing[o.Node] = missing
		}
	}
	for _, nodes := range []*[]int{&c.Nodes, &c.Unread} {
		slices.Sort(*nodes)
		*nodes = slices.Compact(*nodes)
	}
	for _, node := range c.Unread {
		delete(c.Missing, node)
	}
	return c
}

// absentSomewhere lists the acknowledged writes that some node lacked, node by node.
func absentSomewhere(c metrics.Convergence) []string {
	var absent []string
	listed := map[string]struct{}{}
	for _, node := range c.Nodes {
		for _, key := range c.Missing[node] {
			if _, already := listed[key]; !already {
				listed[key] = struct{}{}
				absent = append(absent, key)
			}
		}
	}
	slices.SortStableFunc(absent, byNumber)
	return absent
}
