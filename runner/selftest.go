package runner

import (
	"slices"

	"chaosctl/faults"
	"chaosctl/metrics"
)

// Mutant is a server with one deliberate bug, how to bring the bug out, and what must find it.
type Mutant struct {
	Name     string
	Fault    string // as faults.Parse reads it
	Workload string
	Checkers []string // the bug is caught when one of these fails and gates; any other failure is luck
}

// Mutants lists the mutants of our server; server/mutant has the bugs. A new one is one line here
// and one there.
func Mutants() []Mutant {
	const (
		kill      = "kill_primary_mid_write"
		partition = "partition"
		pause     = "pause"
	)
	return []Mutant{
		{"ack-before-replicating", partition, DefaultWorkload, []string{"acked_lost", "under_replicated", "false_ack"}},
		{"ack-refused", pause, DefaultWorkload, []string{"acked_lost", "under_replicated"}},
		{"ack-before-commit", kill, DefaultWorkload, []string{"acked_lost", "own_disk"}},
		{"empty-after-kill", kill, DefaultWorkload, []string{"own_disk"}},
		{"clock-lww", kill, "upserts", []string{"lost_update"}},
		{"drop-nth", pause, DefaultWorkload, []string{"convergence", "divergence"}},
		{"truncate", partition, DefaultWorkload, []string{"corrupted"}},
		{"duplicate", pause, DefaultWorkload, []string{"duplicate"}},
		{"stale-reads", kill, DefaultWorkload, []string{"catches_up", "divergence"}},
		{"leak", pause, "namespaces", []string{"namespace_leak"}},
		{"hide-after-page", partition, DefaultWorkload, []string{"acked_lost", "convergence"}},
		{"untold-deletes", pause, "deletes", []string{"deleted_returned"}},
	}
}

// Setting is what servers are run under.
type Setting struct {
	Fault    string `json:"fault"`
	Workload string `json:"workload"`
}

// Controls lists the settings in which a healthy server must pass, so that it is known not to be
// the setting that fails the mutants: every built-in fault with the default workload, and those of
// the mutants.
func Controls(mutants []Mutant) []Setting {
	var settings []Setting
	for _, kind := range faults.Builtin() {
		settings = append(settings, Setting{kind.Spec.Name, DefaultWorkload})
	}
	for _, m := range mutants {
		if s := (Setting{m.Fault, m.Workload}); !slices.Contains(settings, s) {
			settings = append(settings, s)
		}
	}
	return settings
}

// SelftestConfidence is that of the intervals of a self-test.
const SelftestConfidence = 0.95

// Detection is what came of the cycles of one mutant.
type Detection struct {
	Mutant string `json:"mutant"`
	Setting
	Cycles  int              `json:"cycles"`
	Caught  int              `json:"caught"`            // cycles that failed for one of the reasons its bug gives
	Failed  int              `json:"failed"`            // cycles that failed, whatever the reason
	By      map[string]int   `json:"by"`                // the gating checkers that failed, and in how many cycles
	Rate    metrics.Interval `json:"rate"`              // of detection, by cycle
	Stopped string           `json:"stopped,omitempty"` // why the campaign ended early
}

// Detect tells in how many of a mutant's cycles its bug was caught, and by what.
func (m Mutant) Detect(records []metrics.Record) Detection {
	d := Detection{
		Mutant: m.Name, Setting: Setting{m.Fault, m.Workload},
		Cycles: len(records), By: map[string]int{},
	}
	for _, r := range records {
		caught, failed := false, false
		for _, f := range r.Findings {
			if !f.Gates || f.Verdict != metrics.Fail {
				continue
			}
			d.By[f.Checker]++
			failed = true
			caught = caught || slices.Contains(m.Checkers, f.Checker)
		}
		if failed {
			d.Failed++
		}
		if caught {
			d.Caught++
		}
	}
	d.Rate = metrics.ClopperPearson(d.Caught, d.Cycles, SelftestConfidence)
	return d
}

// Control is what came of the cycles of the healthy server in one setting.
type Control struct {
	Setting
	Cycles  int     `json:"cycles"`
	Passed  int     `json:"passed"`
	Alarms  int     `json:"false_alarms"`      // cycles that failed
	AtMost  float64 `json:"alarm_rate_upper"`  // the rate of false alarms is at most this
	Doubts  []Doubt `json:"doubts"`            // what was said of cycles that did not pass
	Stopped string  `json:"stopped,omitempty"` // why the campaign ended early
}

// Doubt is why cycles of a healthy server did not pass.
type Doubt struct {
	Checker string          `json:"checker"`
	Verdict metrics.Verdict `json:"verdict"`
	Cycles  int             `json:"cycles"` // how many
	First   int             `json:"first"`  // the number of one
	Why     string          `json:"why"`    // as it was said of that one
}

// Acquit tells in how many cycles a healthy server passed, and what was said of the others.
func (s Setting) Acquit(records []metrics.Record) Control {
	c := Control{Setting: s, Cycles: len(records), Doubts: []Doubt{}}
	for _, r := range records {
		switch r.Verdict {
		case metrics.Pass:
			c.Passed++
			continue
		case metrics.Fail:
			c.Alarms++
		}
		for _, f := range r.Findings {
			if f.Gates && f.Verdict != metrics.Pass {
				c.Doubts = doubted(c.Doubts, r.Cycle, f)
			}
		}
	}
	c.AtMost = metrics.UpperBound(c.Alarms, c.Cycles, SelftestConfidence)
	return c
}

// doubted adds a finding of a cycle to the doubts.
func doubted(doubts []Doubt, cycle int, f metrics.Finding) []Doubt {
	for i, d := range doubts {
		if d.Checker == f.Checker && d.Verdict == f.Verdict {
			doubts[i].Cycles++
			return doubts
		}
	}
	return append(doubts, Doubt{Checker: f.Checker, Verdict: f.Verdict, Cycles: 1, First: cycle, Why: f.Why})
}

// Selftest is what came of a self-test.
type Selftest struct {
	Passed  bool        `json:"passed"` // see Conclude
	Mutants []Detection `json:"mutants"`
	Healthy []Control   `json:"healthy"`
}

// Conclude sets Passed: every mutant was caught, in the cycles that were planned of each, and the
// healthy server passed every cycle planned of each setting.
func (t *Selftest) Conclude(cycles, healthyCycles int) {
	missed := slices.ContainsFunc(t.Mutants, func(d Detection) bool { return d.Caught == 0 || d.Cycles != cycles })
	unwell := slices.ContainsFunc(t.Healthy, func(c Control) bool { return c.Passed != healthyCycles || c.Cycles != healthyCycles })
	t.Passed = !missed && !unwell && len(t.Mutants) > 0 && len(t.Healthy) > 0
}
