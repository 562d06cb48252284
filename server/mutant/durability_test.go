package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"chaosctl/server"
	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/sqlite"
)

func TestHasty(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "m.db")
	below, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := newHasty(below)
	c, err := h.Create(t.Context(), row(1))
	if err != nil || c.Memory.ID != row(1).ID || c.Event.Seq != 0 {
		t.Errorf("created %+v, %v", c, err)
	}
	if _, err := below.Get(t.Context(), row(1).ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it was stored before it was acknowledged: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.Get(t.Context(), row(1).ID); err != nil {
		t.Errorf("a close in good order lost it: %v", err)
	}
}

func TestForgetUnlessClosed(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "m.db")
	exists := func() bool { _, err := os.Stat(db); return err == nil }
	closed, err := forgetUnlessClosed(db)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(db, []byte("rows"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := closed(); err != nil {
		t.Fatal(err)
	}
	if _, err := forgetUnlessClosed(db); err != nil || !exists() {
		t.Errorf("it forgot after a close in good order: %v", err)
	}
	if _, err := forgetUnlessClosed(db); err != nil || exists() {
		t.Errorf("it remembers after a kill: %v", err)
	}
}

func TestClockOffset(t *testing.T) {
	t.Parallel()
	peers := "http://a:19077,http://b:19079"
	for port, want := range map[int]time.Duration{19076: 2 * skew, 19078: skew, 19080: 0} {
		if got := clockOffset(server.Config{Port: port, QuorumPeers: &peers}); got != want {
			t.Errorf("port %d: %v, want %v", port, got, want)
		}
	}
	if got := clockOffset(server.Config{Port: 1}); got != 0 {
		t.Errorf("alone: %v", got)
	}
}

func TestSkewed(t *testing.T) {
	t.Parallel()
	below := open(t)
	ahead, right := newSkewed(below, time.Hour), newSkewed(below, 0)
	write := func(s skewed, content string) string {
		m := row(1)
		m.Content = content
		if _, err := s.Create(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		got, err := below.Get(t.Context(), m.ID)
		if err != nil {
			t.Fatal(err)
		}
		return got.Content
	}
	same(t, "the first write", "a", write(right, "a"))
	same(t, "a write in order", "b", write(right, "b"))
	same(t, "a write ahead", "c", write(ahead, "c"))
	same(t, "a write that comes later with an earlier time", "c", write(right, "d"))
	same(t, "a write ahead again", "e", write(ahead, "e"))
}
