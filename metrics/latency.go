package metrics

import (
	"math"
	"slices"
	"time"
)

// milliseconds turns a duration into a record's unit, to the microsecond.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Quantile returns the q-quantile (0 < q <= 1) of sorted values by nearest rank: the smallest
// value that at least the fraction q of all values do not exceed. It is always one of the
// values, never interpolated. No values have the quantile 0.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// readName is the name under which the waiting times of reads are summarised.
const readName = "read"

// latencies summarises waiting times by outcome, those of reads apart; what did not occur is left
// out.
func latencies(operations []Operation) map[string]Latency {
	waits := map[string][]float64{}
	for _, op := range operations {
		if op.Returned != Never {
			name := op.Outcome.String()
			if op.Kind == Read {
				name = readName
			}
			waits[name] = append(waits[name], milliseconds(op.Latency()))
		}
	}
	summary := make(map[string]Latency, len(waits))
	for name, sorted := range waits {
		slices.Sort(sorted)
		summary[name] = Latency{
			N:   len(sorted),
			P50: Quantile(sorted, 0.50),
			P95: Quantile(sorted, 0.95),
			P99: Quantile(sorted, 0.99),
			Max: sorted[len(sorted)-1],
		}
	}
	return summary
}
