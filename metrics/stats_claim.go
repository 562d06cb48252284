package metrics

import (
	"fmt"
	"math"
	"strconv"
)

// ClaimConfidence is the confidence of the claims that summaries make.
const ClaimConfidence = 0.95

// LossClaim is what cycles allow to be said about lost writes. The unit is the cycle, not the
// write: the writes of a cycle met the same fault and are not independent.
//
// A cycle counts when it answered the question: acked_lost passed or failed, and no gating
// finding is in doubt. One that was proven to have lost a write counts whatever else is in doubt.
// A cycle with more than one line counts only if one of them lost a write.
type LossClaim struct {
	Words      string     `json:"claim"`           // for people
	Confidence float64    `json:"confidence"`      // of the bounds, 0 to 1
	Sound      int        `json:"n_sound"`         // cycles that count
	Lossy      int        `json:"n_lossy"`         // of those, that lost an acknowledged write
	Lower      *float64   `json:"loss_rate_lower"` // null without a sound cycle or with a sequential test; 0 when none lost one
	Upper      *float64   `json:"loss_rate_upper"` // null likewise; one-sided when none lost one
	Uncounted  int        `json:"n_not_counted"`   //
	NotCounted []CycleRef `json:"not_counted"`     // the first MaxKeys of them
}

// CycleRef names a cycle that does not count, and why.
type CycleRef struct {
	Fault string `json:"fault"`
	Cycle int    `json:"cycle"`
	Why   string `json:"why"`
}

// Losses makes the claim of some records. Of several faults it speaks about cycles of the mix
// that was run.
func Losses(records []Record) LossClaim {
	c := LossClaim{Confidence: ClaimConfidence, NotCounted: []CycleRef{}}
	for _, s := range soundness(records) {
		switch {
		case s.sound:
			c.Sound++
			c.Lossy += one(s.lossy)
		default:
			c.Uncounted++
			if len(c.NotCounted) < MaxKeys {
				c.NotCounted = append(c.NotCounted, CycleRef{s.fault, s.cycle, s.why})
			}
		}
	}
	if c.Sound > 0 {
		bounds := ClopperPearson(c.Lossy, c.Sound, c.Confidence)
		if c.Lossy == 0 {
			bounds.High = UpperBound(0, c.Sound, c.Confidence)
		}
		c.Lower, c.Upper = &bounds.Low, &bounds.High
	}
	c.Words = c.words()
	return c
}

// decided puts a sequential test's decision in the place of the bounds: those hold for a number of
// cycles that was fixed beforehand. Without a decision it changes nothing.
func (c LossClaim) decided(words string) LossClaim {
	if words != "" {
		c.Words, c.Lower, c.Upper = words, nil, nil
	}
	return c
}

func (c LossClaim) words() string {
	if c.Sound == 0 {
		return "no cycle counts: nothing can be claimed about lost writes"
	}
	seen := fmt.Sprintf("%d of %d cycles lost an acknowledged write; with %s confidence ",
		c.Lossy, c.Sound, confidenceText(c.Confidence))
	if c.Lossy == 0 {
		return seen + fmt.Sprintf("fewer than %s do", Percent(*c.Upper, Up))
	}
	return seen + fmt.Sprintf("between %s and %s do", Percent(*c.Lower, Down), Percent(*c.Upper, Up))
}

// Rounding is the way in which a printed number leaves what it stands for.
type Rounding int

// The ways. A bound that is printed must not claim more than the bound that was computed: upper
// ends go up, lower ends go down.
const (
	Nearest Rounding = iota
	Up
	Down
)

// Percent prints a fraction in percent with two decimals, below 0.1 % with two digits that
// count.
func Percent(fraction float64, rounding Rounding) string {
	percent := fraction * 100
	decimals := 2
	if percent > 0 && percent < 0.1 {
		decimals = min(1-int(math.Floor(math.Log10(percent))), 12)
	}
	scale := math.Pow10(decimals)
	const slack = 1e-9 // 0.29*100 is a little less than 29
	switch rounding {
	case Up:
		percent = math.Ceil(percent*scale-slack) / scale
	case Down:
		percent = math.Floor(percent*scale+slack) / scale
	case Nearest:
	}
	return strconv.FormatFloat(percent, 'f', decimals, 64) + " %"
}

// confidenceText prints a confidence as it was asked for: 95 %, 99.9 %.
func confidenceText(confidence float64) string {
	return strconv.FormatFloat(math.Round(confidence*1e8)/1e6, 'f', -1, 64) + " %"
}

// answered is what one cycle says about lost writes.
type answered struct {
	fault, spec  string
	cycle        int
	sound, lossy bool
	why          string // it does not count
}

// soundness asks each cycle once, in the order of the records.
func soundness(records []Record) []answered {
	type id struct {
		fault, spec string
		cycle       int
	}
	at := map[id]int{}
	asked := make([]answered, 0, len(records))
	for _, r := range records {
		key, a := id{r.Fault, r.FaultSpec, r.Cycle}, answer(r)
		i, again := at[key]
		switch {
		case !again:
			at[key] = len(asked)
			asked = append(asked, a)
		case a.lossy:
			asked[i] = a
		case !asked[i].lossy:
			asked[i].sound, asked[i].why = false, "more than one line"
		}
	}
	return asked
}

// answer asks one record.
func answer(r Record) answered {
	a := answered{fault: r.Fault, spec: r.FaultSpec, cycle: r.Cycle, why: "whether it lost a write was not judged"}
	if lost(r) > 0 {
		a.sound, a.lossy, a.why = true, true, ""
		return a
	}
	judged := false
	for _, f := range r.Findings {
		switch {
		case f.Checker == AckedLost && f.Verdict == Pass:
			judged = true
		case f.Gates && (f.Verdict == Inconclusive || f.Verdict == Error):
			a.why = f.Checker + " is " + f.Verdict.String()
			return a
		}
	}
	switch {
	case r.Verdict == Inconclusive, r.Verdict == Error:
		a.why = "it is " + r.Verdict.String()
	case r.Acked == 0:
		a.why = "nothing was acknowledged"
	case judged:
		a.sound, a.why = true, ""
	}
	return a
}
