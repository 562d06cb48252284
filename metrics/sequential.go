package metrics

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Sequential is Wald's sequential probability ratio test (Annals of Mathematical Statistics 16,
// 1945) on the probability that a cycle loses an acknowledged write. It may be asked after every
// cycle, which an interval for a number of cycles that was fixed beforehand may not.
//
// Its two simple hypotheses are the rates Rate (too high) and Good (well below). It accepts when
// the cycles are 1/(1-Confidence) times as likely under Good as under Rate, and rejects when it
// is the other way round. By Ville's inequality, whenever it is asked and however long it runs:
//
//   - a system that loses writes in Rate of its cycles or more is accepted with a probability of
//     at most 1-Confidence;
//   - a system that loses writes in Good of its cycles or fewer is rejected with a probability of
//     at most 1-Confidence.
//
// Between the two either may come. Cycles that do not count as LossClaim tells are passed over.
type Sequential struct {
	Rate       float64 // between 0 and 1
	Good       float64 // more than 0, less than Rate
	Confidence float64 // at least 0.5, less than 1
	First      int     // number of the first cycle; 0 is 1
}

// goodPart is how much lower than the rate of a test the rate of a good system is taken to be. A
// tenth costs 11 % more clean cycles than a fixed number of them would, and rides out a single
// loss.
const goodPart = 10

// ParseSequential reads what --stop-when takes: loss<RATE@CONFIDENCE, such as loss<0.005@0.95.
// Good is a tenth of the rate.
func ParseSequential(text string) (Sequential, error) {
	wrong := func(why string) (Sequential, error) {
		return Sequential{}, fmt.Errorf("%q %s: give loss<RATE@CONFIDENCE, such as loss<0.005@0.95", text, why)
	}
	condition, found := strings.CutPrefix(text, "loss<")
	if !found {
		return wrong("does not begin with loss<")
	}
	rateText, confidenceText, found := strings.Cut(condition, "@")
	if !found {
		return wrong("has no confidence")
	}
	rate, err := strconv.ParseFloat(rateText, 64)
	if err != nil || !(rate > 0 && rate < 1) {
		return wrong("has no rate between 0 and 1")
	}
	confidence, err := strconv.ParseFloat(confidenceText, 64)
	if err != nil || !(confidence >= 0.5 && confidence < 1) {
		return wrong("has no confidence from 0.5 to below 1")
	}
	return Sequential{Rate: rate, Good: rate / goodPart, Confidence: confidence}, nil
}

// String returns what ParseSequential reads.
func (s Sequential) String() string {
	return "loss<" + strconv.FormatFloat(s.Rate, 'g', -1, 64) + "@" + strconv.FormatFloat(s.Confidence, 'g', -1, 64)
}

// Decision is what a sequential test says.
type Decision uint8

// The decisions. The zero value asks for more cycles.
const (
	Continue Decision = iota // not decided
	Accept                   // the rate is below Rate
	Reject                   // the rate is above Good
)

var decisionNames = [...]string{Continue: "continue", Accept: "accept", Reject: "reject"}

// String returns continue, accept or reject.
func (d Decision) String() string {
	if int(d) < len(decisionNames) {
		return decisionNames[d]
	}
	return fmt.Sprintf("decision(%d)", uint8(d))
}

// Decided is a decision and what it rests on.
type Decided struct {
	Decision Decision
	Sound    int // cycles it rests on
	Lossy    int // of those, that lost a write
	Words    string
}

// Decide asks the test about the records of one fault, as a SequentialRun that is told of each.
func (s Sequential) Decide(records []Record) Decided {
	run := s.Begin()
	for _, a := range soundness(records) {
		run.add(a)
	}
	return run.Decided()
}

// Begin begins a test of one fault.
func (s Sequential) Begin() *SequentialRun {
	return &SequentialRun{test: s, next: max(s.First, 1), ended: map[int]answered{}}
}

// SequentialRun is a test under way. It takes the cycles in the order of their numbers and up to
// the first that has not ended yet, whatever order they end in: cycles that lose writes take
// longer, and those that end first are no fair sample. Its first decision stays. It is not safe
// for concurrent use.
type SequentialRun struct {
	test    Sequential
	next    int              // number of the cycle that is to be taken next
	ended   map[int]answered // cycles behind it
	weight  float64          // log of the likelihood under Good over that under Rate
	decided Decided
}

// Add tells the test of a cycle that has ended.
func (r *SequentialRun) Add(record Record) Decided {
	r.add(answer(record))
	return r.Decided()
}

// Decided is what the test says so far.
func (r *SequentialRun) Decided() Decided {
	d := r.decided
	d.Words = r.test.words(d)
	return d
}

func (r *SequentialRun) add(a answered) {
	if a.cycle < r.next {
		return
	}
	r.ended[a.cycle] = a
	for r.decided.Decision == Continue {
		a, known := r.ended[r.next]
		if !known {
			return
		}
		delete(r.ended, r.next)
		r.next++
		if a.sound {
			r.weigh(a.lossy)
		}
	}
}

func (r *SequentialRun) weigh(lossy bool) {
	s := r.test
	r.decided.Sound++
	if lossy {
		r.decided.Lossy++
		r.weight += math.Log(s.Good / s.Rate)
	} else {
		r.weight += math.Log1p(-s.Good) - math.Log1p(-s.Rate)
	}
	switch bound := -math.Log1p(-s.Confidence); {
	case r.weight >= bound:
		r.decided.Decision = Accept
	case r.weight <= -bound:
		r.decided.Decision = Reject
	}
}

func (s Sequential) words(d Decided) string {
	seen := fmt.Sprintf("%d of %d cycles lost an acknowledged write", d.Lossy, d.Sound)
	switch d.Decision {
	case Accept:
		return fmt.Sprintf("%s: fewer than %s do, by a sequential test with %s confidence",
			seen, Percent(s.Rate, Nearest), confidenceText(s.Confidence))
	case Reject:
		return fmt.Sprintf("%s: more than %s do, by a sequential test with %s confidence",
			seen, Percent(s.Good, Nearest), confidenceText(s.Confidence))
	case Continue:
	}
	return seen + ": not decided"
}
