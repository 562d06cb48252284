package check

import "chaosctl/metrics"

// Checker decides one property of one cycle.
type Checker interface {
	// Name is the checker's name in findings and records.
	Name() string
	// Check judges a history. It does not change it.
	Check(h *metrics.History) metrics.Finding
}

// All returns every checker in the order of their findings: first what makes a judgement
// possible, then what the system promised, then what is only counted.
func All() []Checker {
	return []Checker{
		Harness{},
		Assumptions{},
		Effect{},
		Exercised{},
		AckedLost{},
		UnderReplicated{},
		OwnDisk{},
		LostUpdate{},
		Regressed{},
		FalseAck{},
		FalseAckDegraded{},
		Convergence{},
		CatchesUp{},
		Divergence{},
		DeletedReturned{},
		StaleThenRecovered{},
		Phantom{},
		NamespaceLeak{},
		Duplicate{},
		Corrupted{},
		UnexpectedExit{},
		CrashLog{},
		Linearizable{},
		Recovered{},
		FalseNack{},
		Availability{},
	}
}

// Judge asks every checker and merges what the gating ones say: fail > error > inconclusive >
// pass. Without a gating finding the verdict is inconclusive.
func Judge(h *metrics.History) (metrics.Verdict, []metrics.Finding) {
	return judge(h, All())
}

func judge(h *metrics.History, checkers []Checker) (metrics.Verdict, []metrics.Finding) {
	findings := make([]metrics.Finding, 0, len(checkers))
	v := look(h)
	for _, c := range checkers {
		f := ask(c, h, v)
		f.Checker = c.Name()
		findings = append(findings, f)
	}
	return Merge(findings), findings
}

// ask asks a checker; those that look at keys share a view.
func ask(c Checker, h *metrics.History, v *views) metrics.Finding {
	if looks, ok := c.(interface {
		judge(v *views) metrics.Finding
	}); ok {
		return looks.judge(v)
	}
	return c.Check(h)
}

// Merge returns the verdict that findings amount to.
func Merge(findings []metrics.Finding) metrics.Verdict {
	var verdicts []metrics.Verdict
	for _, f := range findings {
		if f.Gates {
			verdicts = append(verdicts, f.Verdict)
		}
	}
	return metrics.Merge(verdicts...)
}
