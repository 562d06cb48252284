package metrics

import "time"

// Schema names the shape of a record; a change that old readers cannot take renames it.
const Schema = "chaosctl/1"

// Record is one line of chaos-report.jsonl: one cycle. The first nine keys are those of the
// shell harness that came before, in its order, so that its own jq programs run unchanged;
// convergence_bound is the tenth. Field names and meanings are in docs/records.md.
type Record struct {
	Cycle            int      `json:"cycle"`
	Fault            string   `json:"fault"` // the name that was asked for
	Writes           int      `json:"writes"`
	OK               int      `json:"ok"`
	QuorumNotMet     int      `json:"quorum_not_met"`
	Fail             int      `json:"fail"`              // neither of the two: writes = ok + quorum_not_met + fail
	CountNode0       *int     `json:"count_node0"`       // rows at settle A; null when the node was dead or unreadable
	CountNode1       *int     `json:"count_node1"`       //
	CountNode2       *int     `json:"count_node2"`       //
	ConvergenceBound *float64 `json:"convergence_bound"` // null when nothing was acknowledged or a living node could not be read

	Schema      string         `json:"schema"`
	Campaign    string         `json:"campaign"`
	Namespace   string         `json:"namespace"`
	Seed        string         `json:"seed"`
	StartedAt   time.Time      `json:"started_at"`
	DurationMS  float64        `json:"duration_ms"`
	Attempts    int            `json:"attempts"` // tries this cycle took to be exercised; this line is the last
	FaultSpec   string         `json:"fault_spec"`
	Unknown     int            `json:"unknown"` // of fail, those whose fate the client did not learn
	Codes       map[string]int `json:"codes"`
	FaultWindow *FaultWindow   `json:"fault_window"` // null when the cycle ended before its fault

	Verdict   Verdict   `json:"verdict"`
	Flags     []string  `json:"flags"`
	Findings  []Finding `json:"findings"`
	Acked     int       `json:"acked"`
	LostAcked []string  `json:"lost_acked"` // write keys, at most MaxKeys

	SettleLimitMS float64                  `json:"settle_ms"`
	ConvergeMS    map[string]*float64      `json:"converge_ms"`  // per node, see docs/records.md for from when; null = never within the limit
	ReconnectMS   *float64                 `json:"reconnect_ms"` // from the end of heal to the first sign that the struck node was back
	JudgedNodes   []string                 `json:"judged_nodes"` // alive at settle A
	MissingAcked  map[string]int           `json:"missing_acked"`
	ExtraUnacked  map[string]int           `json:"extra_unacked"`
	Counts        []NodeCount              `json:"counts"` // at the end of the cycle, the restarted node included
	Nodes         []NodeUse                `json:"nodes"`
	StagesMS      map[string]float64       `json:"stages_ms"`
	Latency       map[string]Latency       `json:"lat_ms"`     // by outcome
	Windows       map[string]WindowLatency `json:"lat_window"` // by window: before, during, after the fault
	InsideFault   *InsideFault             `json:"inside_fault"`
	QuorumMS      float64                  `json:"quorum_timeout_ms"`
	Decisions     []string                 `json:"decisions"` // every random choice, in the order made
	HarnessError  *string                  `json:"harness_error"`
	Interrupted   bool                     `json:"interrupted"`
}

// FaultWindow is a fault as it was observed, in milliseconds since the cycle's start.
type FaultWindow struct {
	ID        string           `json:"id"`
	Nodes     []string         `json:"nodes"`
	InjectMS  *float64         `json:"inject_ms"` // in force for certain; null when it never was
	HealMS    *float64         `json:"heal_ms"`   // healing observed; null when it was not
	AskedMS   float64          `json:"asked_ms"`
	Effective bool             `json:"effective"`
	Simulated bool             `json:"simulated"` // always false: chaosctl knows no simulated fault
	Healed    bool             `json:"healed"`
	Facts     map[string]int64 `json:"facts"`
	Why       string           `json:"why,omitempty"`
}

// InsideFault tells what happened to writes while the fault was in force.
type InsideFault struct {
	Sent      int `json:"sent"`      // fully sent before the fault struck and unanswered when it did
	Lost      int `json:"mid_write"` // of those, sent to a struck node and never answered
	Contained int `json:"contained"` // began and ended inside the window
	Acked     int `json:"acked"`     // of the contained, acknowledged
	Overlap   int `json:"overlap"`   // under way at some time of the window
}

// NodeCount is what one node held at the end of the cycle.
type NodeCount struct {
	Node     string  `json:"node"`
	N        *int    `json:"n"`
	Error    *string `json:"error"`
	Pages    int     `json:"pages"`
	PageSize int     `json:"page_size"`
}

// NodeUse is what one node's process used, sampled at the end of the load.
type NodeUse struct {
	Node       string  `json:"node"`
	PID        int     `json:"pid"` // the host's
	RSSBytes   uint64  `json:"rss_bytes"`
	CPUSeconds float64 `json:"cpu_s"`
	OpenFiles  int     `json:"open_files"`
	Restarts   int     `json:"restarts"`
}

// Latency summarises the waiting times of one outcome in milliseconds; the quantiles are
// exact.
type Latency struct {
	N   int     `json:"n"`
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}
