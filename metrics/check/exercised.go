package check

import "chaosctl/metrics"

// Exercised decides: the fault met enough traffic to test anything. At least one write was acknowledged,
// and what the fault needs happened (metrics.Inside defines each): at least one write caught
// mid-write, so many contained, so many under way while it was in force. Otherwise the cycle is
// inconclusive. It always gates.
type Exercised struct{}

// ackedWrites counts the acknowledged writes.
func ackedWrites(h *metrics.History) int {
	n := 0
	for i := range h.Operations {
		if op := &h.Operations[i]; op.Kind == metrics.Write && op.Outcome == metrics.OK {
			n++
		}
	}
	return n
}

// Name is exercised.
func (Exercised) Name() string { return "exercised" }

// Check counts the writes that met the fault.
func (Exercised) Check(h *metrics.History) metrics.Finding {
	in, q, acked := metrics.Inside(h), h.Question, ackedWrites(h)
	f := pass(true)
	switch {
	case acked == 0:
		f = inconclusive(true, "nothing was acknowledged")
	case q.NeedMidWrite && in.Lost == 0:
		f = inconclusive(true, "no write was fully sent before the fault and left without an answer")
	case in.Contained < q.NeedInside:
		f = inconclusive(true, "%d writes began and ended inside the fault, %d are needed", in.Contained, q.NeedInside)
	case in.Overlap < q.NeedOverlap:
		f = inconclusive(true, "%d writes were under way during the fault, %d are needed", in.Overlap, q.NeedOverlap)
	}
	f = number(f, "acked", acked)
	f = number(f, "mid_write", in.Lost)
	f = number(f, "contained", in.Contained)
	return number(f, "overlap", in.Overlap)
}
