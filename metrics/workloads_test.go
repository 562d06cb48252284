package metrics_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chaosctl/metrics"
)

// TestByNamespace parts what belongs to a namespace and keeps what belongs to all.
func TestByNamespace(t *testing.T) {
	h := partitioned()
	if spaces := h.ByNamespace(); len(spaces) != 1 || spaces[0] != h {
		t.Error("a history of one namespace is not returned itself")
	}
	h.Operations[1].Namespace, h.Operations[2].Namespace, h.Operations[3].Namespace = "b", "c", h.Namespace
	h.Observations[1].Namespace, h.Others = "b", []string{"d", "b"}
	spaces := h.ByNamespace()
	var names []string
	operations, readings := 0, 0
	for _, s := range spaces {
		names = append(names, s.Namespace)
		operations += len(s.Operations)
		readings += len(s.Observations)
		diff(t, h.Windows, s.Windows)
		diff(t, h.Question, s.Question)
	}
	diff(t, []string{h.Namespace, "d", "b", "c"}, names)
	diff(t, len(h.Operations), operations)
	diff(t, len(h.Observations), readings)
	diff(t, h.Operations[1].Key, spaces[2].Operations[0].Key)
	diff(t, "b/k", h.Qualified("b", "k"))
	diff(t, "k", h.Qualified(h.Namespace, "k"))
	diff(t, "k", h.Qualified("", "k"))
}

func TestOwed(t *testing.T) {
	write := func(i int) metrics.Operation { return op(i, 0, 10*ms, metrics.OK, 201) }
	gone := func(at, until time.Duration, outcome metrics.Outcome) metrics.Operation {
		d := op(0, 0, 0, outcome, 200)
		d.Kind, d.Hash, d.Sent = metrics.Delete, "", metrics.Never
		d.Invoked, d.Returned = at, until
		return d
	}
	for name, test := range map[string]struct {
		delete metrics.Operation
		want   int
	}{
		"before":              {gone(1*ms, 5*ms, metrics.OK), 2},
		"before, perhaps":     {gone(1*ms, 5*ms, metrics.Unknown), 1},
		"beside":              {gone(1*ms, 12*ms, metrics.OK), 1},
		"after":               {gone(20*ms, 21*ms, metrics.OK), 1},
		"after, perhaps":      {gone(20*ms, 21*ms, metrics.Unknown), 1},
		"after, not at all":   {gone(20*ms, 21*ms, metrics.Failed), 2},
		"ended as it began":   {gone(1*ms, 10*ms, metrics.OK), 1},
		"of which no one saw": {gone(20*ms, metrics.Never, metrics.Unknown), 1},
	} {
		read := write(1)
		read.Kind = metrics.Read
		h := &metrics.History{Operations: []metrics.Operation{write(0), write(1), op(2, 0, 10*ms, metrics.Unknown, 503), read, test.delete}}
		if got := len(h.Owed()); got != test.want {
			t.Errorf("%s: %d writes are owed, want %d", name, got, test.want)
		}
	}
}

// A record counts writes and deletes, over all namespaces; reads are no writes.
func TestRecordOfTwoNamespaces(t *testing.T) {
	one := metrics.NewRecord(facts(), restarted(), metrics.Pass, nil)
	h := restarted()
	for _, op := range h.Operations[:5:5] {
		op.Namespace, op.Key, op.Index = "b", op.Key+"-b", op.Index+5
		h.Operations = append(h.Operations, op)
	}
	for _, o := range h.Observations[:15:15] {
		o.Namespace, o.Rows = "b", append([]metrics.Row(nil), o.Rows...)
		for i := range o.Rows {
			o.Rows[i].Key += "-b"
		}
		h.Observations = append(h.Observations, o)
	}
	h.Question.Writes = 11
	read := h.Operations[0]
	read.Kind, read.Index, read.Code = metrics.Read, 10, 0
	h.Operations = append(h.Operations, read)
	two := metrics.NewRecord(facts(), h, metrics.Pass, nil)
	diff(t, 2*one.Writes, two.Writes)
	diff(t, 2*one.OK, two.OK)
	diff(t, 2*one.Acked, two.Acked)
	diff(t, 2*one.InsideFault.Sent, two.InsideFault.Sent)
	diff(t, 2**one.CountNode1, *two.CountNode1)
	diff(t, one.CountNode0, two.CountNode0)
	diff(t, one.ConvergenceBound, two.ConvergenceBound)
	diff(t, one.ConvergeMS, two.ConvergeMS)
	diff(t, one.ReconnectMS, two.ReconnectMS)
	diff(t, one.Flags, two.Flags)
	diff(t, one.JudgedNodes, two.JudgedNodes)
	diff(t, 2**one.Counts[2].N, *two.Counts[2].N)
	diff(t, 1, two.Latency["read"].N)

	h.Observations[27].Rows = h.Observations[27].Rows[:4] // of b, node 0, at the end
	h.Observations[29].Error = "reset"
	worse := metrics.NewRecord(facts(), h, metrics.Pass, nil)
	diff(t, 9, *worse.Counts[0].N)
	if worse.Counts[2].N != nil || *worse.Counts[2].Error != "reset" {
		t.Errorf("a node that was not read in one namespace has a count: %+v", worse.Counts[2])
	}
	diff(t, []string{metrics.FlagCountError}, worse.Flags)
}

// What a checker and a fold must not take for a row too many or too few: keys written over, and
// deleted.
func TestFlagsOfOverwrites(t *testing.T) {
	h := restarted()
	for i := range 3 {
		again := h.Operations[3]
		again.Index, again.Hash = 5+i, metrics.ContentHash("again")
		h.Operations = append(h.Operations, again)
	}
	gone := h.Operations[0]
	gone.Index, gone.Kind, gone.Hash, gone.Invoked, gone.Sent, gone.Returned = 8, metrics.Delete, "", 200*ms, 201*ms, 202*ms
	h.Operations = append(h.Operations, gone)
	h.Question.Writes = 9
	for i := range h.Observations {
		if o := &h.Observations[i]; len(o.Rows) > 0 && o.Stage != metrics.DuringPoll {
			o.Rows = o.Rows[1:]
		}
	}
	r := metrics.NewRecord(facts(), h, metrics.Pass, nil)
	diff(t, []string{}, r.Flags)
	diff(t, 9, r.Writes)
	diff(t, 1.0, *r.ConvergenceBound)
	if d := cmp.Diff(map[string]int{"node1": 0, "node2": 0}, r.MissingAcked, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	h.Operations = h.Operations[:5]
	h.Operations[4].Scheduled = 130 * ms // after it began
	diff(t, []string{metrics.FlagUnderCount, metrics.FlagClockBack, metrics.FlagSumMismatch},
		metrics.NewRecord(facts(), h, metrics.Pass, nil).Flags)
}
