package federation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

var met = federation.Outcome{Acks: 2, Needed: 2}

// TestPullIsNoAcknowledgement has a peer that got the row by its own pull before this node
// first spoke to it. The row is pushed all the same: only the answer to a push counts.
func TestPullIsNoAcknowledgement(t *testing.T) {
	t.Parallel()
	log, p := newLog(), newPeer()
	c := log.write("one")
	p.has["me"] = c.Event.Seq
	r := run(t, log, 5*time.Second, p)
	if got := r.Await(t.Context(), c); got != met {
		t.Errorf("outcome %+v, want %+v", got, met)
	}
	if diff := cmp.Diff([][]string{{"one"}}, p.sent()); diff != "" {
		t.Errorf("pushes (-want +got):\n%s", diff)
	}
}

// TestReplacedRow has another node's version win the row of a write before it is sent: the push
// that covers the write's event does not carry the row, so nothing says that the peer has it.
func TestReplacedRow(t *testing.T) {
	t.Parallel()
	log, p := newLog(), newPeer()
	c := log.write("one")
	log.write("two")
	log.replace("one")
	r := run(t, log, 5*time.Second, p)
	want := federation.Outcome{Acks: 1, Needed: 2, Reason: federation.Timeout}
	if got := r.Await(t.Context(), c); got != want {
		t.Errorf("outcome %+v, want %+v", got, want)
	}
}

// TestAnswerBeforeWait has the row acknowledged before its write waits.
func TestAnswerBeforeWait(t *testing.T) {
	t.Parallel()
	log, p := newLog(), newPeer()
	r := run(t, log, 5*time.Second, p)
	c := log.write("one")
	r.Notify(c.Event.Seq)
	within(t, "the row is acknowledged", func() bool { return r.Status().Peers[0].Acks == 1 })
	if got := r.Await(t.Context(), c); got != met {
		t.Errorf("outcome %+v, want %+v", got, met)
	}
	if got := p.sent(); len(got) != 1 {
		t.Errorf("pushes %v, want one", got)
	}
}

// TestUpsertAcknowledgesBoth has a row written twice before it is sent once.
func TestUpsertAcknowledgesBoth(t *testing.T) {
	t.Parallel()
	log, p := newLog(), newPeer()
	first := log.write("one")
	second := log.write("one")
	r := run(t, log, 5*time.Second, p)
	for _, c := range []store.Change{first, second} {
		if got := r.Await(t.Context(), c); got != met {
			t.Errorf("event %d: outcome %+v, want %+v", c.Event.Seq, got, met)
		}
	}
}

// TestPeerLostItsRows has a peer forget everything between two pushes.
func TestPeerLostItsRows(t *testing.T) {
	t.Parallel()
	log, p := newLog(), newPeer()
	r := run(t, log, 5*time.Second, p)
	if got := r.Await(t.Context(), log.write("one")); got != met {
		t.Fatalf("outcome %+v", got)
	}
	p.mu.Lock()
	p.has = store.Vector{}
	p.mu.Unlock()
	if got := r.Await(t.Context(), log.write("two")); got != met {
		t.Errorf("outcome %+v, want %+v", got, met)
	}
	within(t, "the lost row is sent again", func() bool {
		sent := p.sent()
		return len(sent) > 2 && slices.Contains(sent[2], "one")
	})
}

// TestFailures looks at how soon and with which reason a write's wait ends.
func TestFailures(t *testing.T) {
	t.Parallel()
	const timeout = 200 * time.Millisecond
	for name, test := range map[string]struct {
		err      error
		want     federation.Reason
		deadline bool
	}{
		"refused":    {syscall.ECONNREFUSED, federation.Unreachable, false},
		"reset":      {syscall.ECONNRESET, federation.Unreachable, false},
		"times out":  {context.DeadlineExceeded, federation.Unreachable, true},
		"cut off":    {syscall.ETIMEDOUT, federation.Unreachable, true},
		"status 500": {&federation.StatusError{Code: 500}, federation.Timeout, false},
		"no JSON":    {&federation.ShapeError{Err: errors.New("it is HTML")}, federation.Timeout, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, p := newLog(), newPeer()
			p.push = func(federation.Push) (federation.PushAnswer, error) {
				return federation.PushAnswer{}, fmt.Errorf("push: %w", test.err)
			}
			r := run(t, log, timeout, p)
			began := time.Now()
			got := r.Await(t.Context(), log.write("one"))
			took := time.Since(began)
			if want := (federation.Outcome{Acks: 1, Needed: 2, Reason: test.want}); got != want {
				t.Errorf("outcome %+v, want %+v", got, want)
			}
			if waited := took >= timeout; waited != test.deadline {
				t.Errorf("it took %v; waiting for the deadline was %v, want %v", took, waited, test.deadline)
			}
		})
	}
}

// TestRecovery has a peer refuse for a while: the row arrives without another write.
func TestRecovery(t *testing.T) {
	t.Parallel()
	log, p := newLog(), newPeer()
	refused := 0
	p.push = func(push federation.Push) (federation.PushAnswer, error) {
		if refused < 5 {
			refused++
			return federation.PushAnswer{}, syscall.ECONNREFUSED
		}
		return federation.PushAnswer{Node: "peer", IDs: []string{push.Changes[0].Memory.ID}}, nil
	}
	r := run(t, log, time.Second, p)
	if got := r.Await(t.Context(), log.write("one")); got.Reason != federation.Unreachable {
		t.Errorf("outcome %+v, want unreachable", got)
	}
	within(t, "the row is acknowledged", func() bool { return r.Status().Peers[0].Acks == 1 })
}

// TestPages has a peer give what this node lacks in pages.
func TestPages(t *testing.T) {
	t.Parallel()
	log, p := newLog(), newPeer()
	event := func(seq int64) store.Change {
		return store.Change{Memory: memory.Memory{ID: fmt.Sprint(seq)}, Event: store.Event{Origin: "gone", Seq: seq}}
	}
	p.pull = func(q federation.Pull) (federation.PullAnswer, error) {
		switch {
		case q.Limit == 0, q.Have["gone"] >= 3:
			return federation.PullAnswer{Node: "peer", Have: store.Vector{"gone": 3}}, nil
		case q.After.Seq == 0:
			return federation.PullAnswer{Node: "peer", Have: store.Vector{"gone": 3}, Changes: []store.Change{event(1), event(2)}, More: true}, nil
		default: // the peer went on meanwhile
			return federation.PullAnswer{Node: "peer", Have: store.Vector{"gone": 9}, Changes: []store.Change{event(3)}}, nil
		}
	}
	run(t, log, time.Second, p)
	within(t, "both pages are merged", func() bool { return len(log.batches()) == 2 })
	want := []store.Batch{
		{Changes: []store.Change{event(1), event(2)}},
		{Changes: []store.Change{event(3)}, Have: store.Vector{"gone": 3}}, // as of the first page
	}
	if diff := cmp.Diff(want, log.batches()); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
}

// TestLegacyPeer has a peer that offers no pull and tells no numbers: it is sent everything.
func TestLegacyPeer(t *testing.T) {
	t.Parallel()
	log, p := newLog(), newPeer()
	log.write("before")
	p.pull = func(federation.Pull) (federation.PullAnswer, error) {
		return federation.PullAnswer{}, federation.ErrCannotPull
	}
	p.push = func(push federation.Push) (federation.PushAnswer, error) {
		return federation.PushAnswer{Applied: len(push.Changes)}, nil
	}
	r := run(t, log, 5*time.Second, p)
	if got := r.Await(t.Context(), log.write("after")); got != met {
		t.Errorf("outcome %+v, want %+v", got, met)
	}
	if sent := slices.Concat(p.sent()...); !slices.Contains(sent, "before") {
		t.Errorf("sent %v, want the row of before too", sent)
	}
}

// TestManyAcknowledgements has more rows acknowledged than are remembered: a late wait has its
// row sent again rather than believed or given up.
func TestManyAcknowledgements(t *testing.T) {
	t.Parallel()
	log, p := newLog(), newPeer()
	r := run(t, log, 5*time.Second, p)
	first := log.write("first")
	for i := range 10_000 {
		log.write(fmt.Sprint(i))
	}
	r.Notify(first.Event.Seq + 10_000)
	within(t, "all are acknowledged", func() bool { return r.Status().Peers[0].Acks == 10_001 })
	pushes := len(p.sent())
	if got := r.Await(t.Context(), first); got != met {
		t.Errorf("outcome %+v, want %+v", got, met)
	}
	if len(p.sent()) == pushes {
		t.Error("the row was believed to be there without asking")
	}
}

func TestFitting(t *testing.T) {
	t.Parallel()
	row := store.Change{Memory: memory.Memory{Content: strings.Repeat("x", 1000)}}
	for budget, want := range map[int]int{0: 1, 3000: 1, 2 * 3024: 2, 1 << 20: 4} {
		if got := federation.Fitting([]store.Change{row, row, row, row}, budget); got != want {
			t.Errorf("%d bytes: %d rows, want %d", budget, got, want)
		}
	}
	if got := federation.Fitting(nil, 10); got != 0 {
		t.Errorf("of nothing %d rows fit", got)
	}
}

// TestDeletionIsAcknowledged counts a peer that names the id, and none that does not tell ids: it
// knows nothing of deletions, whatever it says it has applied.
func TestDeletionIsAcknowledged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer federation.PushAnswer
		want   federation.Outcome
	}{
		"named":     {federation.PushAnswer{IDs: []string{"id of one"}}, met},
		"not named": {federation.PushAnswer{IDs: []string{}}, federation.Outcome{Acks: 1, Needed: 2, Reason: federation.Timeout}},
		"counts":    {federation.PushAnswer{Applied: 9}, federation.Outcome{Acks: 1, Needed: 2, Reason: federation.Timeout}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, p := newLog(), newPeer()
			p.push = func(federation.Push) (federation.PushAnswer, error) { return test.answer, nil }
			r := run(t, log, 5*time.Second, p)
			if got := r.Await(t.Context(), log.delete("one")); got != test.want {
				t.Errorf("outcome %+v, want %+v", got, test.want)
			}
		})
	}
}
