package metrics

import (
	"fmt"
	"slices"
	"strings"
)

// StoredLine is the name of the finding about a line that stands without its history: what keeps
// it from being a pass.
const StoredLine = "stored_line"

// JudgeLine judges a cycle of which only the line was kept. What the line proved against the
// system stays; its pass stays only when the line itself holds the evidence for it. A line of the
// shell harness holds counts and no more: which writes they count nobody knows, so that it is
// inconclusive at best. Counts are held against the number of acknowledged writes, so that the
// line of a workload that writes a key more than once, or deletes, is in doubt too.
func JudgeLine(r Record) Record {
	if ofOld(r) {
		r.Acked = r.OK
		r.Flags = oldFlags(r)
	}
	verdicts := []Verdict{r.Verdict}
	for _, f := range r.Findings {
		if f.Gates {
			verdicts = append(verdicts, f.Verdict)
		}
	}
	if doubts := lineDoubts(r); len(doubts) > 0 {
		verdicts = append(verdicts, Inconclusive)
		r.Findings = append(slices.Clone(r.Findings), Finding{
			Checker: StoredLine, Verdict: Inconclusive, Gates: true, Why: strings.Join(doubts, "; "),
		})
	}
	r.Verdict = Merge(verdicts...)
	return r
}

// ofOld reports whether a line has nothing but counts.
func ofOld(r Record) bool { return r.Schema == "" || len(r.Findings) == 0 }

// grounds are the checkers without whose pass nothing is known.
var grounds = [...]string{"harness", "assumptions", "effect", "exercised"}

// doubting are the flags that no pass can have.
var doubting = [...]string{
	FlagLostAcked, FlagZeroAcked, FlagCountEqPageSize, FlagCountError, FlagFaultNoEffect, FlagClockBack, FlagSumMismatch,
}

// lineDoubts says what keeps a line from being a pass.
func lineDoubts(r Record) []string {
	var doubts []string
	doubt := func(is bool, why string, args ...any) {
		if is {
			doubts = append(doubts, fmt.Sprintf(why, args...))
		}
	}
	if ofOld(r) {
		doubts = append(doubts, "it has counts only: which of the acknowledged writes they count is not known")
	} else {
		for _, ground := range grounds {
			doubt(!slices.ContainsFunc(r.Findings, func(f Finding) bool {
				return f.Checker == ground && f.Gates && f.Verdict == Pass
			}), "%s did not pass", ground)
		}
		doubt(!slices.ContainsFunc(r.Findings, func(f Finding) bool {
			return f.Checker == AckedLost && f.Verdict != Inconclusive
		}), "%s was not judged", AckedLost)
		doubt(r.FaultWindow == nil || !r.FaultWindow.Effective || !r.FaultWindow.Healed,
			"it does not show that the fault acted and was healed")
		doubt(r.ConvergenceBound == nil, "the convergence bound is not known")
	}
	doubt(r.Acked <= 0, "nothing was acknowledged")
	doubt(r.Acked != r.OK, "acked is %d and ok is %d", r.Acked, r.OK)
	doubt(r.Writes != r.OK+r.QuorumNotMet+r.Fail, "%d writes are not the sum of %d ok, %d quorum_not_met and %d fail",
		r.Writes, r.OK, r.QuorumNotMet, r.Fail)
	for _, flag := range doubting {
		doubt(slices.Contains(r.Flags, flag), "it is marked %s", flag)
	}
	doubt(r.HarnessError != nil, "the harness went wrong")
	doubt(r.Interrupted, "the cycle was interrupted")
	return append(doubts, countDoubts(r)...)
}

// countDoubts says which counts contradict the rest of a line.
func countDoubts(r Record) []string {
	var doubts []string
	for node, count := range []*int{r.CountNode0, r.CountNode1, r.CountNode2} {
		switch {
		case count == nil:
		case *count > r.Writes:
			doubts = append(doubts, fmt.Sprintf("%s lists %d rows of %d writes", NodeName(node), *count, r.Writes))
		case r.ConvergenceBound != nil && float64(*count) < *r.ConvergenceBound*float64(r.Acked)-1e-6:
			doubts = append(doubts, fmt.Sprintf("%s lists %d rows, fewer than the convergence bound %.3f of %d acknowledged writes",
				NodeName(node), *count, *r.ConvergenceBound, r.Acked))
		}
	}
	equal := slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Checker == "catches_up" && f.Gates })
	listed := 0
	for _, c := range r.Counts {
		listed += known(c.N)
		if c.PageSize > 0 && known(c.N) > 0 && *c.N >= c.Pages*c.PageSize {
			doubts = append(doubts, fmt.Sprintf("the last page of %s was full at the end: there may be more", c.Node))
		}
		switch {
		case c.N == nil:
			doubts = append(doubts, c.Node+" was not read at the end")
		case equal && *c.N < r.Acked:
			doubts = append(doubts, fmt.Sprintf("%s lists %d rows at the end, fewer than the %d acknowledged writes", c.Node, *c.N, r.Acked))
		}
	}
	if len(r.Counts) > 0 && listed < r.Acked {
		doubts = append(doubts, fmt.Sprintf("all nodes together list %d rows at the end, fewer than the %d acknowledged writes", listed, r.Acked))
	}
	return doubts
}

// The page sizes of the list route (contract section 2.5): what it lists unless told, and at most.
const (
	defaultPage = 20
	largestPage = 200
)

// oldFlags marks a line of counts as far as they go.
func oldFlags(r Record) []string {
	counts := []*int{r.CountNode0, r.CountNode1, r.CountNode2}
	some := func(is func(n int) bool) bool {
		return slices.ContainsFunc(counts, func(n *int) bool { return n != nil && is(*n) })
	}
	set := slices.Clone(r.Flags)
	mark := func(flag string, is bool) {
		if is && !slices.Contains(set, flag) {
			set = append(set, flag)
		}
	}
	mark(FlagUnderCount, some(func(n int) bool { return n < r.OK }))
	mark(FlagOverCount, some(func(n int) bool { return n > r.Writes }))
	mark(FlagZeroAcked, r.OK == 0)
	mark(FlagCountEqPageSize, some(func(n int) bool { return n == defaultPage || n == largestPage }))
	mark(FlagCountError, r.CountNode1 == nil || r.CountNode2 == nil)
	mark(FlagSumMismatch, r.Writes != r.OK+r.QuorumNotMet+r.Fail)
	return set
}

// DifferenceKind is a way in which what is stored of a cycle does not fit.
type DifferenceKind string

// The kinds of differences.
const (
	VerdictChanged    DifferenceKind = "verdict_changed"    // today's checkers judge otherwise
	EvidenceDiffers   DifferenceKind = "evidence_differs"   // line and history do not tell of the same cycle
	LineMissing       DifferenceKind = "line_missing"       // there is a history and no line
	HistoryMissing    DifferenceKind = "history_missing"    // there is a line and no history
	HistoryUnreadable DifferenceKind = "history_unreadable" // there is a history that cannot be read
	LinesUnreadable   DifferenceKind = "lines_unreadable"   // the file of lines cannot be read to its end
	PlanMissing       DifferenceKind = "plan_missing"       // how many cycles there were to be is not known
)

// Difference is one of them.
type Difference struct {
	Kind  DifferenceKind `json:"kind"`
	Fault string         `json:"fault,omitempty"`
	Cycle int            `json:"cycle,omitempty"`
	Why   string         `json:"why"`
}

// Unsound reports whether a difference takes the ground from under a pass.
func (d Difference) Unsound() bool {
	return d.Kind != VerdictChanged && d.Kind != LineMissing && d.Kind != HistoryMissing
}

// CompareLines tells how a line differs from the one that today's checkers make of the cycle's
// history.
func CompareLines(stored, judged Record) []Difference {
	var differences []Difference
	note := func(kind DifferenceKind, why string, args ...any) {
		differences = append(differences, Difference{kind, judged.Fault, judged.Cycle, fmt.Sprintf(why, args...)})
	}
	if stored.Verdict != judged.Verdict {
		note(VerdictChanged, "the line says %v, today's checkers say %v%s", stored.Verdict, judged.Verdict, because(judged))
	}
	for _, number := range []struct {
		name           string
		stored, judged int
	}{
		{"writes", stored.Writes, judged.Writes},
		{"ok", stored.OK, judged.OK},
		{"quorum_not_met", stored.QuorumNotMet, judged.QuorumNotMet},
		{"acked", stored.Acked, judged.Acked},
	} {
		if number.stored != number.judged {
			note(EvidenceDiffers, "the line has %s %d, the history %d", number.name, number.stored, number.judged)
		}
	}
	if stored.Seed != judged.Seed || stored.Campaign != judged.Campaign {
		note(EvidenceDiffers, "the line is of campaign %s with seed %s, the history of %s with %s",
			stored.Campaign, stored.Seed, judged.Campaign, judged.Seed)
	}
	return differences
}

// because names the first gating finding that gave a record its verdict.
func because(r Record) string {
	for _, f := range r.Findings {
		if f.Gates && f.Verdict == r.Verdict && r.Verdict != Pass {
			return ": " + f.Checker + ": " + f.Why
		}
	}
	return ""
}
