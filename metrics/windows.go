package metrics

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The times of a cycle relative to its faults.
const (
	BeforeFault = "before" // answered before the first fault was called
	DuringFault = "during" // under way at some time while a fault was in force
	AfterFault  = "after"  // begun after the last heal was observed
)

// Range and precision of the histograms: a microsecond to an hour, three significant digits.
const (
	leastWait    = 1
	longestWait  = int64(time.Hour / time.Microsecond)
	waitsDigits  = 3
	microseconds = 1000 // in a millisecond
)

// WindowLatency is how long clients waited in one window, of all outcomes. Times count from when
// an open loop meant to begin an operation, so that a stall is felt by all that were to begin in it
// (no coordinated omission).
type WindowLatency struct {
	N   int     `json:"n"`
	OK  int     `json:"ok"` // of them, acknowledged or answered as asked
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
	HDR string  `json:"hdr"` // HdrHistogram V2, compressed, base64, in microseconds: windows of many cycles can be merged
}

// windowLatencies splits waiting times by window; a window in which nothing was under way is left
// out. What was under way when a fault began and ended before it was in force, or between two
// windows, counts as during.
func windowLatencies(h *History) map[string]WindowLatency {
	split := map[string]*windowWaits{}
	for _, op := range h.Operations {
		if op.Returned == Never {
			continue
		}
		name := windowOf(h, op)
		if split[name] == nil {
			split[name] = &windowWaits{histogram: hdrhistogram.New(leastWait, longestWait, waitsDigits)}
		}
		split[name].add(op)
	}
	latencies := make(map[string]WindowLatency, len(split))
	for name, waits := range split {
		latencies[name] = waits.summary()
	}
	return latencies
}

func windowOf(h *History, op Operation) string {
	began, healed := Never, Never
	for _, w := range h.Windows {
		if !w.InForce() {
			continue
		}
		if began == Never || w.Began < began {
			began = w.Began
		}
		healed = max(healed, w.Healed, w.Active)
	}
	switch {
	case began == Never || op.Returned < began:
		return BeforeFault
	case op.Invoked > healed:
		return AfterFault
	}
	return DuringFault
}

// windowWaits is the waiting times of one window.
type windowWaits struct {
	histogram *hdrhistogram.Histogram
	ok        int
}

func (w *windowWaits) add(op Operation) {
	from := op.Invoked
	if op.Scheduled > 0 {
		from = op.Scheduled
	}
	wait := min(max((op.Returned-from).Microseconds(), leastWait), longestWait)
	_ = w.histogram.RecordValue(wait) // it is within the range
	if op.Outcome == OK {
		w.ok++
	}
}

func (w *windowWaits) summary() WindowLatency {
	at := func(quantile float64) float64 { return float64(w.histogram.ValueAtQuantile(quantile)) / microseconds }
	l := WindowLatency{
		N: int(w.histogram.TotalCount()), OK: w.ok,
		P50: at(50), P95: at(95), P99: at(99), Max: float64(w.histogram.Max()) / microseconds,
	}
	if encoded, err := w.histogram.Encode(hdrhistogram.V2CompressedEncodingCookieBase); err == nil {
		l.HDR = string(encoded)
	}
	return l
}
