package metrics

import (
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/mathext"
)

// Plan is how many cycles a claim takes, and how long they last.
type Plan struct {
	Claim      float64    `json:"claim"`      // the least fraction of cycles that keep every acknowledged write
	Confidence float64    `json:"confidence"` // 0 to 1
	Faults     []string   `json:"faults"`     // the claim is made for each of them
	Parallel   int        `json:"parallel"`   // cycles at a time
	CycleMS    *float64   `json:"cycle_ms"`   // mean time of a cycle; null when it is not known
	Source     string     `json:"source"`     // where that time is from
	Needs      []PlanNeed `json:"needs"`      // by how many cycles may lose a write, from 0
}

// PlanNeed is what a claim takes when some cycles lose a write.
type PlanNeed struct {
	Lossy  int      `json:"lossy"`  // cycles that lose a write
	Cycles int      `json:"cycles"` // of each fault
	Total  int      `json:"total"`  // of all faults
	TookS  *float64 `json:"time_s"` // estimated; null when the time of a cycle is not known
}

// MaxPlanned is the most cycles a plan may come to.
const MaxPlanned = 1_000_000_000

// PlanRequest asks for a plan.
type PlanRequest struct {
	Claim, Confidence float64       // both between 0 and 1
	Lossy             int           // plan for up to so many lossy cycles
	Faults            []string      // none counts as one
	Parallel          int           // cycles at a time, at least 1
	Cycle             time.Duration // mean time of a cycle, 0 when it is not known
	Source            string        // where it is from
}

// NewPlan computes the cycles a claim takes. It fails when the claim cannot be planned for.
func NewPlan(q PlanRequest) (Plan, error) {
	p := Plan{
		Claim: q.Claim, Confidence: q.Confidence, Faults: append([]string{}, q.Faults...),
		Parallel: max(q.Parallel, 1), Source: q.Source, Needs: []PlanNeed{},
	}
	if q.Cycle > 0 {
		ms := milliseconds(q.Cycle)
		p.CycleMS = &ms
	}
	for lossy := range q.Lossy + 1 {
		cycles, err := CyclesNeeded(q.Claim, q.Confidence, lossy)
		if err != nil {
			return Plan{}, err
		}
		need := PlanNeed{Lossy: lossy, Cycles: cycles, Total: cycles * max(len(q.Faults), 1)}
		if p.CycleMS != nil {
			rounds := (need.Total + p.Parallel - 1) / p.Parallel
			took := float64(rounds) * *p.CycleMS / 1000
			need.TookS = &took
		}
		p.Needs = append(p.Needs, need)
	}
	return p, nil
}

// CyclesNeeded returns the fewest cycles after which, when at most so many of them lost a write,
// UpperBound is at most 1-claim: the fewest n for which so few losses of n would have a
// probability of at most 1-confidence if the rate were 1-claim.
func CyclesNeeded(claim, confidence float64, lossy int) (int, error) {
	switch {
	case !(claim > 0 && claim < 1):
		return 0, fmt.Errorf("a claim of %v cannot be planned for: give a fraction between 0 and 1, such as 0.995", claim)
	case !(confidence > 0 && confidence < 1):
		return 0, fmt.Errorf("a confidence of %v is not between 0 and 1: give one such as 0.95", confidence)
	case lossy < 0:
		return 0, fmt.Errorf("%d lossy cycles cannot be planned for: give 0 or more", lossy)
	}
	rate, alpha := 1-claim, 1-confidence
	enough := func(n int) bool { return fewLosses(lossy, n, rate) <= alpha*(1+1e-12) }
	high := lossy + 1
	for !enough(high) {
		if high > MaxPlanned {
			return 0, fmt.Errorf("a claim of %v takes more than %d cycles: claim less", claim, MaxPlanned)
		}
		high *= 2
	}
	low := max(lossy, high/2-1) // not enough
	for high-low > 1 {
		middle := low + (high-low)/2
		if enough(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high, nil
}

// fewLosses is the probability of at most k events in n tries of probability p: the tail of the
// binomial distribution as an incomplete beta function.
func fewLosses(k, n int, p float64) float64 {
	switch {
	case k >= n:
		return 1
	case k == 0:
		return math.Exp(float64(n) * math.Log1p(-p))
	}
	return mathext.RegIncBeta(float64(n-k), float64(k+1), 1-p)
}

// MeanCycle is the mean time of the cycles of some records, tries that were repeated included;
// 0 without records.
func MeanCycle(records []Record) time.Duration {
	if len(records) == 0 {
		return 0
	}
	var total float64
	for _, r := range records {
		total += r.DurationMS * float64(max(r.Attempts, 1))
	}
	return time.Duration(total / float64(len(records)) * float64(time.Millisecond))
}
