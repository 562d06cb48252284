package metrics

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Interval holds the values of a probability that the evidence does not speak against.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Holds reports whether a value is in the interval, its ends included.
func (i Interval) Holds(p float64) bool { return i.Low <= p && p <= i.High }

// anything is the interval of somebody who saw nothing.
func anything() Interval { return Interval{Low: 0, High: 1} }

// ClopperPearson returns the exact two-sided interval for the probability of an event that was
// seen k times in n independent tries (Clopper and Pearson, Biometrika 26, 1934): whatever the
// probability is, the interval holds it with at least this confidence (0 to 1, both excluded).
// Nothing tried, and arguments that make no sense, give 0 to 1: no claim.
func ClopperPearson(k, n int, confidence float64) Interval {
	if !countable(k, n, confidence) {
		return anything()
	}
	// Half of what may go wrong is spent on each side.
	side := (1 + confidence) / 2
	return Interval{Low: LowerBound(k, n, side), High: UpperBound(k, n, side)}
}

// UpperBound is the one-sided exact bound: with this confidence the probability is at most it.
// For an event that was never seen it is 1-(1-confidence)^(1/n), about 3/n at 95 %. Nothing
// tried, and arguments that make no sense, give 1.
func UpperBound(k, n int, confidence float64) float64 {
	alpha := 1 - confidence
	switch {
	case !countable(k, n, confidence), k == n:
		return 1
	case k == 0:
		return -math.Expm1(math.Log(alpha) / float64(n))
	}
	return distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(confidence)
}

// LowerBound is the one-sided exact bound: with this confidence the probability is at least it.
// Nothing tried, and arguments that make no sense, give 0.
func LowerBound(k, n int, confidence float64) float64 {
	alpha := 1 - confidence
	switch {
	case !countable(k, n, confidence), k == 0:
		return 0
	case k == n:
		return math.Exp(math.Log(alpha) / float64(n))
	}
	return distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(alpha)
}

// countable reports whether k of n can be spoken about with a confidence.
func countable(k, n int, confidence float64) bool {
	return n > 0 && k >= 0 && k <= n && confidence > 0 && confidence < 1
}
