package metrics_test

import (
	"fmt"
	"time"

	"chaosctl/metrics"
)

const ms = time.Millisecond

// op is a write of 4 ms to a node.
func op(i, node int, at time.Duration, outcome metrics.Outcome, code int) metrics.Operation {
	k := fmt.Sprintf("c7-w%d", i)
	return metrics.Operation{
		Index: i, Process: i % 8, Node: node, Key: k, Hash: metrics.ContentHash(k),
		Invoked: at, Sent: at + ms, Returned: at + 4*ms, Outcome: outcome, Code: code,
	}
}

func read(stage metrics.Stage, node int, at time.Duration, shown ...metrics.Operation) metrics.Observation {
	o := metrics.Observation{Node: node, Stage: stage, Began: at, Ended: at + 2*ms, Rows: []metrics.Row{}, Pages: 1, PageSize: 200}
	for _, op := range shown {
		o.Rows = append(o.Rows, metrics.Row{Key: op.Key, ID: "id-" + op.Key, Hash: op.Hash})
	}
	return o
}

// partitioned is a cycle in which node 0 was cut off from 100 ms to 600 ms. Write 4 was refused,
// write 5 timed out, writes 6 and 7 were answered 503 inside the cut and are on node 0 until it
// is healed. Node 2 never got write 3.
func partitioned() *metrics.History {
	h := &metrics.History{
		Question: metrics.Question{
			Nodes: 3, Quorum: 2, Writes: 9, Threshold: 0.995, SettleLimit: 10 * time.Second, NeedInside: 2,
			Promises: metrics.Promises{Durable: true, Converges: true, CatchesUp: true},
		},
		Namespace: "chaos-c7",
		Windows: []metrics.Window{{
			ID: "f-0007", Fault: "partition(nodes=0,direction=both,for=500ms)", Nodes: []int{0}, Isolated: []int{0},
			Asked: 500 * ms, Began: 98 * ms, Active: 100 * ms, HealBegan: 600 * ms, Healed: 603 * ms,
			Effective: true, Facts: map[string]int64{"packets_dropped": 12},
		}},
		Stages: []metrics.StageSpan{
			{Name: "boot", Began: 0, Ended: 5 * ms}, {Name: "load", Began: 5 * ms, Ended: 640 * ms},
			{Name: "settle_a", Began: 640 * ms, Ended: 10700 * ms}, {Name: "verify", Began: 10700 * ms, Ended: 10705 * ms},
		},
	}
	for i := range 4 {
		h.Operations = append(h.Operations, op(i, 0, time.Duration(10+10*i)*ms, metrics.OK, 201))
	}
	h.Operations = append(h.Operations,
		op(4, 0, 60*ms, metrics.Failed, 400),
		op(5, 0, 97*ms-ms, metrics.Unknown, 0),
		op(6, 0, 120*ms, metrics.Unknown, 503),
		op(7, 0, 130*ms, metrics.Unknown, 503),
		op(8, 0, 620*ms, metrics.OK, 201),
	)
	h.Operations[5].Returned = 110 * ms
	w := h.Operations
	full := []metrics.Operation{w[0], w[1], w[2], w[3], w[6], w[7], w[8]}
	short := []metrics.Operation{w[0], w[1], w[2], w[6], w[7], w[8]}
	for node := range 3 {
		h.Observations = append(h.Observations, read(metrics.AtStart, node, 3*ms))
	}
	h.Observations = append(h.Observations,
		read(metrics.DuringPoll, 0, 650*ms, full...),
		read(metrics.DuringPoll, 1, 650*ms, w[0], w[1], w[2], w[3], w[8]),
		read(metrics.DuringPoll, 1, 700*ms, full...),
		read(metrics.AtSettleA, 0, 10690*ms, full...),
		read(metrics.AtSettleA, 1, 10690*ms, full...),
		read(metrics.AtSettleA, 2, 10690*ms, short...),
		read(metrics.AtFinal, 0, 10701*ms, full...),
		read(metrics.AtFinal, 1, 10701*ms, full...),
		metrics.Observation{Node: 2, Stage: metrics.AtFinal, Began: 10701 * ms, Ended: 10704 * ms, Error: "connection reset", PageSize: 200},
	)
	return h
}

// restarted is a cycle in which node 0 was killed at 100 ms with write 2 only on its own disk, and
// rejoined at 400 ms.
func restarted() *metrics.History {
	h := &metrics.History{
		Question: metrics.Question{Nodes: 3, Quorum: 2, Writes: 5, NeedMidWrite: true, SettleLimit: time.Second},
		Windows: []metrics.Window{{
			ID: "f-0001", Nodes: []int{0}, Killed: true, Began: 100 * ms, Active: 102 * ms, HealBegan: 102 * ms, Healed: 102 * ms,
			Effective: true, Facts: map[string]int64{"pid": 7},
		}},
		Rejoins: []metrics.Rejoin{{Node: 0, At: 400 * ms}},
		Operations: []metrics.Operation{
			op(0, 0, 10*ms, metrics.OK, 201), op(1, 0, 20*ms, metrics.OK, 201), op(2, 0, 97*ms, metrics.Unknown, 0),
			op(3, 1, 110*ms, metrics.OK, 201), op(4, 1, 120*ms, metrics.OK, 201),
		},
	}
	w := h.Operations
	survivors := []metrics.Operation{w[0], w[1], w[3], w[4]}
	h.Observations = []metrics.Observation{
		read(metrics.DuringPoll, 1, 130*ms, survivors...), read(metrics.DuringPoll, 2, 130*ms, w[0], w[1]),
		read(metrics.AtSettleA, 1, 150*ms, survivors...), read(metrics.AtSettleA, 2, 150*ms, survivors...),
		read(metrics.AtFirst, 0, 390*ms, w[0], w[1], w[2]),
		read(metrics.DuringPoll, 0, 402*ms, w[0], w[1], w[2]),
		read(metrics.DuringPoll, 0, 410*ms, w[0], w[1], w[2], w[3]),
		read(metrics.DuringPoll, 1, 410*ms, survivors...),
		read(metrics.DuringPoll, 0, 430*ms, w...),
		read(metrics.AtSettleB, 0, 450*ms, w...), read(metrics.AtSettleB, 1, 450*ms, w...), read(metrics.AtSettleB, 2, 450*ms, w...),
		read(metrics.AtFinal, 0, 460*ms, w...), read(metrics.AtFinal, 1, 460*ms, w...), read(metrics.AtFinal, 2, 460*ms, w...),
	}
	return h
}

func facts() metrics.CycleFacts {
	return metrics.CycleFacts{
		Campaign: "v0-r1", Cycle: 7, Seed: "9f3c", StartedAt: time.Date(2026, 11, 23, 8, 22, 10, 5e6, time.FixedZone("", 3600)),
		Duration: 10800 * ms, Attempts: 1, Fault: "partition_minority", FaultSpec: "partition(nodes=0,direction=both,for=500ms)",
		QuorumTimeout: 200 * ms,
		Nodes:         []metrics.NodeUse{{Node: "node0", PID: 4711, RSSBytes: 1 << 20, CPUSeconds: 0.25, OpenFiles: 12}},
	}
}

func findings() []metrics.Finding {
	return []metrics.Finding{
		{Checker: "harness", Verdict: metrics.Pass, Gates: true},
		{Checker: "convergence", Verdict: metrics.Fail, Gates: true, Why: "a node held 0.8000 of 5",
			Keys: []string{"c7-w3"}, Numbers: map[string]float64{"bound": 0.8, "keys": 1}},
	}
}
