package metrics

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// NodeName is how records and findings call a node.
func NodeName(node int) string { return fmt.Sprintf("node%d", node) }

// Promises is what a system claims. What it does not claim is reported and does not decide.
type Promises struct {
	Durable      bool `json:"durable"`                // an acknowledged write is on at least W nodes' disks
	Converges    bool `json:"converges"`              // nodes that can reach each other become equal
	CatchesUp    bool `json:"catches_up"`             // a node that was away is brought up to date by the system itself
	Linearizable bool `json:"linearizable,omitempty"` // single keys behave as one register (Herlihy and Wing, 1990)
}

// Question is everything besides the events that a cycle's judgement depends on, so that a
// history can be judged again with nothing else at hand.
type Question struct {
	Nodes        int           `json:"nodes"`          // size of the cluster
	Quorum       int           `json:"quorum"`         // W: copies an acknowledgement promises, the coordinator's included
	Writes       int           `json:"writes"`         // operations planned
	Workload     string        `json:"workload"`       // what they do; empty is unique inserts
	Threshold    float64       `json:"threshold"`      // least convergence bound that passes, 0 to 1
	SettleLimit  time.Duration `json:"settle_limit"`   // how long nodes may take to become equal
	Promises     Promises      `json:"promises"`       //
	NeedMidWrite bool          `json:"need_mid_write"` // a write must have been sent before the fault and end unknown after it
	NeedInside   int           `json:"need_inside"`    // operations that must begin and end inside the fault window
	NeedOverlap  int           `json:"need_overlap"`   // operations that must be under way at some time of the fault window
}

// Window is one fault in force: from its first effect to the end of its heal.
type Window struct {
	ID        string           `json:"id"`
	Fault     string           `json:"fault"`             // the fault as a value, in full
	Nodes     []int            `json:"nodes"`             // the nodes it struck
	Killed    bool             `json:"killed"`            // its nodes are dead afterwards
	Stopped   []int            `json:"stopped,omitempty"` // nodes whose every thread stood still while it was active
	Isolated  []int            `json:"isolated"`          // nodes cut from every peer, both ways, while it was active
	Asked     time.Duration    `json:"asked"`             // how long it was to last, 0 for a kill
	Began     time.Duration    `json:"began"`             // inject was called
	Active    time.Duration    `json:"active"`            // the effect was in force for certain
	HealBegan time.Duration    `json:"heal_began"`        // heal was called
	Healed    time.Duration    `json:"healed"`            // healing was observed, or Never
	Effective bool             `json:"effective"`         // the fault was observed to act, not merely issued
	Facts     map[string]int64 `json:"facts"`             // what was observed: pids, dropped packets, stopped threads
	Why       string           `json:"why"`               // when not effective or not healed: the reason
}

// InForce reports whether it is known from when to when the fault acted.
func (w Window) InForce() bool { return w.Effective && w.Active != Never && w.HealBegan != Never }

// Exit is the end of a node's process.
type Exit struct {
	Node   int           `json:"node"`
	At     time.Duration `json:"at"`
	Ours   bool          `json:"ours"`   // by our own signal
	Status string        `json:"status"` // as the operating system tells it
}

// Rejoin is the moment a restarted node, until then cut off, could reach the others again.
type Rejoin struct {
	Node int           `json:"node"`
	At   time.Duration `json:"at"`
}

// IntegrityCheck is what a node's stored file said of itself when it was checked after the node
// had been stopped (SQLite's PRAGMA integrity_check, say). A node without one was not checked.
type IntegrityCheck struct {
	Node   int    `json:"node"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"` // what is wrong, in the checker's words
}

// LogFinding is a line of a node's log that tells of a crash: a panic, a fatal error, a damaged
// database.
type LogFinding struct {
	Node int    `json:"node"`
	Line string `json:"line"`
}

// StageSpan is one stage of a cycle on its time base.
type StageSpan struct {
	Name  string        `json:"name"`
	Began time.Duration `json:"began"`
	Ended time.Duration `json:"ended"`
}

// History is all that is known of one cycle. Operations, windows and observations share one
// monotonic time base that starts with the cycle.
type History struct {
	Question     Question         `json:"question"`
	Namespace    string           `json:"namespace"`
	Others       []string         `json:"others,omitempty"` // further namespaces that were written to
	Operations   []Operation      `json:"operations"`
	Windows      []Window         `json:"windows"`
	Observations []Observation    `json:"observations"`
	Exits        []Exit           `json:"exits"`
	Rejoins      []Rejoin         `json:"rejoins"`
	Stages       []StageSpan      `json:"stages"`
	Integrity    []IntegrityCheck `json:"integrity,omitempty"`   // of stopped nodes' files; none: not tested
	Panics       []LogFinding     `json:"panics,omitempty"`      // what the nodes' logs tell of crashes
	Errors       []string         `json:"errors,omitempty"`      // what the harness itself could not do
	Interrupted  bool             `json:"interrupted,omitempty"` // the cycle was ended before its time
}

// At returns the observations of a stage in the order they were made.
func (h *History) At(stage Stage) []Observation {
	var at []Observation
	for _, o := range h.Observations {
		if o.Stage == stage {
			at = append(at, o)
		}
	}
	return at
}

// Latest returns the last reading of each node at a stage, in the order of the nodes.
func (h *History) Latest(stage Stage) []Observation {
	last := map[int]Observation{}
	for _, o := range h.Observations {
		if o.Stage == stage {
			last[o.Node] = o
		}
	}
	latest := make([]Observation, 0, len(last))
	for _, node := range slices.Sorted(maps.Keys(last)) {
		latest = append(latest, last[node])
	}
	return latest
}

// Acked returns the acknowledged writes in the order of their index; deletes and reads are none.
func (h *History) Acked() []Operation {
	var acked []Operation
	for _, op := range h.Operations {
		if op.Kind == Write && op.Outcome == OK {
			acked = append(acked, op)
		}
	}
	return acked
}
