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
	for _, c := range checkers {
		f := c.Check(h)
		f.Checker = c.Name()
		findings = append(findings, f)
	}
	return Merge(findings), findings
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
