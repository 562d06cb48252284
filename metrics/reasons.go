package metrics

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// checkSummaries folds the findings of all cycles by checker.
func checkSummaries(records []Record) []CheckSummary {
	checks := []CheckSummary{}
	for _, r := range records {
		for _, f := range r.Findings {
			i := slices.IndexFunc(checks, func(c CheckSummary) bool { return c.Checker == f.Checker })
			if i < 0 {
				i = len(checks)
				checks = append(checks, CheckSummary{Checker: f.Checker, Named: []string{}, Affected: []int{}})
			}
			checks[i].add(r.Cycle, f)
		}
	}
	return checks
}

// add counts a finding. The cycles that are named are those of the worst answer.
func (c *CheckSummary) add(cycle int, f Finding) {
	worse := c.Cycles == Tally{} || f.Verdict.rank() > c.Cycles.Worst().rank()
	c.Cycles.Add(f.Verdict)
	c.Gating += one(f.Gates)
	if f.Verdict == Fail {
		c.Keys += max(len(f.Keys), int(f.Numbers["keys"]))
		c.Named = append(c.Named, f.Keys[:min(len(f.Keys), MaxKeys-len(c.Named))]...)
	}
	if worse {
		c.Affected, c.Why = []int{}, f.Why
	}
	if f.Verdict != Pass && f.Verdict == c.Cycles.Worst() && len(c.Affected) < MaxKeys {
		c.Affected = append(c.Affected, cycle)
	}
}

// reasons says in words why a fault's verdict is not a pass; nothing for a pass.
func reasons(f FaultSummary, records []Record) []string {
	if f.Verdict == Pass {
		return nil
	}
	said := []string{}
	for _, v := range []Verdict{Fail, Error, Inconclusive} {
		if text := cyclesThat(v, records); text != "" {
			said = append(said, f.Fault+": "+text)
		}
	}
	if f.TotalCycles < f.Planned {
		said = append(said, missingLines(f.Fault, f.TotalCycles, f.Planned))
	}
	if len(f.Repeated) > 0 {
		said = append(said, fmt.Sprintf("%s: more than one line for %s", f.Fault, cycleList(f.Repeated)))
	}
	if f.Acked == 0 && f.TotalCycles > 0 {
		said = append(said, f.Fault+": nothing was acknowledged")
	}
	return said
}

// cyclesThat tells which cycles have a verdict and which findings gave it, each finding with
// what it said first.
func cyclesThat(v Verdict, records []Record) string {
	type cause struct {
		checker, why string
		cycles       int
	}
	var numbers []int
	var causes []cause
	for _, r := range records {
		if r.Verdict != v {
			continue
		}
		numbers = append(numbers, r.Cycle)
		for _, f := range r.Findings {
			if !f.Gates || f.Verdict != v {
				continue
			}
			i := slices.IndexFunc(causes, func(c cause) bool { return c.checker == f.Checker })
			if i < 0 {
				i = len(causes)
				causes = append(causes, cause{checker: f.Checker, why: f.Why})
			}
			causes[i].cycles++
		}
	}
	if len(numbers) == 0 {
		return ""
	}
	text := fmt.Sprintf("%d of %d cycles %s (%s)", len(numbers), len(records), ended(v), cycleList(numbers))
	for i, c := range causes {
		separator := "; "
		if i == 0 {
			separator = ": "
		}
		text += fmt.Sprintf("%s%s in %d: %s", separator, c.checker, c.cycles, c.why)
	}
	return text
}

func ended(v Verdict) string {
	switch v {
	case Fail:
		return "failed"
	case Error:
		return "ended in an error of the harness"
	default:
		return "are " + v.String()
	}
}

// maxListed is how many cycle numbers a sentence names.
const maxListed = 5

func cycleList(numbers []int) string {
	words := make([]string, 0, maxListed)
	for _, n := range numbers[:min(len(numbers), maxListed)] {
		words = append(words, strconv.Itoa(n))
	}
	text := "cycle " + strings.Join(words, ", ")
	if len(numbers) > 1 {
		text = "cycles " + strings.Join(words, ", ")
	}
	if more := len(numbers) - maxListed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func missingLines(fault string, have, planned int) string {
	text := fmt.Sprintf("%d of %d cycles have a line", have, planned)
	if fault == "" {
		return text
	}
	return fault + ": " + text
}
