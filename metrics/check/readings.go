package check

import (
	"slices"

	"chaosctl/metrics"
)

// closing is what is known of the cluster at the end of a cycle.
type closing struct {
	read   []metrics.Observation // one for each node that was read in full, in order
	unread []int                 // the other nodes of the cluster
}

// final returns the final readings.
func final(h *metrics.History) closing { return readingsAt(h, metrics.AtFinal) }

func readingsAt(h *metrics.History, stage metrics.Stage) closing {
	var c closing
	for _, o := range h.Latest(stage) {
		if o.Readable() {
			c.read = append(c.read, o)
		}
	}
	for node := range h.Question.Nodes {
		if !slices.ContainsFunc(c.read, func(o metrics.Observation) bool { return o.Node == node }) {
			c.unread = append(c.unread, node)
		}
	}
	return c
}

// unlessRead turns a pass into an inconclusive finding when a node was not read at the end: what
// it holds is not known.
func unlessRead(f metrics.Finding, c closing) metrics.Finding {
	if f.Verdict == metrics.Pass && len(c.unread) > 0 {
		return inconclusive(f.Gates, "%s could not be read in full at the end", nodeList(c.unread))
	}
	return f
}

// seen returns every reading in full that was made after the first write, in the order they
// were made.
func seen(h *metrics.History) []metrics.Observation {
	var readings []metrics.Observation
	for _, o := range h.Observations {
		if o.Stage != metrics.AtStart && o.Readable() {
			readings = append(readings, o)
		}
	}
	return readings
}

// whole returns, of what was seen, the readings that show one state: a reading in several pages,
// made while writes went on, may miss a row that moved to a page already read, or show it twice.
func whole(h *metrics.History) []metrics.Observation {
	return slices.DeleteFunc(seen(h), func(o metrics.Observation) bool { return o.Stage == metrics.DuringLoad && o.Pages > 1 })
}

// killed lists the nodes that faults killed, in order.
func killed(h *metrics.History) []int {
	return struckBy(h, func(w metrics.Window) bool { return w.Killed })
}

// away lists the nodes that faults kept from the others without killing them, in order.
func away(h *metrics.History) []int {
	return struckBy(h, func(w metrics.Window) bool { return !w.Killed })
}

func struckBy(h *metrics.History, is func(metrics.Window) bool) []int {
	var nodes []int
	for _, w := range h.Windows {
		if w.Effective && is(w) {
			nodes = append(nodes, w.Nodes...)
		}
	}
	slices.Sort(nodes)
	return slices.Compact(nodes)
}

// of returns the reading of a node, if it was read in full.
func (c closing) of(node int) (metrics.Observation, bool) {
	for _, o := range c.read {
		if o.Node == node {
			return o, true
		}
	}
	return metrics.Observation{}, false
}
