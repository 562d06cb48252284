package check_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chaosctl/metrics"
	"chaosctl/metrics/check"
)

// randomHistory is a cycle in which anything may be wrong: keys written twice, rows lost, doubled,
// corrupted, made up, with other ids, readings that failed or are missing.
func randomHistory(r *rand.Rand) *metrics.History {
	h := &metrics.History{Question: metrics.Question{
		Nodes: 1 + r.IntN(4), Quorum: 1 + r.IntN(3), Threshold: 0.7, Promises: metrics.Promises{Durable: true, Converges: true, CatchesUp: true},
	}}
	chance := func(percent int) bool { return r.IntN(100) < percent }
	h.Windows = []metrics.Window{{
		Nodes: []int{0}, Isolated: []int{0}, Killed: chance(50), Effective: chance(90),
		Began: 30 * ms, Active: 31 * ms, HealBegan: 60 * ms, Healed: 61 * ms,
	}}
	for i := range r.IntN(8) {
		op := acked(i, r.IntN(h.Question.Nodes), time.Duration(r.IntN(80))*ms)
		op.Outcome = metrics.Outcome(r.IntN(3))
		if chance(10) {
			op.Key = key(r.IntN(i + 1))
		}
		h.Operations = append(h.Operations, op)
	}
	for _, stage := range []metrics.Stage{metrics.AtStart, metrics.AtSettleA, metrics.AtFirst, metrics.AtSettleB, metrics.AtFinal} {
		for node := range h.Question.Nodes {
			if chance(5) {
				continue
			}
			o := metrics.Observation{Node: node, Stage: stage, Began: 90 * ms, Ended: 91 * ms}
			if chance(5) {
				o.Error = "unreadable"
			}
			for _, op := range h.Operations {
				if chance(8) || stage == metrics.AtStart {
					continue
				}
				row := metrics.Row{Key: op.Key, ID: "id-" + op.Key, Hash: op.Hash}
				switch r.IntN(30) {
				case 0:
					row.Hash = "corrupted"
				case 1:
					row.ID = "another"
				case 2:
					row.ID = ""
				case 3:
					row.Key = fmt.Sprintf("ghost-%d", r.IntN(2))
				case 4:
					o.Rows = append(o.Rows, row)
				}
				o.Rows = append(o.Rows, row)
			}
			h.Observations = append(h.Observations, o)
		}
	}
	return h
}

// The reference implementations look at every row for every question, and share nothing with the
// checkers.

func holds(h *metrics.History, o metrics.Observation, k string) bool {
	for _, r := range o.Rows {
		for _, op := range h.Operations {
			if r.Key == k && op.Key == k && op.Outcome != metrics.Failed && op.Hash == r.Hash {
				return true
			}
		}
	}
	return false
}

func readable(h *metrics.History, stages ...metrics.Stage) []metrics.Observation {
	var found []metrics.Observation
	for _, o := range h.Observations {
		if o.Error == "" && slices.Contains(stages, o.Stage) {
			found = append(found, o)
		}
	}
	return found
}

func ackedKeys(h *metrics.History, copies func(have, unread int) bool) []string {
	end := readable(h, metrics.AtFinal)
	var keys []string
	for _, op := range h.Operations {
		have := 0
		for _, o := range end {
			if holds(h, o, op.Key) {
				have++
			}
		}
		if op.Outcome == metrics.OK && copies(have, h.Question.Nodes-len(end)) {
			keys = append(keys, op.Key)
		}
	}
	return keys
}

func naiveLost(h *metrics.History) []string {
	return ackedKeys(h, func(have, unread int) bool { return have == 0 && unread == 0 })
}

func naiveUnder(h *metrics.History) []string {
	w := min(h.Question.Quorum, h.Question.Nodes)
	return ackedKeys(h, func(have, unread int) bool { return have+unread < w && have+unread > 0 })
}

func naiveOwnDisk(h *metrics.History) []string {
	var keys []string
	for _, w := range h.Windows {
		for _, o := range readable(h, metrics.AtFirst) {
			for _, op := range h.Operations {
				if w.Killed && w.Effective && slices.Contains(w.Nodes, o.Node) && op.Node == o.Node &&
					op.Outcome == metrics.OK && op.Returned <= o.Began && !holds(h, o, op.Key) {
					keys = append(keys, op.Key)
				}
			}
		}
	}
	return keys
}

func naiveFalseAck(h *metrics.History) []string {
	var keys []string
	for _, op := range h.Operations {
		w := h.Windows[0]
		if h.Question.Quorum > 1 && w.Effective && op.Node == 0 && op.Outcome == metrics.OK &&
			op.Invoked >= w.Active && op.Returned <= w.HealBegan {
			keys = append(keys, op.Key)
		}
	}
	return keys
}

func naiveDiverged(h *metrics.History) []string {
	shows := func(o metrics.Observation, want metrics.Row) bool {
		return slices.ContainsFunc(o.Rows, func(r metrics.Row) bool { return r.Key == want.Key && r.Hash == want.Hash })
	}
	var keys []string
	for _, a := range readable(h, metrics.AtFinal) {
		for _, b := range readable(h, metrics.AtFinal) {
			for _, r := range a.Rows {
				if !shows(b, r) {
					keys = append(keys, r.Key)
				}
			}
		}
	}
	return keys
}

func naiveRows(h *metrics.History, phantom bool) []string {
	var keys []string
	for _, o := range readable(h, metrics.AtSettleA, metrics.AtFirst, metrics.AtSettleB, metrics.AtFinal) {
		for _, r := range o.Rows {
			if holds(h, metrics.Observation{Rows: []metrics.Row{r}}, r.Key) {
				continue
			}
			live, refused := false, false
			for _, op := range h.Operations {
				live = live || op.Key == r.Key && op.Outcome != metrics.Failed
				refused = refused || op.Key == r.Key && op.Hash == r.Hash && op.Outcome == metrics.Failed
			}
			if phantom == (!live || refused) {
				keys = append(keys, r.Key)
			}
		}
	}
	return keys
}

func naiveDuplicates(h *metrics.History) []string {
	var twice, drift []string
	for _, o := range readable(h, metrics.AtSettleA, metrics.AtFirst, metrics.AtSettleB, metrics.AtFinal) {
		for i, a := range o.Rows {
			for _, b := range o.Rows[:i] {
				if a.Key == b.Key {
					twice = append(twice, a.Key)
				}
			}
		}
	}
	for _, o := range readable(h, metrics.AtFinal) {
		for _, p := range readable(h, metrics.AtFinal) {
			for _, a := range o.Rows {
				for _, b := range p.Rows {
					if a.Key == b.Key && a.ID != b.ID && a.ID != "" && b.ID != "" {
						drift = append(drift, a.Key)
					}
				}
			}
		}
	}
	if len(twice) > 0 {
		return twice
	}
	return drift
}

func naiveNotConverged(h *metrics.History) []string {
	var keys []string
	acked, worst := 0, 0
	for _, op := range h.Operations {
		if op.Outcome == metrics.OK {
			acked++
		}
	}
	for _, o := range readable(h, metrics.AtSettleA) {
		absent := 0
		for _, op := range h.Operations {
			if op.Outcome == metrics.OK && !holds(h, o, op.Key) {
				absent++
				keys = append(keys, op.Key)
			}
		}
		worst = max(worst, absent)
	}
	if acked == 0 || float64(acked-worst)/float64(acked) >= h.Question.Threshold {
		return nil
	}
	return keys
}

func naiveBehind(h *metrics.History) []string {
	stage := metrics.AtSettleA
	if h.Windows[0].Killed {
		stage = metrics.AtSettleB
	}
	moved := *h
	moved.Observations = nil
	for _, o := range readable(h, stage) {
		o.Stage = metrics.AtFinal
		moved.Observations = append(moved.Observations, o)
	}
	if !h.Windows[0].Effective {
		return nil
	}
	keys := naiveDiverged(&moved)
	for _, o := range moved.Observations {
		for _, op := range h.Operations {
			if op.Outcome == metrics.OK && !holds(h, o, op.Key) {
				keys = append(keys, op.Key)
			}
		}
	}
	return keys
}

func TestCheckersAgreeWithTheirReference(t *testing.T) {
	references := map[string]struct {
		checker check.Checker
		naive   func(*metrics.History) []string
	}{
		"acked_lost":       {check.AckedLost{}, naiveLost},
		"under_replicated": {check.UnderReplicated{}, naiveUnder},
		"own_disk":         {check.OwnDisk{}, naiveOwnDisk},
		"false_ack":        {check.FalseAck{}, naiveFalseAck},
		"convergence":      {check.Convergence{}, naiveNotConverged},
		"catches_up":       {check.CatchesUp{}, naiveBehind},
		"divergence":       {check.Divergence{}, naiveDiverged},
		"phantom":          {check.Phantom{}, func(h *metrics.History) []string { return naiveRows(h, true) }},
		"corrupted":        {check.Corrupted{}, func(h *metrics.History) []string { return naiveRows(h, false) }},
		"duplicate":        {check.Duplicate{}, naiveDuplicates},
	}
	for name, ref := range references {
		t.Run(name, func(t *testing.T) {
			broken := 0
			for seed := range uint64(1500) {
				h := randomHistory(rand.New(rand.NewPCG(seed, 1)))
				f := ref.checker.Check(h)
				var got []string
				if f.Verdict == metrics.Fail {
					got = f.Keys
				}
				want := ref.naive(h)
				for _, keys := range []*[]string{&want, &got} {
					slices.Sort(*keys)
					*keys = slices.Compact(*keys)
				}
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("seed %d (-want +got):\n%s%+v", seed, diff, h)
				}
				if len(want) > 0 {
					broken++
				}
			}
			if broken < 30 {
				t.Errorf("only %d of 1500 histories break the property", broken)
			}
		})
	}
}
