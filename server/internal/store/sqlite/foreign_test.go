package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/sqlite"
)

// both opens a database twice, as two processes would.
func both(t *testing.T) (one, other *sqlite.Store) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "memory.db")
	open := func() *sqlite.Store {
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	return open(), open()
}

func row(id, title string) memory.Memory {
	now := memory.FormatTime(time.Now())
	return memory.Memory{
		ID: id, Tier: memory.Long, Namespace: "n", Title: title, Content: "words of " + title, Priority: 5, Confidence: 1,
		Source: memory.SourceAPI, CreatedAt: now, UpdatedAt: now, Metadata: []byte("{}"), Tags: []string{},
	}
}

func create(t *testing.T, s *sqlite.Store, m memory.Memory) store.Change {
	t.Helper()
	change, err := s.Create(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

// TestRefresh sees what another process wrote: its rows are sent, its words found, its records
// held; and nothing when there was nothing.
func TestRefresh(t *testing.T) {
	t.Parallel()
	one, other := both(t)
	refresh := func(want int64, wantChanged bool) {
		t.Helper()
		newest, changed, err := one.Refresh(t.Context())
		if err != nil || newest != want || changed != wantChanged {
			t.Fatalf("newest %d, changed %v, %v; want %d, %v", newest, changed, err, want, wantChanged)
		}
	}
	refresh(0, false)
	create(t, one, row("a", "mine"))
	refresh(0, false) // its own writes are no news
	create(t, other, row("b", "theirs"))
	refresh(2, true)
	refresh(0, false)
	changes, upto, err := one.Own(t.Context(), 1, 10)
	if err != nil || upto != 2 || len(changes) != 1 || changes[0].Memory.ID != "b" {
		t.Errorf("own changes %+v up to %d, %v", changes, upto, err)
	}
}

// TestRecordOfAnother has one process rely on a record that another has just written.
func TestRecordOfAnother(t *testing.T) {
	t.Parallel()
	one, other := both(t)
	create(t, one, row("a", "first"))
	link := memory.Link{SourceID: "a", TargetID: "b", Relation: memory.RelatedTo, CreatedAt: memory.FormatTime(time.Now())}
	create(t, one, row("b", "second"))
	_, err := other.Write(t.Context(), func(tx store.Tx) error {
		return tx.Put(link.Record(1))
	})
	if err != nil {
		t.Fatal(err)
	}
	var held bool
	_, err = one.Write(t.Context(), func(store.Tx) error {
		held = one.Holds(memory.KindLink)
		return nil
	})
	if err != nil || !held {
		t.Errorf("a link is held: %v, %v", held, err)
	}
}

// TestRefreshClosed refuses.
func TestRefreshClosed(t *testing.T) {
	t.Parallel()
	one, _ := both(t)
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, err := one.Refresh(context.Background())
	if d := cmp.Diff(store.ErrClosed.Error(), err.Error()); d != "" {
		t.Error(d)
	}
}
