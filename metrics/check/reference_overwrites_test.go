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

// randomOverwrites is a cycle in which few keys are written, deleted and read, in two namespaces,
// and readings show any of their values, or none.
func randomOverwrites(r *rand.Rand) *metrics.History {
	chance := func(percent int) bool { return r.IntN(100) < percent }
	span := func() (time.Duration, time.Duration) {
		from := time.Duration(r.IntN(40)) * ms
		return from, from + time.Duration(1+r.IntN(8))*ms
	}
	h := &metrics.History{
		Question: metrics.Question{
			Nodes: 3, Quorum: 2 + r.IntN(2), SettleLimit: time.Duration(r.IntN(9)) * ms, Workload: "upserts",
			Promises: metrics.Promises{Durable: true, Converges: true, CatchesUp: true},
		},
		Exits: []metrics.Exit{{Node: 0, Ours: true}},
	}
	if chance(50) {
		h.Others = []string{"b"}
	}
	for range 1 + r.IntN(2) {
		w := metrics.Window{Effective: chance(90), Began: time.Duration(r.IntN(30)) * ms}
		w.Active, w.HealBegan, w.Healed = w.Began+1, w.Began+12*ms, w.Began+13*ms
		node := []int{r.IntN(3)}
		w.Nodes = node
		switch r.IntN(3) {
		case 0:
			w.Isolated = node
		case 1:
			w.Stopped = node
		default:
			w.Killed, w.Nodes = true, []int{0}
			h.Rejoins = append(h.Rejoins, metrics.Rejoin{Node: 0, At: w.Began + time.Duration(r.IntN(20))*ms})
		}
		h.Windows = append(h.Windows, w)
	}
	for i := range 3 + r.IntN(6) {
		op := acked(i, r.IntN(3), 0)
		op.Process, op.Key, op.Hash = i, fmt.Sprintf("k%d", r.IntN(3)), fmt.Sprintf("v%d", i)
		op.Invoked, op.Returned = span()
		op.Sent = op.Invoked
		if chance(25) {
			op.Outcome = metrics.Outcome(r.IntN(3))
		}
		if chance(15) {
			op.Kind, op.Hash = metrics.OpKind(1+r.IntN(2)), ""
		}
		if len(h.Others) > 0 && chance(40) {
			op.Namespace = "b"
		}
		h.Operations = append(h.Operations, op)
	}
	for i := range 12 {
		o := metrics.Observation{Node: i % 3, Stage: metrics.DuringPoll, Pages: 1}
		if i >= 9 {
			o.Stage = metrics.AtFinal
		}
		o.Began, o.Ended = span()
		if o.Stage == metrics.AtFinal {
			o.Began, o.Ended = 60*ms, 61*ms
		}
		if chance(5) {
			o.Error = "unreadable"
		}
		for _, name := range append([]string{""}, h.Others...) {
			o.Namespace, o.Rows = name, nil
			for k := range 3 {
				if i := r.IntN(len(h.Operations) + 2); i < len(h.Operations) {
					key := fmt.Sprintf("k%d", k)
					if values := slices.DeleteFunc(slices.Clone(h.Operations), func(op metrics.Operation) bool { return op.Key != key || op.Kind != metrics.Write }); len(values) > 0 {
						op := values[r.IntN(len(values))]
						if op.Namespace == name || chance(10) {
							o.Rows = append(o.Rows, metrics.Row{Key: key, Hash: op.Hash})
						}
					}
				}
			}
			h.Observations = append(h.Observations, o)
		}
	}
	return h
}

// The references ask every operation and reading for every key of every namespace.

func naiveEnd(op metrics.Operation) time.Duration {
	if op.Outcome == metrics.OK {
		return op.Returned
	}
	return time.Hour
}

// naiveSpaces runs a reference in each namespace, for each key.
func naiveSpaces(h *metrics.History, bad func(ops []metrics.Operation, readings []metrics.Observation, key string) bool) []string {
	var keys []string
	for _, name := range append([]string{""}, h.Others...) {
		var readings []metrics.Observation
		for _, o := range h.Observations {
			if o.Namespace == name && o.Error == "" {
				readings = append(readings, o)
			}
		}
		for k := range 3 {
			key := fmt.Sprintf("k%d", k)
			var ops []metrics.Operation
			for _, op := range h.Operations {
				if op.Namespace == name && op.Key == key && op.Outcome != metrics.Failed && op.Kind != metrics.Read {
					ops = append(ops, op)
				}
			}
			if bad(ops, readings, key) {
				if name != "" {
					key = name + "/" + key
				}
				keys = append(keys, key)
			}
		}
	}
	return keys
}

func naiveOwed(ops []metrics.Operation) []metrics.Operation {
	var owed []metrics.Operation
	for _, w := range ops {
		undone := slices.ContainsFunc(ops, func(d metrics.Operation) bool {
			return d.Kind == metrics.Delete && naiveEnd(d) >= w.Invoked
		})
		if w.Kind == metrics.Write && w.Outcome == metrics.OK && !undone {
			owed = append(owed, w)
		}
	}
	return owed
}

// shownAs returns the write whose value a reading shows under a key.
func shownAs(ops []metrics.Operation, o metrics.Observation, key string) (metrics.Operation, bool) {
	for _, r := range o.Rows {
		for _, op := range ops {
			if r.Key == key && op.Kind == metrics.Write && op.Hash == r.Hash {
				return op, true
			}
		}
	}
	return metrics.Operation{}, false
}

func at60(readings []metrics.Observation) []metrics.Observation {
	return slices.DeleteFunc(slices.Clone(readings), func(o metrics.Observation) bool { return o.Stage != metrics.AtFinal })
}

func naiveLostUpdates(h *metrics.History) []string {
	return naiveSpaces(h, func(ops []metrics.Operation, readings []metrics.Observation, key string) bool {
		older, newer := 0, 0
		for _, o := range at60(readings) {
			shown, there := shownAs(ops, o, key)
			if !there {
				continue
			}
			if slices.ContainsFunc(naiveOwed(ops), func(last metrics.Operation) bool { return naiveEnd(shown) < last.Invoked }) {
				older++
			} else {
				newer++
			}
		}
		return len(at60(readings)) == 3 && older > 0 && newer == 0
	})
}

func naiveReturned(h *metrics.History) []string {
	return naiveSpaces(h, func(ops []metrics.Operation, readings []metrics.Observation, key string) bool {
		return slices.ContainsFunc(at60(readings), func(o metrics.Observation) bool {
			shown, there := shownAs(ops, o, key)
			return there && slices.ContainsFunc(ops, func(d metrics.Operation) bool {
				return d.Kind == metrics.Delete && d.Outcome == metrics.OK && naiveEnd(shown) < d.Invoked
			})
		})
	})
}

func naiveRegressed(h *metrics.History) []string {
	sameLife := func(a, b metrics.Observation) bool {
		return !slices.ContainsFunc(h.Windows, func(w metrics.Window) bool {
			return w.Killed && a.Node == 0 && a.Began < w.Began && b.Began >= w.Began
		})
	}
	return naiveSpaces(h, func(ops []metrics.Operation, readings []metrics.Observation, key string) bool {
		owed := naiveOwed(ops)
		for _, a := range readings {
			for _, b := range readings {
				if a.Node != b.Node || b.Began < a.Ended || len(owed) == 0 || !sameLife(a, b) {
					continue
				}
				first, seen := shownAs(ops, a, key)
				later, still := shownAs(ops, b, key)
				if seen && (!still || first.Outcome == metrics.OK && naiveEnd(later) < first.Invoked) {
					return true
				}
			}
		}
		return false
	})
}

func naiveStale(h *metrics.History) []string {
	return naiveSpaces(h, func(ops []metrics.Operation, readings []metrics.Observation, key string) bool {
		owed := naiveOwed(ops)
		for node := range 3 {
			var quiet, acked, last time.Duration = 0, time.Hour, 0
			for _, w := range h.Windows {
				quiet = max(quiet, w.Healed)
			}
			for _, w := range h.Windows {
				if w.Killed && w.Effective && node == 0 {
					quiet = max(quiet, h.Rejoins[len(h.Rejoins)-1].At)
				}
			}
			for _, op := range owed {
				acked = min(acked, op.Returned)
			}
			from := max(quiet, acked)
			there := false
			for _, o := range readings {
				if o.Node != node {
					continue
				}
				_, shown := shownAs(ops, o, key)
				if o.Stage == metrics.AtFinal {
					there = shown
				} else if !shown && o.Began >= from {
					last = max(last, o.Began-from)
				}
			}
			if there && last > h.Question.SettleLimit {
				return true
			}
		}
		return false
	})
}

func naiveLeaks(h *metrics.History) []string {
	var keys []string
	for _, o := range h.Observations {
		for _, r := range o.Rows {
			var key, keyElsewhere, value, valueElsewhere bool
			for _, op := range h.Operations {
				if op.Kind != metrics.Write || op.Key != r.Key {
					continue
				}
				here := op.Namespace == o.Namespace
				key, keyElsewhere = key || here, keyElsewhere || !here
				value, valueElsewhere = value || here && op.Hash == r.Hash, valueElsewhere || !here && op.Hash == r.Hash
			}
			if o.Error == "" && (keyElsewhere && !key || valueElsewhere && !value) {
				name := r.Key
				if o.Namespace != "" {
					name = o.Namespace + "/" + name
				}
				keys = append(keys, name)
			}
		}
	}
	return keys
}

func naiveDegraded(h *metrics.History) []string {
	var keys []string
	for _, op := range h.Operations {
		var out, own int
		for peer := range 3 {
			gone := false
			for _, w := range h.Windows {
				whole := w.Effective && op.Invoked >= w.Active && (w.Killed || op.Returned <= w.HealBegan)
				struck := slices.Contains(w.Isolated, peer) || slices.Contains(w.Stopped, peer)
				if w.Killed {
					struck = peer == 0 && !slices.ContainsFunc(h.Rejoins, func(r metrics.Rejoin) bool { return r.At <= op.Returned })
				}
				gone = gone || whole && struck
				if peer == op.Node && slices.Contains(w.Isolated, peer) && op.Invoked >= w.Active && op.Returned <= w.HealBegan {
					own++
				}
			}
			if gone && peer != op.Node {
				out++
			}
		}
		if op.Kind != metrics.Read && op.Outcome == metrics.OK && own == 0 && 2-out < h.Question.Quorum-1 {
			keys = append(keys, op.Key)
		}
	}
	return keys
}

func TestOverwriteCheckersAgreeWithTheirReference(t *testing.T) {
	for _, ref := range []struct {
		checker check.Checker
		naive   func(*metrics.History) []string
	}{
		{check.LostUpdate{}, naiveLostUpdates},
		{check.DeletedReturned{}, naiveReturned},
		{check.Regressed{}, naiveRegressed},
		{check.StaleThenRecovered{}, naiveStale},
		{check.NamespaceLeak{}, naiveLeaks},
		{check.FalseAckDegraded{}, naiveDegraded},
	} {
		t.Run(ref.checker.Name(), func(t *testing.T) {
			broken := 0
			for seed := range uint64(2000) {
				h := randomOverwrites(rand.New(rand.NewPCG(seed, 2)))
				f := ref.checker.Check(h)
				var got []string
				if f.Verdict == metrics.Fail && f.Gates {
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
				t.Errorf("only %d of 2000 histories break the property", broken)
			}
		})
	}
}

// TestLinearizableAgreesWithEveryOrder tries all orders of short histories of one key.
func TestLinearizableAgreesWithEveryOrder(t *testing.T) {
	broken := 0
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 3))
		h := &metrics.History{Question: metrics.Question{Nodes: 1, Promises: metrics.Promises{Linearizable: true}}}
		for i := range 2 + r.IntN(4) {
			op := acked(i, 0, time.Duration(r.IntN(20))*ms)
			op.Key, op.Kind, op.Hash = "k", metrics.OpKind(r.IntN(3)), fmt.Sprintf("v%d", r.IntN(3))
			op.Returned = op.Invoked + time.Duration(1+r.IntN(8))*ms
			if op.Kind == metrics.Delete || op.Kind == metrics.Read && r.IntN(3) == 0 {
				op.Hash = ""
			}
			if r.IntN(4) == 0 {
				op.Outcome = metrics.Outcome(r.IntN(3))
			}
			h.Operations = append(h.Operations, op)
		}
		read := slices.ContainsFunc(h.Operations, func(op metrics.Operation) bool { return op.Kind == metrics.Read && op.Outcome == metrics.OK })
		want := read && !naiveOrder("", h.Operations)
		if got := (check.Linearizable{}).Check(h).Verdict == metrics.Fail; got != want {
			t.Fatalf("seed %d: broken is %v, want %v: %+v", seed, got, want, h.Operations)
		}
		if want {
			broken++
		}
	}
	if broken < 100 {
		t.Errorf("only %d histories have no order", broken)
	}
}

// naiveOrder reports whether the operations that are left can be put in order from a value on.
func naiveOrder(value string, left []metrics.Operation) bool {
	must := func(op metrics.Operation) bool { return op.Outcome == metrics.OK }
	if !slices.ContainsFunc(left, must) {
		return true
	}
	for i, op := range left {
		blocked := slices.ContainsFunc(left, func(before metrics.Operation) bool {
			return must(before) && before.Returned < op.Invoked
		})
		if blocked || op.Outcome == metrics.Failed || op.Kind == metrics.Read && !must(op) {
			continue
		}
		next := op.Hash
		if op.Kind == metrics.Read && op.Hash != value {
			continue
		}
		if naiveOrder(next, slices.Delete(slices.Clone(left), i, i+1)) {
			return true
		}
	}
	return false
}

// TestConvergenceIsTheRecords holds the checker's bound against the record's.
func TestConvergenceIsTheRecords(t *testing.T) {
	for seed := range uint64(500) {
		h := randomHistory(rand.New(rand.NewPCG(seed, 1)))
		c := metrics.Converged(h)
		f := check.Convergence{}.Check(h)
		ceiling := c.Ceiling()
		if got, known := f.Numbers["bound"]; known != (ceiling != nil) || known && got != *ceiling {
			t.Fatalf("seed %d: bound %v of %v", seed, f.Numbers, ceiling)
		}
	}
}
