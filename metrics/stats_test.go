package metrics_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"chaosctl/metrics"
)

// near compares numbers to the digits that a table has.
func near(t *testing.T, what string, want, got, within float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(want-got) > within {
		t.Errorf("%s is %.9f, want %.9f", what, got, want)
	}
}

func TestClopperPearsonIsWhatTablesSay(t *testing.T) {
	for _, test := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 300, 0, 0.012221},
		{3, 50, 0.012549, 0.165482},
		{0, 10, 0, 0.308497},
		{1, 10, 0.002529, 0.445016},
		{5, 10, 0.187086, 0.812914},
		{10, 10, 0.691503, 1},
		{1, 1, 0.025, 1},
	} {
		got := metrics.ClopperPearson(test.k, test.n, 0.95)
		near(t, "low", test.low, got.Low, 5e-7)
		near(t, "high", test.high, got.High, 5e-7)
	}
}

func TestUpperBoundWithoutLosses(t *testing.T) {
	for n, want := range map[int]float64{150: 0.0198, 598: 0.0050, 2995: 0.0010} {
		near(t, "upper bound", want, metrics.UpperBound(0, n, 0.95), 5e-5)
	}
	near(t, "symmetry", 1-metrics.UpperBound(0, 40, 0.9), metrics.LowerBound(40, 40, 0.9), 1e-12)
}

func TestNoEvidenceIsNoClaim(t *testing.T) {
	for _, test := range []struct {
		k, n       int
		confidence float64
	}{
		{0, 0, 0.95}, {-1, 5, 0.95}, {6, 5, 0.95}, {0, -1, 0.95}, {1, 5, 0}, {1, 5, 1}, {1, 5, math.NaN()}, {0, 5, 1.5},
	} {
		diff(t, metrics.Interval{Low: 0, High: 1}, metrics.ClopperPearson(test.k, test.n, test.confidence))
		diff(t, 1.0, metrics.UpperBound(test.k, test.n, test.confidence))
		diff(t, 0.0, metrics.LowerBound(test.k, test.n, test.confidence))
	}
}

// atMost sums the binomial distribution from 0 to k, term by term.
func atMost(k, n int, p float64) float64 {
	sum := 0.0
	for i := range k + 1 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

// TestBoundsAreWhereTheTailsAreWhatMayGoWrong holds the bounds against their definition: at the
// upper bound so few events have the probability alpha, at the lower bound so many.
func TestBoundsAreWhereTheTailsAreWhatMayGoWrong(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	for range 1000 {
		n := 1 + random.IntN(3000)
		k, confidence := random.IntN(n+1), 0.5+0.4999*random.Float64()
		alpha := 1 - confidence
		if k < n {
			near(t, "lower tail", alpha, atMost(k, n, metrics.UpperBound(k, n, confidence)), 1e-6)
		}
		if k > 0 {
			near(t, "upper tail", alpha, 1-atMost(k-1, n, metrics.LowerBound(k, n, confidence)), 1e-6)
		}
		if t.Failed() {
			t.Fatalf("k=%d n=%d confidence=%v", k, n, confidence)
		}
	}
}

// TestIntervalsHoldTheTruthAsOftenAsTheySay sums over all that can be seen: no simulation.
func TestIntervalsHoldTheTruthAsOftenAsTheySay(t *testing.T) {
	for _, n := range []int{1, 7, 50, 200} {
		intervals := make([]metrics.Interval, n+1)
		for k := range intervals {
			intervals[k] = metrics.ClopperPearson(k, n, 0.95)
		}
		for p := 0.0005; p < 1; p += 0.0071 {
			covered := 0.0
			for k, interval := range intervals {
				if interval.Holds(p) {
					covered += atMost(k, n, p) - atMost(k-1, n, p)
				}
			}
			if covered < 0.95-1e-9 {
				t.Fatalf("n=%d p=%v: covered with probability %v", n, p, covered)
			}
		}
	}
}
