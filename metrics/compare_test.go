package metrics_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"chaosctl/metrics"
)

// TestNewcombe holds the interval against table II of Newcombe (1998), method 10.
func TestNewcombe(t *testing.T) {
	for _, test := range []struct {
		k1, n1, k2, n2 int
		low, high      float64
	}{
		{56, 70, 48, 80, 0.0524, 0.3339},
		{9, 10, 3, 10, 0.1705, 0.8090},
		{6, 7, 2, 7, 0.0582, 0.8062},
		{5, 56, 0, 29, -0.0381, 0.1926},
		{0, 10, 0, 20, -0.1611, 0.2775},
		{0, 10, 0, 10, -0.2775, 0.2775},
		{10, 10, 0, 20, 0.6791, 1},
		{10, 10, 0, 10, 0.6075, 1},
	} {
		got := metrics.Newcombe(test.k1, test.n1, test.k2, test.n2, 0.95)
		near(t, "low", test.low, got.Low, 6e-5)
		near(t, "high", test.high, got.High, 6e-5)
		back := metrics.Newcombe(test.k2, test.n2, test.k1, test.n1, 0.95)
		near(t, "mirrored low", -got.High, back.Low, 1e-12)
	}
	diff(t, metrics.Interval{Low: -1, High: 1}, metrics.Newcombe(0, 0, 1, 2, 0.95))
	diff(t, metrics.Interval{Low: 0, High: 1}, metrics.Wilson(0, 0, 0.95))
}

func TestFisherExact(t *testing.T) {
	for _, test := range []struct {
		k1, n1, k2, n2 int
		want           float64
	}{
		{3, 4, 1, 4, 0.485714},   // the lady tasting tea, two-sided
		{1, 12, 9, 12, 0.002759}, // men, women, studying
		{0, 50, 0, 60, 1}, {5, 5, 5, 5, 1}, {0, 5, 5, 5, 0.007937}, {0, 0, 1, 2, 1}, {3, 2, 0, 2, 1},
	} {
		near(t, "p", test.want, metrics.FisherExact(test.k1, test.n1, test.k2, test.n2), 1e-6)
	}
}

// TestFisherExactIsASumOverTables counts tables with whole numbers.
func TestFisherExactIsASumOverTables(t *testing.T) {
	choose := func(n, k int) float64 {
		c := 1.0
		for i := range k {
			c = math.Round(c * float64(n-i) / float64(i+1))
		}
		return c
	}
	random := rand.New(rand.NewPCG(2, 2))
	for range 500 {
		n1, n2 := 1+random.IntN(14), 1+random.IntN(14)
		k1, k2 := random.IntN(n1+1), random.IntN(n2+1)
		seen := choose(n1, k1) * choose(n2, k2)
		extreme := 0.0
		for x := range k1 + k2 + 1 {
			if x <= n1 && k1+k2-x <= n2 {
				if ways := choose(n1, x) * choose(n2, k1+k2-x); ways <= seen {
					extreme += ways
				}
			}
		}
		near(t, "p", extreme/choose(n1+n2, k1+k2), metrics.FisherExact(k1, n1, k2, n2), 1e-9)
	}
}

func TestMannWhitney(t *testing.T) {
	low, high := []float64{1, 2, 3, 4, 5, 6, 7, 8}, []float64{9, 10, 11, 12, 13, 14, 15, 16}
	p, shift := metrics.MannWhitney(low, high)
	near(t, "p", 0.000939, p, 1e-6) // U = 0, z = 31.5/sqrt(8*8*17/12)
	diff(t, 32.0, shift)
	p, shift = metrics.MannWhitney(high, low)
	near(t, "p", 0.000939, p, 1e-6)
	diff(t, -32.0, shift)
	for _, same := range [][2][]float64{{nil, high}, {low, nil}, {{5, 5}, {5, 5, 5}}, {low, low}, {nil, nil}} {
		p, _ := metrics.MannWhitney(same[0], same[1])
		near(t, "p", 1, p, 0.05)
	}
}

// TestMannWhitneyAgainstPairs counts pairs, and how often equal samples look different.
func TestMannWhitneyAgainstPairs(t *testing.T) {
	random := rand.New(rand.NewPCG(1947, 18))
	different := 0
	const runs = 2000
	for range runs {
		a, b := make([]float64, 20), make([]float64, 30)
		for i := range a {
			a[i] = float64(random.IntN(15))
		}
		for i := range b {
			b[i] = float64(random.IntN(15))
		}
		u := 0.0
		for _, x := range a {
			for _, y := range b {
				switch {
				case y > x:
					u++
				case y == x:
					u += 0.5
				}
			}
		}
		p, shift := metrics.MannWhitney(a, b)
		near(t, "shift", u-20*30/2, shift, 1e-9)
		if p < 0.05 {
			different++
		}
	}
	near(t, "rate of false differences", 0.05, float64(different)/runs, 0.015)
}

func slower(records []metrics.Record, by float64) []metrics.Record {
	for i := range records {
		records[i].Latency = map[string]metrics.Latency{"ok": {N: 90, P50: by + float64(i%7)}}
	}
	return records
}

func TestCompareShowsNoMoreThanThereIs(t *testing.T) {
	c := metrics.Compare(slower(cycles(50), 5), slower(cycles(50, 7), 50))
	if len(c.Faults) != 1 {
		t.Fatalf("%+v", c)
	}
	f := c.Faults[0]
	diff(t, "partition(nodes=0)", f.Fault)
	diff(t, metrics.NoDifference, f.Failed.Sign) // 1 of 50 is no proof beside 0 of 50
	diff(t, metrics.NoDifference, f.Lossy.Sign)
	near(t, "p", 1, *f.Lossy.P, 1e-9)
	diff(t, []int{0, 50, 1, 50}, []int{f.Lossy.A.K, f.Lossy.A.N, f.Lossy.B.K, f.Lossy.B.N})
	diff(t, metrics.Worse, f.Latency.Sign)
	diff(t, false, c.Worse())

	few := metrics.Compare(cycles(2), cycles(2, 1, 2)).Faults[0].Lossy // p is 1/3
	diff(t, metrics.NoDifference, few.Sign)
	diff(t, true, few.Difference.Low > 0)

	lossy := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	c = metrics.Compare(cycles(50), cycles(50, lossy...))
	diff(t, metrics.Worse, c.Faults[0].Lossy.Sign)
	diff(t, true, c.Worse())
	c = metrics.Compare(cycles(50, lossy...), cycles(50))
	diff(t, metrics.Better, c.Faults[0].Lossy.Sign)
	diff(t, false, c.Worse())
}

func TestCompareMatchesFaults(t *testing.T) {
	with := func(fault, spec string) []metrics.Record {
		r := line(1)
		r.Fault, r.FaultSpec = fault, spec
		return []metrics.Record{r}
	}
	doubt := with("pause", "pause(for=1s)")
	doubtful(&doubt[0])
	a := append(with("pause", "pause(for=2s)"), with("kill", "kill")...)
	b := append(doubt, with("skew", "skew")...)
	c := metrics.Compare(a, b)
	names := map[string]string{}
	for _, f := range c.Faults {
		names[f.Fault] = f.OnlyIn
		diff(t, metrics.Unknowable, f.Failed.Sign)
		if f.Failed.Difference != nil || f.Failed.P != nil {
			t.Errorf("%s: a difference out of nothing", f.Fault)
		}
	}
	diff(t, map[string]string{"pause(for=2s)": "", "kill": "a", "skew": "b"}, names)
	diff(t, []string{"fault pause(for=2s) | pause(for=1s)"}, c.Differs)
}
