package check

import (
	"slices"
	"time"

	"chaosctl/metrics"
)

// Availability measures: writes and deletes by when they began: before the first fault was called, during
// it until the last heal ended, after it. For each: how many (before_n, ...), the fraction that
// was acknowledged (before_ok), the median and 95 % quantile of the acknowledged ones' waiting in
// milliseconds (before_p50_ms, before_p95_ms); and how long after the last heal the first operation
// begun since was acknowledged (first_ok_ms). Numbers only: it never gates and never fails.
type Availability struct{}

// Name is availability.
func (Availability) Name() string { return "availability" }

// Check measures the three spans.
func (Availability) Check(h *metrics.History) metrics.Finding {
	began, healed := metrics.Forever, time.Duration(0)
	for _, w := range h.Windows {
		if w.InForce() {
			began = min(began, w.Began)
			healed = max(healed, w.Healed)
		}
		if w.Healed == metrics.Never {
			healed = metrics.Forever
		}
	}
	if began == metrics.Forever {
		return notTested("no fault was in force")
	}
	spans := []*span{{name: "before"}, {name: "during"}, {name: "after"}}
	first := metrics.Forever
	for i := range h.Operations {
		op := &h.Operations[i]
		if op.Kind == metrics.Read {
			continue
		}
		switch {
		case op.Invoked < began:
			spans[0].add(op)
		case op.Invoked <= healed:
			spans[1].add(op)
		default:
			spans[2].add(op)
			if op.Outcome == metrics.OK {
				first = min(first, op.Returned-healed)
			}
		}
	}
	f := pass(false)
	for _, s := range spans {
		f = s.numbers(f)
	}
	if first != metrics.Forever {
		f = number(f, "first_ok_ms", inMilliseconds(first))
	}
	return f
}

// span is a part of a cycle.
type span struct {
	name  string
	n     int
	waits []float64 // of the acknowledged, in milliseconds
}

func (s *span) add(op *metrics.Operation) {
	s.n++
	if op.Outcome == metrics.OK {
		s.waits = append(s.waits, inMilliseconds(op.Latency()))
	}
}

func (s *span) numbers(f metrics.Finding) metrics.Finding {
	f = number(f, s.name+"_n", s.n)
	if s.n == 0 {
		return f
	}
	f = number(f, s.name+"_ok", float64(len(s.waits))/float64(s.n))
	if len(s.waits) == 0 {
		return f
	}
	slices.Sort(s.waits)
	f = number(f, s.name+"_p50_ms", metrics.Quantile(s.waits, 0.50))
	return number(f, s.name+"_p95_ms", metrics.Quantile(s.waits, 0.95))
}

// inMilliseconds turns a duration into a record's unit, to the microsecond.
func inMilliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
