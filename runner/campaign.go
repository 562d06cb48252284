// Package runner is the order of things: a campaign is split into shards, a shard runs cycles in
// a sandbox, a cycle goes through its stages and always ends in one record. It is where faults,
// cluster and metrics meet. It knows no flags, no HTML and nothing of the server's insides.
package runner

import (
	"time"

	"chaosctl/metrics"
)

// Campaign is everything that decides a run. It is data: it can be printed, stored, sent to a
// shard and run again.
type Campaign struct {
	ID            string           `json:"id"`
	Faults        []string         `json:"faults"`   // as faults.Parse reads them, in the order asked for
	First         int              `json:"first"`    // number of the first cycle
	Cycles        int              `json:"cycles"`   // of each fault
	Writes        int              `json:"writes"`   // operations of each cycle
	Workload      string           `json:"workload"` // the name of one of Workloads
	Rate          float64          `json:"rate"`     // operations begun a second, whatever became of those before; 0: a closed loop
	Concurrency   int              `json:"concurrency"`
	Parallel      int              `json:"parallel"` // shards at a time
	Seed          string           `json:"seed"`     // hex text, 1 to 16 digits
	Binary        string           `json:"binary"`   // the server, an absolute path
	Nodes         int              `json:"nodes"`    // today always DefaultNodes
	FirstPort     int              `json:"first_port"`
	Quorum        int              `json:"quorum"` // W, the coordinator included
	QuorumTimeout time.Duration    `json:"quorum_timeout"`
	SettleTimeout time.Duration    `json:"settle_timeout"`
	Threshold     float64          `json:"threshold"` // least convergence bound that passes
	Promises      metrics.Promises `json:"promises"`  // of the system under test
	FailFast      bool             `json:"fail_fast"`
	StopWhen      string           `json:"stop_when,omitempty"` // as metrics.ParseSequential reads it; empty runs every cycle
	CanaryLoss    bool             `json:"canary_loss"`         // plant a loss first, and pass only if it is reported
	Attempt       int              `json:"attempt,omitempty"`   // number of each cycle's first try, for a replay; 0 is 1
	Dir           string           `json:"-"`                   // the campaign's own directory, absolute
	Done          []metrics.Record `json:"-"`                   // cycles that have ended already, of a campaign that is continued
}

// Defaults of a campaign.
const (
	DefaultCycles        = 50
	DefaultWrites        = 100
	DefaultConcurrency   = 8
	DefaultParallel      = 1
	DefaultNodes         = 3
	DefaultFirstPort     = 19077
	DefaultQuorum        = 2
	DefaultQuorumTimeout = 200 * time.Millisecond
	DefaultSettleTimeout = 10 * time.Second
	DefaultThreshold     = 0.995
)

// firstAttempt is the number of a cycle's first try.
func (c Campaign) firstAttempt() int { return max(c.Attempt, 1) }

// Mistake is one thing wrong with a campaign.
type Mistake struct {
	Field   string // as the flag is called, without dashes
	Problem string // what is wrong and what is accepted
}

// Error names the field and what is wrong.
func (m *Mistake) Error() string { return "--" + m.Field + ": " + m.Problem }
