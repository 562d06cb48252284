package runner

import (
	"context"

	"chaosctl/metrics"
)

// Shard is some cycles of one fault, to be run in one sandbox, one after the other.
type Shard struct {
	Campaign Campaign `json:"campaign"`
	Dir      string   `json:"dir"` // the campaign's own directory, absolute
	Index    int      `json:"index"`
	Fault    string   `json:"fault"` // the value as it was asked for
	First    int      `json:"first"` // cycle numbers, from 1
	Last     int      `json:"last"`
	Trial    bool     `json:"trial,omitempty"`   // no cycles: only try the fault on idle processes
	Planted  bool     `json:"planted,omitempty"` // no cycles: only see whether a planted loss is reported
}

// Message is what a shard tells while it runs; exactly one field is set, but that a record comes with
// its history.
type Message struct {
	Progress *Progress            `json:"progress,omitempty"`
	Record   *metrics.Record      `json:"record,omitempty"` // a cycle has ended
	Stopped  *Stopped             `json:"stopped,omitempty"`
	Tried    *Tried               `json:"tried,omitempty"`
	History  []byte               `json:"history,omitempty"` // of the record's cycle, as metrics.EncodeHistory writes it
	Planted  *metrics.PlantedLoss `json:"planted,omitempty"`
	Died     string               `json:"died,omitempty"` // the shard ended without having said so: how, and its last words
}

// Progress is where a cycle is.
type Progress struct {
	Fault string `json:"fault"`
	Cycle int    `json:"cycle"`
	Stage string `json:"stage"` // boot, steady, load, settle, verify ...
	Acked int    `json:"acked"`
}

// Stopped says why a shard ended before its last cycle, so that the campaign must end too.
type Stopped struct {
	Reason  Reason   `json:"reason"`
	Message string   `json:"message"` // what failed, why, what to do
	Tail    []string `json:"tail,omitempty"`
}

// Reason is why a campaign ended before its last cycle.
type Reason string

// The reasons to end early.
const (
	NotReady      Reason = "not_ready"      // a node did not start or did not answer
	CanaryRefused Reason = "canary_refused" // the system refused the first write
	HealUnproven  Reason = "heal_unproven"  // a fault may still be in force
	HarnessBroken Reason = "harness_broken" // chaosctl itself could not go on
	Unsupported   Reason = "unsupported"    // the host cannot do what was asked
	FailedFast    Reason = "failed_fast"    // --fail-fast and a cycle failed
	Interrupted   Reason = "interrupted"    // a stop was asked for

	EnoughEvidence Reason = "enough_evidence" // --stop-when has decided; no failure
)

// Launcher runs a shard somewhere and streams what happens; the channel is closed when the shard
// has ended and nothing of it is left. Closing stop heals and ends it in good order; the end of
// ctx kills it. Today the only one is a sandboxed child on this host; a host without namespaces
// and a worker on another host come in by this door.
type Launcher interface {
	Launch(ctx context.Context, s Shard, stop <-chan struct{}) (<-chan Message, error)
}

// Sink keeps records in the order they arrive; reports.JSONL is one.
type Sink interface {
	Append(r metrics.Record) error
}

// Keeper is a Sink that keeps histories too. A cycle's history is kept before its record, so that
// where there is a line there is a history to judge it by.
type Keeper interface {
	Keep(r metrics.Record, history []byte) error
}

// Result is what a campaign amounts to.
type Result struct {
	Summary metrics.Summary
	Stopped *Stopped // nil when every cycle ran
}
