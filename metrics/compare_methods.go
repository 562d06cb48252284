package metrics

import (
	"cmp"
	"math"
	"slices"
)

// Newcombe returns the interval of the difference of two probabilities p1-p2 of which k1 of n1
// and k2 of n2 were seen: the hybrid score interval without continuity correction, method 10 of
// Newcombe, Statistics in Medicine 17 (1998). Arguments that make no sense give -1 to 1.
func Newcombe(k1, n1, k2, n2 int, confidence float64) Interval {
	if !countable(k1, n1, confidence) || !countable(k2, n2, confidence) {
		return Interval{Low: -1, High: 1}
	}
	p1, p2 := float64(k1)/float64(n1), float64(k2)/float64(n2)
	one, two := Wilson(k1, n1, confidence), Wilson(k2, n2, confidence)
	d := p1 - p2
	return Interval{
		Low:  max(-1, d-math.Hypot(p1-one.Low, two.High-p2)),
		High: min(1, d+math.Hypot(one.High-p1, p2-two.Low)),
	}
}

// Wilson returns the score interval of a probability (Wilson, JASA 22, 1927). It is approximate
// and part of Newcombe's; ClopperPearson is the one for claims.
func Wilson(k, n int, confidence float64) Interval {
	if !countable(k, n, confidence) {
		return anything()
	}
	z := normalQuantile((1 + confidence) / 2)
	tries, p := float64(n), float64(k)/float64(n)
	scale := 1 + z*z/tries
	middle := (p + z*z/(2*tries)) / scale
	reach := z * math.Sqrt(p*(1-p)/tries+z*z/(4*tries*tries)) / scale
	i := Interval{Low: max(0, middle-reach), High: min(1, middle+reach)}
	if k == 0 {
		i.Low = 0 // exactly, whatever rounding says
	}
	if k == n {
		i.High = 1
	}
	return i
}

// FisherExact returns the two-sided p-value of Fisher's exact test that k1 of n1 and k2 of n2
// have the same probability: the probability, given all four totals, of tables that are no more
// likely than the one that was seen. Arguments that make no sense give 1.
func FisherExact(k1, n1, k2, n2 int) float64 {
	if n1 < 1 || n2 < 1 || k1 < 0 || k2 < 0 || k1 > n1 || k2 > n2 {
		return 1
	}
	k := k1 + k2
	all := logChoose(n1+n2, k)
	chance := func(x int) float64 { return math.Exp(logChoose(n1, x) + logChoose(n2, k-x) - all) }
	seen, p := chance(k1), 0.0
	for x := max(0, k-n2); x <= min(n1, k); x++ {
		const same = 1 + 1e-7 // equal but for rounding
		if c := chance(x); c <= seen*same {
			p += c
		}
	}
	return min(p, 1)
}

func logChoose(n, k int) float64 { return logFactorial(n) - logFactorial(k) - logFactorial(n-k) }

func logFactorial(n int) float64 {
	value, _ := math.Lgamma(float64(n) + 1)
	return value
}

// MannWhitney returns the two-sided p-value of the Mann-Whitney U test that two samples come from
// one distribution (Annals of Mathematical Statistics 18, 1947), by the normal approximation with
// correction for ties and continuity, and a shift above 0 when the values of b tend to be the
// larger ones. Nothing on a side gives 1.
func MannWhitney(a, b []float64) (p, shift float64) {
	type value struct {
		x     float64
		fromB bool
	}
	all := make([]value, 0, len(a)+len(b))
	for _, x := range a {
		all = append(all, value{x, false})
	}
	for _, x := range b {
		all = append(all, value{x, true})
	}
	slices.SortFunc(all, func(v, w value) int { return cmp.Compare(v.x, w.x) })
	na, nb, n := float64(len(a)), float64(len(b)), float64(len(all))
	var ranks, ties float64 // the sum of b's ranks; the sum of t^3-t over ties
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && cmp.Compare(all[j].x, all[i].x) == 0 {
			j++
		}
		t, rank := float64(j-i), float64(i+j+1)/2
		ties += t*t*t - t
		for ; i < j; i++ {
			if all[i].fromB {
				ranks += rank
			}
		}
	}
	u := ranks - nb*(nb+1)/2
	shift = u - na*nb/2
	variance := na * nb / 12 * (n + 1 - ties/(n*(n-1)))
	if na == 0 || nb == 0 || !(variance > 0) {
		return 1, 0
	}
	z := max(0, math.Abs(shift)-0.5) / math.Sqrt(variance)
	return math.Erfc(z / math.Sqrt2), shift
}

// normalQuantile is the quantile of the standard normal distribution.
func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }
