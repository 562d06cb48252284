package metrics

import "slices"

// CompareConfidence is the confidence of the intervals of a comparison.
const CompareConfidence = 0.95

// Comparison tells two runs apart, fault by fault.
type Comparison struct {
	A          string            `json:"a"`
	B          string            `json:"b"`
	Confidence float64           `json:"confidence"`
	Differs    []string          `json:"differs"` // how the runs were not run alike: what differs may be due to it
	Faults     []FaultComparison `json:"faults"`
}

// FaultComparison compares the cycles of one fault.
type FaultComparison struct {
	Fault    string           `json:"fault"`
	OnlyIn   string           `json:"only_in,omitempty"` // a or b: the other run has none of it
	Failed   RateComparison   `json:"failed"`            // cycles with verdict fail, of those that passed or failed
	Lossy    RateComparison   `json:"lossy"`             // cycles that lost a write, of those that count for LossClaim
	Converge SampleComparison `json:"converge_ms"`       // of each cycle the slowest node; cycles that never converged are left out
	Latency  SampleComparison `json:"latency_ms"`        // of each cycle the median wait for an acknowledgement
}

// Sign says what a comparison shows of B beside A.
type Sign string

// The signs. The zero value says nothing.
const (
	Unknowable   Sign = "?"      // one side has nothing to compare
	NoDifference Sign = "~"      // no difference shown, which does not show that there is none
	Worse        Sign = "worse"  // more or longer in B
	Better       Sign = "better" // fewer or shorter in B
)

// Rate is how often something happened, with its exact two-sided interval.
type Rate struct {
	N        int      `json:"n"`
	K        int      `json:"k"`
	Interval Interval `json:"interval"`
}

// Value is K/N, 0 without N.
func (r Rate) Value() float64 {
	if r.N == 0 {
		return 0
	}
	return float64(r.K) / float64(r.N)
}

// RateComparison compares two rates. Its sign is NoDifference unless the interval of the
// difference excludes 0 and P is below 1-CompareConfidence: the interval is approximate, and with
// a handful of cycles sees differences where the exact test sees none.
type RateComparison struct {
	A          Rate      `json:"a"`
	B          Rate      `json:"b"`
	Difference *Interval `json:"difference"` // of B minus A, Newcombe; null when there is nothing to compare
	P          *float64  `json:"p"`          // Fisher's exact test, two-sided; null likewise
	Sign       Sign      `json:"sign"`
}

// Sample summarises one number per cycle in milliseconds.
type Sample struct {
	N   int      `json:"n"`
	P50 *float64 `json:"p50"`
	P95 *float64 `json:"p95"`
}

// SampleComparison compares two samples. Its sign is NoDifference unless P is below
// 1-CompareConfidence.
type SampleComparison struct {
	A    Sample   `json:"a"`
	B    Sample   `json:"b"`
	P    *float64 `json:"p"` // Mann-Whitney U, two-sided; null when there is nothing to compare
	Sign Sign     `json:"sign"`
}

// Compare compares the records of two runs. Faults are the same when their values are; a run
// that has one fault of a name is compared with the other's one of that name.
func Compare(a, b []Record) Comparison {
	c := Comparison{Confidence: CompareConfidence, Differs: []string{}, Faults: []FaultComparison{}}
	left, right := groups(CampaignFacts{}, a), groups(CampaignFacts{}, b)
	for _, g := range left {
		other := counterpart(g, left, right)
		f := FaultComparison{Fault: g.value()}
		var theirs []Record
		if other == nil {
			f.OnlyIn = "a"
		} else {
			theirs = other.records
			right = slices.DeleteFunc(right, func(r *group) bool { return r == other })
			if other.value() != f.Fault {
				c.Differs = append(c.Differs, "fault "+f.Fault+" | "+other.value())
			}
		}
		c.Faults = append(c.Faults, f.of(g.records, theirs))
	}
	for _, g := range right {
		c.Faults = append(c.Faults, FaultComparison{Fault: g.value(), OnlyIn: "b"}.of(nil, g.records))
	}
	return c
}

// Worse reports whether more cycles fail or lose writes in B, by the sign of any fault.
func (c Comparison) Worse() bool {
	return slices.ContainsFunc(c.Faults, func(f FaultComparison) bool {
		return f.Failed.Sign == Worse || f.Lossy.Sign == Worse
	})
}

// value is the fault in full, or its name where a record of old does not tell more.
func (g *group) value() string {
	if g.spec == "" {
		return g.fault
	}
	return g.spec
}

// counterpart finds the same fault in another run; the only one of a name is, too, when there is
// no other of that name on either side.
func counterpart(g *group, mine, theirs []*group) *group {
	if i := slices.IndexFunc(theirs, func(o *group) bool { return o.value() == g.value() }); i >= 0 {
		return theirs[i]
	}
	named := func(all []*group) []*group {
		var same []*group
		for _, o := range all {
			if o.fault == g.fault {
				same = append(same, o)
			}
		}
		return same
	}
	if others := named(theirs); len(others) == 1 && len(named(mine)) == 1 {
		return others[0]
	}
	return nil
}

func (f FaultComparison) of(a, b []Record) FaultComparison {
	f.Failed = compareRates(failures(a), failures(b))
	f.Lossy = compareRates(losses(a), losses(b))
	f.Converge = compareSamples(convergences(a), convergences(b))
	f.Latency = compareSamples(medianWaits(a), medianWaits(b))
	return f
}

// failures counts the cycles that failed of those that passed or failed.
func failures(records []Record) Rate {
	var t Tally
	for _, r := range records {
		t.Add(r.Verdict)
	}
	return rate(t.Fail, t.Pass+t.Fail)
}

func losses(records []Record) Rate {
	c := Losses(records)
	return rate(c.Lossy, c.Sound)
}

func rate(k, n int) Rate { return Rate{N: n, K: k, Interval: ClopperPearson(k, n, CompareConfidence)} }

func compareRates(a, b Rate) RateComparison {
	c := RateComparison{A: a, B: b, Sign: Unknowable}
	if a.N == 0 || b.N == 0 {
		return c
	}
	difference, p := Newcombe(b.K, b.N, a.K, a.N, CompareConfidence), FisherExact(a.K, a.N, b.K, b.N)
	c.Difference, c.P, c.Sign = &difference, &p, NoDifference
	switch {
	case p >= 1-CompareConfidence:
	case difference.Low > 0:
		c.Sign = Worse
	case difference.High < 0:
		c.Sign = Better
	}
	return c
}

// convergences returns, sorted, how long cycles took to converge.
func convergences(records []Record) []float64 {
	var values []float64
	for _, r := range records {
		if took, settled := convergeTime(r); settled {
			values = append(values, took)
		}
	}
	slices.Sort(values)
	return values
}

// medianWaits returns, sorted, how long the middle acknowledged write of each cycle waited.
func medianWaits(records []Record) []float64 {
	var values []float64
	for _, r := range records {
		if l, ok := r.Latency[OK.String()]; ok && l.N > 0 {
			values = append(values, l.P50)
		}
	}
	slices.Sort(values)
	return values
}

func compareSamples(a, b []float64) SampleComparison {
	c := SampleComparison{A: sample(a), B: sample(b), Sign: Unknowable}
	if len(a) == 0 || len(b) == 0 {
		return c
	}
	p, shift := MannWhitney(a, b)
	c.P, c.Sign = &p, NoDifference
	if p < 1-CompareConfidence {
		c.Sign = Better
		if shift > 0 {
			c.Sign = Worse
		}
	}
	return c
}

func sample(sorted []float64) Sample {
	s := Sample{N: len(sorted)}
	s.P50, s.P95 = quantiles(sorted)
	return s
}
