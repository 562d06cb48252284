package metrics

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// CycleFacts is what a record tells of a cycle besides its history and judgement.
type CycleFacts struct {
	Campaign      string        `json:"campaign"`
	Cycle         int           `json:"cycle"` // from 1
	Seed          string        `json:"seed"`
	StartedAt     time.Time     `json:"started_at"`
	Duration      time.Duration `json:"duration"`
	Attempts      int           `json:"attempts"`
	Fault         string        `json:"fault"`      // the name that was asked for
	FaultSpec     string        `json:"fault_spec"` // the fault as a value, in full
	QuorumTimeout time.Duration `json:"quorum_timeout"`
	Nodes         []NodeUse     `json:"nodes"`
	Decisions     []string      `json:"decisions"` // every random choice, as name=value, in the order made
}

// NewRecord folds a cycle into its line. It takes any history, also that of a cycle that ended
// before it began; what is not known is null or absent, never zero.
func NewRecord(facts CycleFacts, h *History, verdict Verdict, findings []Finding) Record {
	settled := Converged(h)
	r := Record{
		Cycle: facts.Cycle, Fault: facts.Fault,
		ConvergenceBound: settled.Bound(),

		Schema: Schema, Campaign: facts.Campaign, Namespace: h.Namespace, Seed: facts.Seed,
		StartedAt: facts.StartedAt.UTC(), DurationMS: milliseconds(facts.Duration),
		Attempts: facts.Attempts, FaultSpec: facts.FaultSpec,
		FaultWindow: faultWindow(h),

		Verdict:  verdict,
		Findings: append([]Finding{}, findings...), Acked: settled.Acked,
		LostAcked: lostAcked(findings),

		SettleLimitMS: milliseconds(h.Question.SettleLimit),
		ConvergeMS:    convergeTimes(h),
		ReconnectMS:   reconnectTime(h),
		JudgedNodes:   nodeNames(settled.Nodes),
		MissingAcked:  map[string]int{},
		ExtraUnacked:  extraUnacked(h),
		Counts:        finalCounts(h),
		Nodes:         append([]NodeUse{}, facts.Nodes...),
		Decisions:     append([]string{}, facts.Decisions...),
		StagesMS:      map[string]float64{},
		Latency:       latencies(h.Operations),
		Windows:       windowLatencies(h),
		QuorumMS:      milliseconds(facts.QuorumTimeout),
		Interrupted:   h.Interrupted,
	}
	countOutcomes(&r, h)
	countSettled(&r, h)
	for node, missing := range settled.Missing {
		r.MissingAcked[NodeName(node)] = len(missing)
	}
	for _, s := range h.Stages {
		r.StagesMS[s.Name] += milliseconds(s.Ended - s.Began)
	}
	if len(h.Windows) > 0 {
		in := Inside(h)
		r.InsideFault = &in
	}
	if len(h.Errors) > 0 {
		text := strings.Join(h.Errors, "; ")
		r.HarnessError = &text
	}
	r.Flags = flags(h, &r)
	return r
}

// noAnswer is the code of a write that got no answer.
const noAnswer = "none"

// countOutcomes counts the writes and deletes that were begun, so that writes = ok +
// quorum_not_met + fail. Reads are no writes.
func countOutcomes(r *Record, h *History) {
	r.Codes = map[string]int{}
	for i := range h.Operations {
		op := &h.Operations[i]
		if op.Kind == Read {
			continue
		}
		r.Writes++
		code := noAnswer
		if op.Code != 0 {
			code = strconv.Itoa(op.Code)
		}
		r.Codes[code]++
		switch {
		case op.Outcome == OK:
			r.OK++
		case op.Code == StatusQuorumNotMet:
			r.QuorumNotMet++
		default:
			r.Fail++
			r.Unknown += one(op.Outcome == Unknown)
		}
	}
}

// add adds what a further namespace holds to a count.
func add(count **int, more *int) {
	if *count == nil || more == nil {
		*count = more
		return
	}
	sum := **count + *more
	*count = &sum
}

// unreadable lists the nodes that could not be read in full in every namespace at a stage.
func unreadable(h *History, stage Stage) []int {
	var nodes []int
	for _, space := range h.ByNamespace() {
		for _, o := range space.Latest(stage) {
			if !o.Readable() {
				nodes = append(nodes, o.Node)
			}
		}
	}
	return nodes
}

// countSettled notes the counts of the first three nodes at settle A, over all namespaces.
func countSettled(r *Record, h *History) {
	flat := []**int{&r.CountNode0, &r.CountNode1, &r.CountNode2}
	for _, space := range h.ByNamespace() {
		for _, o := range space.Latest(AtSettleA) {
			if o.Node < len(flat) {
				add(flat[o.Node], o.Count())
			}
		}
	}
	for _, node := range unreadable(h, AtSettleA) {
		if node < len(flat) {
			*flat[node] = nil
		}
	}
}

// faultWindow is the cycle's fault as a record tells it. A cycle has one.
func faultWindow(h *History) *FaultWindow {
	if len(h.Windows) == 0 {
		return nil
	}
	w := h.Windows[0]
	facts := map[string]int64{}
	for name, value := range w.Facts {
		facts[name] = value
	}
	return &FaultWindow{
		ID:        w.ID,
		Nodes:     nodeNames(w.Nodes),
		InjectMS:  moment(w.Active),
		HealMS:    moment(w.Healed),
		AskedMS:   milliseconds(w.Asked),
		Effective: w.Effective,
		Healed:    w.Healed != Never,
		Facts:     facts,
		Why:       w.Why,
	}
}

// moment is a time in milliseconds, or nil for Never.
func moment(at time.Duration) *float64 {
	if at == Never {
		return nil
	}
	ms := milliseconds(at)
	return &ms
}

func nodeNames(nodes []int) []string {
	names := make([]string, len(nodes))
	for i, node := range nodes {
		names[i] = NodeName(node)
	}
	return names
}

// AckedLost is the name of the checker that finds acknowledged writes no node holds any more.
const AckedLost = "acked_lost"

// lostAcked lists the acknowledged writes that a finding proved lost.
func lostAcked(findings []Finding) []string {
	lost := []string{}
	for _, f := range findings {
		if f.Checker == AckedLost && f.Verdict == Fail {
			lost = append(lost, f.Keys...)
		}
	}
	return lost
}

// extraUnacked counts, per node that was read at settle A, the keys that no acknowledged write
// has.
func extraUnacked(h *History) map[string]int {
	extra := map[string]int{}
	for _, space := range h.ByNamespace() {
		acked := space.keysAcked()
		for _, o := range space.Latest(AtSettleA) {
			if !o.Readable() {
				continue
			}
			more := map[string]struct{}{}
			for _, r := range o.Rows {
				if _, ok := acked[r.Key]; !ok {
					more[r.Key] = struct{}{}
				}
			}
			extra[NodeName(o.Node)] += len(more)
		}
	}
	return extra
}

func (h *History) keysAcked() map[string]struct{} {
	acked := make(map[string]struct{}, len(h.Operations))
	for i := range h.Operations {
		if op := &h.Operations[i]; op.Kind == Write && op.Outcome == OK {
			acked[op.Key] = struct{}{}
		}
	}
	return acked
}

// finalCounts tells what each node of the cluster held at the end of the cycle, over all
// namespaces. A node has no number when one of them was not read in full.
func finalCounts(h *History) []NodeCount {
	spaces := h.ByNamespace()
	counts := finalCountsIn(spaces[0])
	for _, space := range spaces[1:] {
		for i, more := range finalCountsIn(space) {
			c := &counts[i]
			if c.Error == nil && more.Error == nil {
				*c.N += *more.N
				c.Pages += more.Pages
				continue
			}
			c.N = nil
			if c.Error == nil {
				c.Error = more.Error
			}
		}
	}
	return counts
}

// finalCountsIn are the counts of one namespace.
func finalCountsIn(h *History) []NodeCount {
	finals := h.Latest(AtFinal)
	counts := make([]NodeCount, 0, h.Question.Nodes)
	for node := range h.Question.Nodes {
		c := NodeCount{Node: NodeName(node)}
		i := slices.IndexFunc(finals, func(o Observation) bool { return o.Node == node })
		problem := "not read at the end of the cycle"
		if i >= 0 {
			c.N, c.Pages, c.PageSize = finals[i].Count(), finals[i].Pages, finals[i].PageSize
			problem = finals[i].Error
		}
		if problem != "" {
			c.Error = &problem
		}
		counts = append(counts, c)
	}
	return counts
}
