package check

import "chaosctl/metrics"

// OwnDisk decides: a node that was killed and started again on its own data holds, while still cut off
// from the others, every write that it acknowledged itself as the node the client spoke to, by
// an answer that came before that reading began. Writes it took in for other nodes are not
// judged: the client cannot know them. Nor are those that a delete may have undone. A first reading that is missing or not in full is
// inconclusive. It gates when the system promises durability and the node had acknowledged
// anything.
type OwnDisk struct{}

// Name is own_disk.
func (OwnDisk) Name() string { return "own_disk" }

// Check compares each restarted node's first reading with what it had acknowledged.
func (c OwnDisk) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (OwnDisk) judge(v *views) metrics.Finding { return v.each(ownDisk) }

func ownDisk(h *view) metrics.Finding {
	gates := h.Question.Promises.Durable
	nodes := killed(h.History)
	if len(nodes) == 0 {
		return notTested("no node was killed")
	}
	first := readingsAt(h.History, metrics.AtFirst)
	var unread []int
	var absent []string
	own := 0
	for _, node := range nodes {
		acked := ackedBy(h, node)
		own += len(acked)
		reading, ok := first.of(node)
		if !ok {
			if len(acked) > 0 {
				unread = append(unread, node)
			}
			continue
		}
		var before []*metrics.Operation
		for _, op := range acked {
			if op.Returned <= reading.Began {
				before = append(before, op)
			}
		}
		absent = append(absent, h.missing(before, h.held(reading))...)
	}
	switch {
	case len(absent) > 0:
		return broken(gates, unique(absent), "%d of %d writes that %s had acknowledged were not on its own disk after its restart",
			len(absent), own, nodeList(nodes))
	case len(unread) > 0:
		return inconclusive(gates, "%s was not read in full after its restart and before it rejoined", nodeList(unread))
	case own == 0:
		return notTested("the killed node had acknowledged nothing")
	}
	return number(pass(gates), "acked", own)
}

// ackedBy lists the writes that a node acknowledged to a client and no delete may have undone.
func ackedBy(h *view, node int) []*metrics.Operation {
	var acked []*metrics.Operation
	for _, op := range h.owed {
		if op.Node == node {
			acked = append(acked, op)
		}
	}
	return acked
}
