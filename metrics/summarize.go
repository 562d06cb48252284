package metrics

import (
	"slices"
	"strings"
	"time"
)

// CampaignFacts is what a summary tells of a campaign besides its records.
type CampaignFacts struct {
	ID        string
	Ref       string // the version under test, as ai_memory_git_ref; may be empty
	StartedAt time.Time
	EndedAt   time.Time
	Planned   int          // lines the campaign was to write
	Faults    []string     // as they were asked for, in order
	Stopped   string       // why the campaign ended before its last cycle; empty when it did not
	Config    any          // the campaign as it was run
	Decision  string       // what a sequential test decided; empty without one
	Planted   *PlantedLoss // nil when none was planted
}

// Summarize folds a campaign's records. The verdict of a fault is the worst of its cycles, and no
// pass when a line is missing or there twice, or nothing was acknowledged; that of the campaign
// the worst of its faults. A proven loss outranks every doubt.
func Summarize(facts CampaignFacts, records []Record) Summary {
	s := Summary{
		CampaignID:     facts.ID,
		AIMemoryGitRef: facts.Ref,
		CompletedAt:    facts.EndedAt.UTC(),
		Schema:         Schema,
		StartedAt:      facts.StartedAt.UTC(),
		DurationS:      milliseconds(facts.EndedAt.Sub(facts.StartedAt)) / 1000,
		Stopped:        facts.Stopped,
		Planned:        facts.Planned,
		Reasons:        []string{},
		Faults:         []FaultSummary{},
		Planted:        facts.Planted,
		Config:         facts.Config,
		Decision:       facts.Decision,
		LossClaim:      Losses(records).decided(facts.Decision),
	}
	var verdicts []Verdict
	if facts.Stopped != "" {
		verdicts = append(verdicts, Inconclusive)
		s.Reasons = append(s.Reasons, "the campaign ended early: "+facts.Stopped)
	}
	if p := facts.Planted; p != nil && !p.Reported {
		verdicts = append(verdicts, Inconclusive)
		s.Reasons = append(s.Reasons, "a planted loss was not reported: "+p.Why)
	}
	if len(records) < facts.Planned {
		verdicts = append(verdicts, Inconclusive)
	}
	for _, g := range groups(facts, records) {
		f := g.summary()
		f.LossClaim = f.decided(facts.Decision)
		s.Faults = append(s.Faults, f)
		s.Reasons = append(s.Reasons, reasons(f, g.records)...)
		verdicts = append(verdicts, f.Verdict)
	}
	s.Verdict = Merge(verdicts...)
	s.OverallPass = s.Verdict == Pass
	if len(s.Reasons) == 0 && !s.OverallPass {
		s.Reasons = append(s.Reasons, missingLines("", len(records), facts.Planned))
	}
	return s
}

// group is the records of one fault.
type group struct {
	fault, spec string
	planned     int
	records     []Record
}

// groups sorts records by fault value, in the order the faults were asked for. A fault that has
// no record is there all the same. The name of a value is what stands before its parameters.
func groups(facts CampaignFacts, records []Record) []*group {
	var found []*group
	for _, r := range records {
		i := slices.IndexFunc(found, func(g *group) bool { return g.fault == r.Fault && g.spec == r.FaultSpec })
		if i < 0 {
			i = len(found)
			found = append(found, &group{fault: r.Fault, spec: r.FaultSpec})
		}
		found[i].records = append(found[i].records, r)
	}
	planned := 0
	if len(facts.Faults) > 0 {
		planned = facts.Planned / len(facts.Faults)
	}
	var ordered []*group
	for _, asked := range facts.Faults {
		name, _, _ := strings.Cut(asked, "(")
		i := slices.IndexFunc(found, func(g *group) bool { return g.fault == name })
		if i < 0 {
			ordered = append(ordered, &group{fault: name, spec: asked, planned: planned})
			continue
		}
		found[i].planned = planned
		ordered = append(ordered, found[i])
		found = slices.Delete(found, i, i+1)
	}
	return append(ordered, found...)
}

// summary folds the records of one fault.
func (g *group) summary() FaultSummary {
	f := FaultSummary{
		TotalCycles:      len(g.records),
		ConvergenceBound: seedBound(g.records),
		Fault:            g.fault,
		FaultSpec:        g.spec,
		Planned:          g.planned,
		Repeated:         repeated(g.records),
		Checks:           checkSummaries(g.records),
		LossClaim:        Losses(g.records),
	}
	verdicts := make([]Verdict, 0, len(g.records)+1)
	var converge, reconnect []float64
	for _, r := range g.records {
		f.TotalWrites += r.Writes
		f.TotalOK += r.OK
		f.TotalQuorumNotMet += r.QuorumNotMet
		f.TotalFail += r.Fail
		f.Acked += r.Acked
		f.Lost += lost(r)
		f.Cycles.Add(r.Verdict)
		verdicts = append(verdicts, r.Verdict)
		f.WorstBound = least(f.WorstBound, r.ConvergenceBound)
		if r.ReconnectMS != nil {
			reconnect = append(reconnect, *r.ReconnectMS)
		}
		switch took, settled := convergeTime(r); {
		case settled:
			converge = append(converge, took)
		case len(r.ConvergeMS) > 0:
			f.NeverSettled++
		}
		if r.InsideFault != nil {
			f.MidWrite += one(r.InsideFault.Lost > 0)
			f.LeastInside = least(f.LeastInside, &r.InsideFault.Contained)
		}
	}
	if f.TotalCycles < f.Planned || len(f.Repeated) > 0 || f.Acked == 0 {
		verdicts = append(verdicts, Inconclusive)
	}
	f.Verdict = Merge(verdicts...)
	f.WorstCycle = worstCycle(g.records)
	f.ConvergeP50, f.ConvergeP95 = quantiles(converge)
	f.ReconnectP50, f.ReconnectP95 = quantiles(reconnect)
	return f
}

// seedBound is the shell harness's convergence bound: the sum over cycles of the lesser of
// count_node1 and count_node2, an unknown count being 0, over the sum of ok, cut to three
// decimals. It compares counts, not identities, may exceed 1, and is kept so that old figures
// and new can be compared. Without an acknowledged write it is 0, where the harness said 1.
func seedBound(records []Record) float64 {
	var present, acked int
	for _, r := range records {
		present += min(known(r.CountNode1), known(r.CountNode2))
		acked += r.OK
	}
	if acked == 0 {
		return 0
	}
	return float64(present*1000/acked) / 1000
}

func known(count *int) int {
	if count == nil {
		return 0
	}
	return *count
}

// lost counts the acknowledged writes a cycle was proven to have lost.
func lost(r Record) int {
	for _, f := range r.Findings {
		if f.Checker == AckedLost && f.Verdict == Fail {
			return max(len(r.LostAcked), int(f.Numbers["keys"]))
		}
	}
	return len(r.LostAcked)
}

// convergeTime is how long the slowest node of a cycle took; settled is false when one never did.
func convergeTime(r Record) (took float64, settled bool) {
	for _, ms := range r.ConvergeMS {
		if ms == nil {
			return 0, false
		}
		took = max(took, *ms)
	}
	return took, len(r.ConvergeMS) > 0
}

// worstCycle names the cycle with the worst verdict; among equals the one that lost most, then
// the first.
func worstCycle(records []Record) int {
	worst := -1
	for i, r := range records {
		switch {
		case r.Verdict == Pass:
		case worst < 0,
			r.Verdict.rank() > records[worst].Verdict.rank(),
			r.Verdict == records[worst].Verdict && lost(r) > lost(records[worst]):
			worst = i
		}
	}
	if worst < 0 {
		return 0
	}
	return records[worst].Cycle
}

// repeated lists the cycle numbers that occur more than once.
func repeated(records []Record) []int {
	lines := map[int]int{}
	double := []int{}
	for _, r := range records {
		lines[r.Cycle]++
		if lines[r.Cycle] == 2 {
			double = append(double, r.Cycle)
		}
	}
	slices.Sort(double)
	return double
}

// least returns a copy of the lesser of two numbers of which either may be unknown.
func least[N int | float64](a, b *N) *N {
	if b == nil || a != nil && *a <= *b {
		return a
	}
	lesser := *b
	return &lesser
}

// quantiles returns the median and the 95 % quantile by nearest rank, nil without values.
func quantiles(values []float64) (p50, p95 *float64) {
	if len(values) == 0 {
		return nil, nil
	}
	slices.Sort(values)
	median, high := Quantile(values, 0.50), Quantile(values, 0.95)
	return &median, &high
}
