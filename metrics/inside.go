package metrics

import "slices"

// Inside counts what happened to writes and deletes while the cycle's faults were in force.
//
// A write was under way when a fault struck if it was fully sent before inject was called and
// had not returned then; it was caught mid-write if, besides, it went to a node that was struck
// and no answer ever came. Contained writes began and ended between the moment the effect was
// certain and the call of heal. Each write counts once, however many windows it saw.
func Inside(h *History) InsideFault {
	var in InsideFault
	for _, op := range h.Operations {
		if op.Kind == Read { // a peer that is away does not show in it
			continue
		}
		var sent, lost, contained, overlap bool
		for _, w := range h.Windows {
			if !w.InForce() {
				continue
			}
			underWay := op.Sent != Never && op.Sent <= w.Began && (op.Returned == Never || op.Returned >= w.Began)
			sent = sent || underWay
			lost = lost || underWay && op.Outcome == Unknown && op.Code == 0 && slices.Contains(w.Nodes, op.Node)
			contained = contained || op.Within(w.Active, w.HealBegan)
			overlap = overlap || op.Overlaps(w.Active, w.HealBegan)
		}
		in.Sent += one(sent)
		in.Lost += one(lost)
		in.Contained += one(contained)
		in.Acked += one(contained && op.Outcome == OK)
		in.Overlap += one(overlap)
	}
	return in
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
