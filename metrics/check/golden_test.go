package check_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/metrics"
	"chaosctl/metrics/check"
)

const ms = time.Millisecond

// healthy is a cycle in which node 0 was cut off from 100 ms to 600 ms and everything went well:
// w0 to w3 were acknowledged before the cut, w4 to w6 were answered 503 inside it, w7 was
// acknowledged after it.
func healthy() *metrics.History {
	h := &metrics.History{
		Question: metrics.Question{
			Nodes: 3, Quorum: 2, Writes: 8, Threshold: 0.995, SettleLimit: 10 * time.Second, NeedInside: 2, NeedOverlap: 1,
			Promises: metrics.Promises{Durable: true, Converges: true, CatchesUp: true},
		},
		Namespace: "chaos-c1",
		Windows: []metrics.Window{{
			ID: "f-0001", Fault: "partition(nodes=0,direction=both,for=500ms)", Nodes: []int{0}, Isolated: []int{0},
			Asked: 500 * ms, Began: 98 * ms, Active: 100 * ms, HealBegan: 600 * ms, Healed: 603 * ms,
			Effective: true, Facts: map[string]int64{"packets_dropped": 12},
		}},
	}
	for i := range 8 {
		h.Operations = append(h.Operations, acked(i, 0, time.Duration(10+20*i)*ms))
	}
	for i := 4; i < 7; i++ {
		op := &h.Operations[i]
		op.Invoked, op.Sent, op.Returned = 120*ms, 121*ms, 320*ms
		op.Process, op.Outcome, op.Code, op.Acks = i, metrics.Unknown, 503, 0
	}
	h.Operations[7] = acked(7, 0, 700*ms)
	for node := range 3 {
		h.Observations = append(h.Observations, reading(metrics.AtStart, node, 1*ms))
	}
	for node := range 3 {
		h.Observations = append(h.Observations, reading(metrics.AtSettleA, node, 800*ms, h.Operations...))
	}
	for node := range 3 {
		h.Observations = append(h.Observations, reading(metrics.AtFinal, node, 900*ms, h.Operations...))
	}
	return h
}

// killed is a cycle in which node 0 acknowledged w0 to w3, was killed while w4 was under way, and
// node 1 acknowledged w5 to w7.
func killed() *metrics.History {
	h := &metrics.History{
		Question: metrics.Question{
			Nodes: 3, Quorum: 2, Writes: 8, Threshold: 0.995, SettleLimit: 10 * time.Second, NeedMidWrite: true,
			Promises: metrics.Promises{Durable: true, Converges: true, CatchesUp: true},
		},
		Namespace: "chaos-c1",
		Windows: []metrics.Window{{
			ID: "f-0001", Fault: "kill_primary_mid_write(exact=false)", Nodes: []int{0}, Killed: true,
			Began: 100 * ms, Active: 103 * ms, HealBegan: 103 * ms, Healed: 103 * ms,
			Effective: true, Facts: map[string]int64{"pid": 4711, "signal": 9},
		}},
		Exits:   []metrics.Exit{{Node: 0, At: 103 * ms, Ours: true, Status: "signal: killed"}},
		Rejoins: []metrics.Rejoin{{Node: 0, At: 400 * ms}},
	}
	for i := range 4 {
		h.Operations = append(h.Operations, acked(i, 0, time.Duration(10+20*i)*ms))
	}
	midWrite := acked(4, 0, 95*ms)
	midWrite.Returned, midWrite.Outcome, midWrite.Code, midWrite.ID, midWrite.Acks = 104*ms, metrics.Unknown, 0, "", 0
	midWrite.Error = "EOF"
	h.Operations = append(h.Operations, midWrite)
	for i := 5; i < 8; i++ {
		h.Operations = append(h.Operations, acked(i, 1, time.Duration(20*i)*ms+20*ms))
	}
	for node := range 3 {
		h.Observations = append(h.Observations, reading(metrics.AtStart, node, 1*ms))
	}
	settled := slices.Delete(slices.Clone(h.Operations), 4, 5)
	for _, node := range []int{1, 2} {
		h.Observations = append(h.Observations, reading(metrics.AtSettleA, node, 300*ms, settled...))
	}
	h.Observations = append(h.Observations, reading(metrics.AtFirst, 0, 380*ms, h.Operations[:5]...))
	for node := range 3 {
		h.Observations = append(h.Observations, reading(metrics.AtSettleB, node, 450*ms, h.Operations...))
	}
	for node := range 3 {
		h.Observations = append(h.Observations, reading(metrics.AtFinal, node, 500*ms, h.Operations...))
	}
	return h
}

func key(i int) string { return fmt.Sprintf("c1-w%d", i) }

// acked is a write that took 5 ms and was acknowledged.
func acked(i, node int, at time.Duration) metrics.Operation {
	return metrics.Operation{
		Index: i, Node: node, Key: key(i), Hash: metrics.ContentHash(key(i)), Invoked: at, Sent: at + ms, Returned: at + 5*ms,
		Outcome: metrics.OK, Code: 201, ID: "id-" + key(i), Acks: 2,
	}
}

// reading is a full reading of a node that shows some writes.
func reading(stage metrics.Stage, node int, at time.Duration, shown ...metrics.Operation) metrics.Observation {
	o := metrics.Observation{Node: node, Stage: stage, Began: at, Ended: at + 2*ms, Rows: []metrics.Row{}, Pages: 1, PageSize: 200}
	for _, op := range shown {
		o.Rows = append(o.Rows, metrics.Row{Key: op.Key, ID: "id-" + op.Key, Hash: op.Hash})
	}
	return o
}

// at returns the reading of a node at a stage, to be changed.
func at(h *metrics.History, stage metrics.Stage, node int) *metrics.Observation {
	for i := range h.Observations {
		if o := &h.Observations[i]; o.Stage == stage && o.Node == node {
			return o
		}
	}
	panic("the golden history has no such reading")
}

// lose takes keys out of the readings of nodes at a stage.
func lose(h *metrics.History, stage metrics.Stage, nodes []int, keys ...string) {
	for _, node := range nodes {
		o := at(h, stage, node)
		o.Rows = slices.DeleteFunc(o.Rows, func(r metrics.Row) bool { return slices.Contains(keys, r.Key) })
	}
}

// unread makes a reading fail.
func unread(h *metrics.History, stage metrics.Stage, node int) {
	o := at(h, stage, node)
	o.Rows, o.Error = nil, "connection refused"
}

// answer is what a checker is to say.
type answer struct {
	Verdict metrics.Verdict
	Gates   bool
	Keys    []string
}

type golden struct {
	base   func() *metrics.History // healthy when nil
	change func(h *metrics.History)
	want   answer
}

// checkGolden judges golden histories, and wants a reason for everything but a pass.
func checkGolden(t *testing.T, c check.Checker, cases map[string]golden) {
	t.Helper()
	for name, g := range cases {
		t.Run(name, func(t *testing.T) {
			base := healthy
			if g.base != nil {
				base = g.base
			}
			h := base()
			if g.change != nil {
				g.change(h)
			}
			f := c.Check(h)
			if diff := cmp.Diff(g.want, answer{f.Verdict, f.Gates, f.Keys}); diff != "" {
				t.Errorf("%s (-want +got):\n%s%s", c.Name(), diff, f.Why)
			}
			if (f.Why == "") != (f.Verdict == metrics.Pass) {
				t.Errorf("verdict %v has the reason %q", f.Verdict, f.Why)
			}
			if f.Verdict == metrics.Fail && len(f.Keys) > 0 && f.Numbers["keys"] < float64(len(f.Keys)) {
				t.Errorf("%d keys are named of %v", len(f.Keys), f.Numbers["keys"])
			}
		})
	}
}

var all = []int{0, 1, 2}

func yes() answer               { return answer{metrics.Pass, true, nil} }
func no(keys ...string) answer  { return answer{metrics.Fail, true, keys} }
func doubt(k ...string) answer  { return answer{metrics.Inconclusive, true, k} }
func reported(a answer) answer  { a.Gates = false; return a }
func silent(h *metrics.History) { h.Question.Promises = metrics.Promises{} }
func only(p metrics.Promises) func(*metrics.History) {
	return func(h *metrics.History) { h.Question.Promises = p }
}

func TestHealthyHistoriesPass(t *testing.T) {
	for name, h := range map[string]*metrics.History{"partition": healthy(), "kill": killed()} {
		verdict, findings := check.Judge(h)
		if verdict != metrics.Pass {
			t.Errorf("%s: %v: %+v", name, verdict, findings)
		}
	}
}
