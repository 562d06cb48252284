package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/storetest"
)

// TestTailAgrees compares own events from memory with those of the database, after writes over
// rows, merges that end in a mixture, and events of this node that come back from elsewhere.
func TestTailAgrees(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // a test wants to be the same each time
	s := opened(t, filepath.Join(t.TempDir(), "memory.db"))
	used := map[int64]bool{}
	for n := range 300 {
		m := newRow(n, fmt.Sprint("title ", r.IntN(60)), fmt.Sprint("content ", r.IntN(4)))
		m.Priority = 1 + r.Int32N(10)
		from, seq := []string{"", "", "far", s.Origin()}[r.IntN(4)], int64(n+1)
		if from == s.Origin() { // a number that no row has
			for seq = 1; used[seq] || r.IntN(8) > 0; {
				seq++
			}
		}
		write(t, s, m, from, seq)
		if r.IntN(5) == 0 {
			changeOne(t, s, r, n)
		}
		all, _, err := s.own(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			used[c.Event.Seq] = true
		}
		after, limit := int64(r.IntN(2*n+2)), 1+r.IntN(80)
		got, upto, ok := s.tail.own(after, limit)
		if !ok {
			t.Fatalf("after %d, at most %d: not told", after, limit)
		}
		want, wantUpto, err := s.own(t.Context(), after, limit)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || upto != wantUpto {
			t.Fatalf("after %d, at most %d: up to %d, want %d (-database +memory):\n%s", after, limit, upto, wantUpto, diff)
		}
	}
}

// changeOne deletes or renames one of the rows.
func changeOne(t *testing.T, s *Store, r *rand.Rand, n int) {
	t.Helper()
	all, err := s.UpdatedSince(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	one := all[r.IntN(len(all))]
	if r.IntN(2) == 0 {
		_, err = storetest.Delete(t.Context(), s, one.ID, time.Unix(int64(n), 0))
	} else {
		_, err = storetest.Update(t.Context(), s, one.ID, memory.Patch{Title: new(one.Title + fmt.Sprint(" ", n))}, time.Unix(int64(n), 0))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestTailIsBounded writes more than it may hold.
func TestTailIsBounded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ rows, size, kept int }{
		"rows":  {3 * maxTailRows, 10, maxTailRows},
		"bytes": {100, maxTailBytes / 10, 9},
	} {
		tail := newTail("me", 5)
		for n := range int64(test.rows) {
			c := store.Change{Memory: newRow(int(n), fmt.Sprint(n), string(make([]byte, test.size))), Event: store.Event{Origin: "me", Seq: n + 6}}
			tail.put([]written{{row: row{Change: c, rowid: n + 1}}}, n+5, n+6)
		}
		newest := int64(test.rows + 5)
		if len(tail.rows) != test.kept || tail.size > maxTailBytes {
			t.Errorf("%s: %d rows of %d bytes are kept, want %d", name, len(tail.rows), tail.size, test.kept)
		}
		if _, _, ok := tail.own(newest-int64(test.kept)-1, 9); ok {
			t.Errorf("%s: it tells what it has dropped", name)
		}
		changes, upto, ok := tail.own(newest-int64(test.kept), maxTailRows+1)
		if !ok || len(changes) != test.kept || upto != newest {
			t.Errorf("%s: %d rows up to %d, %v", name, len(changes), upto, ok)
		}
	}
}

// TestSettle waits for a write that is half done: neither for ever, nor when nobody wants the
// answer any more.
func TestSettle(t *testing.T) {
	t.Parallel()
	s := opened(t, filepath.Join(t.TempDir(), "memory.db"))
	begun, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.writer.write(t.Context(), func(x *tx) error {
			close(begun)
			<-goOn
			_, err := x.create(newRow(1, "one", "c"))
			return err
		})
	}()
	<-begun
	if changes, _, err := s.Own(t.Context(), 0, 9); len(changes) > 0 || err != nil {
		t.Errorf("own events while a write hangs: %d, %v", len(changes), err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	s.writer.settle(ended)

	began := time.Now()
	s.writer.settle(t.Context())
	if waited := time.Since(began); waited < maxSettle {
		t.Errorf("it waited %v for a write that hangs, want %v", waited, maxSettle)
	}
	waiting := *s.writer.underWay.Load()
	close(goOn)
	<-waiting
	changes, upto, err := s.Own(t.Context(), 0, 9)
	if err != nil || len(changes) != 1 || upto != 1 {
		t.Errorf("own events: %d up to %d, %v, want the one", len(changes), upto, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
