package metrics

import "time"

// Summary is campaign-summary.json: the fold over a campaign's records. The first keys are those
// of the shell harness's summary. Field names and meanings are in docs/records.md.
type Summary struct {
	CampaignID     string    `json:"campaign_id"`
	AIMemoryGitRef string    `json:"ai_memory_git_ref"`
	CompletedAt    time.Time `json:"completed_at"`
	OverallPass    bool      `json:"overall_pass"` // verdict is pass

	Schema    string         `json:"schema"`
	StartedAt time.Time      `json:"started_at"`
	DurationS float64        `json:"duration_s"`
	Verdict   Verdict        `json:"verdict"`
	Reasons   []string       `json:"reasons"`                // why it is not a pass; empty for a pass
	Stopped   string         `json:"stopped"`                // why it ended before its last cycle; empty when it did not
	Planned   int            `json:"planned"`                // lines the campaign was to write
	Faults    []FaultSummary `json:"faults"`                 // in the order asked for
	Planted   *PlantedLoss   `json:"planted_loss,omitempty"` // of a campaign that planted one
	Config    any            `json:"config"`                 // the campaign as it was run
	Decision  string         `json:"decision,omitempty"`     // what a sequential test decided; empty without one

	LossClaim // what the cycles of all faults together allow to be said about lost writes
}

// PlantedLoss tells whether a loss that was made on purpose, in a cycle that counts for nothing
// else, was reported. A campaign that planted one and whose judgement missed it is inconclusive.
type PlantedLoss struct {
	Key      string   `json:"key"`      // the acknowledged write that was removed
	Reported bool     `json:"reported"` // a checker failed and named it
	Checkers []string `json:"checkers"` // which did
	Why      string   `json:"why,omitempty"`
}

// FaultSummary is the fold over the records of one fault. The first six fields are the shell
// harness's, with its formula for the bound.
type FaultSummary struct {
	TotalCycles       int     `json:"total_cycles"`
	TotalWrites       int     `json:"total_writes"`
	TotalOK           int     `json:"total_ok"`
	TotalQuorumNotMet int     `json:"total_quorum_not_met"`
	TotalFail         int     `json:"total_fail"`
	ConvergenceBound  float64 `json:"convergence_bound"`

	Fault        string   `json:"fault"`
	FaultSpec    string   `json:"fault_spec"`
	Verdict      Verdict  `json:"verdict"`
	Cycles       Tally    `json:"cycles"`
	Acked        int      `json:"acked"`
	Lost         int      `json:"lost"`          // acknowledged writes that no node holds at the end
	WorstBound   *float64 `json:"worst_bound"`   // the least convergence_bound by identity; null without any
	ConvergeP50  *float64 `json:"converge_p50"`  // milliseconds until all nodes agreed: of each cycle the slowest node
	ConvergeP95  *float64 `json:"converge_p95"`  //
	NeverSettled int      `json:"never_settled"` // cycles in which a node did not converge in time
	WorstCycle   int      `json:"worst_cycle"`   // the number of a cycle with the worst verdict; 0 when all passed

	MidWrite     int            `json:"mid_write"`     // cycles in which a write was caught mid-write
	LeastInside  *int           `json:"least_inside"`  // the fewest writes that began and ended inside a cycle's fault
	ReconnectP50 *float64       `json:"reconnect_p50"` // milliseconds from the end of the heal until a struck node was back
	ReconnectP95 *float64       `json:"reconnect_p95"` //
	Planned      int            `json:"planned"`       // lines there were to be of this fault
	Checks       []CheckSummary `json:"checks"`        // in the order the checkers are listed
	Repeated     []int          `json:"repeated"`      // cycle numbers that have more than one line

	LossClaim // what its cycles allow to be said about lost writes
}

// CheckSummary is what one checker said of all cycles of one fault.
type CheckSummary struct {
	Checker  string   `json:"checker"`
	Gating   int      `json:"gating"`   // cycles in which it decided; in the others it was reported only
	Cycles   Tally    `json:"cycles"`   // what it said, gating or not
	Keys     int      `json:"keys"`     // writes concerned, in the cycles that failed it
	Named    []string `json:"named"`    // of those, at most MaxKeys
	Affected []int    `json:"affected"` // numbers of the cycles with its worst answer, at most MaxKeys; empty when all passed
	Why      string   `json:"why"`      // of the first of those
}

// Tally counts cycles by verdict.
type Tally struct {
	Pass         int `json:"pass"`
	Fail         int `json:"fail"`
	Error        int `json:"error"`
	Inconclusive int `json:"inconclusive"`
}

// Worst returns the worst verdict that was counted; Inconclusive when none was.
func (t Tally) Worst() Verdict {
	switch {
	case t.Fail > 0:
		return Fail
	case t.Error > 0:
		return Error
	case t.Pass > 0 && t.Inconclusive == 0:
		return Pass
	default:
		return Inconclusive
	}
}

// Add counts one verdict.
func (t *Tally) Add(v Verdict) {
	switch v {
	case Pass:
		t.Pass++
	case Fail:
		t.Fail++
	case Error:
		t.Error++
	default:
		t.Inconclusive++
	}
}
