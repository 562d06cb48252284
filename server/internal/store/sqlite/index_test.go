package sqlite_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/sqlite"
)

// TestHealthyNoticesALostIndex is defect H31 of the contract.
func TestHealthyNoticesALostIndex(t *testing.T) {
	for name, damage := range map[string]string{
		"emptied":    "INSERT INTO memories_fts (memories_fts) VALUES ('delete-all')",
		"one row":    "INSERT INTO memories_fts (memories_fts, rowid, title, content, tags) SELECT 'delete', rowid, title, content, tags FROM memories",
		"words lost": "DELETE FROM memories_fts_data WHERE id > 10",
		"dropped":    "DROP TABLE memories_fts",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "memory.db")
			s := open(t, path)
			defer closeStore(t, s)
			if _, err := s.Create(t.Context(), fresh(t, "a title")); err != nil {
				t.Fatal(err)
			}
			if err := s.Healthy(t.Context()); err != nil {
				t.Fatalf("before the damage: %v", err)
			}
			script(t, path, damage)
			if err := s.Healthy(t.Context()); !errors.Is(err, store.ErrUnhealthy) {
				t.Errorf("got %v, want ErrUnhealthy", err)
			}
		})
	}
}

// TestIndexFollowsRows lets SQLite compare the full-text index with the rows after all kinds of
// change.
func TestIndexFollowsRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.db")
	s := open(t, path)
	defer closeStore(t, s)
	for i := range 40 {
		m := fresh(t, fmt.Sprint("title ", i%7))
		m.Content, m.Tags = fmt.Sprintf("content %d of many", i%3), []string{fmt.Sprint("tag", i%2)}
		var err error
		if i%3 == 0 {
			_, err = s.Create(t.Context(), m)
		} else {
			label := store.Event{Origin: "far", Seq: int64(i)}
			_, err = s.Merge(t.Context(), store.Batch{Changes: []store.Change{{Memory: m, Event: label}}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// With rank 1 it also compares with the rows, and fails where they differ.
	script(t, path, "INSERT INTO memories_fts (memories_fts, rank) VALUES ('integrity-check', 1)")
	if bad := query(t, path, "PRAGMA integrity_check"); len(bad) != 1 || bad[0] != "ok" {
		t.Errorf("integrity check: %v", bad)
	}
}

// commits counts the transactions in a write-ahead log that was not yet started over.
func commits(t *testing.T, path string) (n int) {
	t.Helper()
	log, err := os.ReadFile(path + "-wal") //nolint:gosec // the test's own
	if err != nil {
		t.Fatal(err)
	}
	const header, frameHeader = 32, 24
	if len(log) < header { // nothing was written yet
		return 0
	}
	page := int(binary.BigEndian.Uint32(log[8:]))
	for at := header; at+frameHeader+page <= len(log); at += frameHeader + page {
		if binary.BigEndian.Uint32(log[at+4:]) != 0 { // the size of the database: set in the last frame of a commit
			n++
		}
	}
	return n
}

func TestWritesShareTransactions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.db")
	s := open(t, path)
	defer closeStore(t, s)
	before := commits(t, path)
	const writers, each = 64, 4
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				if _, err := s.Create(t.Context(), fresh(t, fmt.Sprintf("%d-%d", w, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	n := commits(t, path) - before
	t.Logf("%d writes in %d transactions", writers*each, n)
	if n < 1 || n > writers*each/4 {
		t.Errorf("%d writes took %d transactions", writers*each, n)
	}
}

// TestSimilarIsBounded compares what a look-up costs among few and among many rows that share
// the title's words: a look-up that ranked them all would cost sixteen times as much. A store
// that was just opened tells it from the database, one that wrote the rows from memory.
func TestSimilarIsBounded(t *testing.T) {
	cost := func(rows int, reopened bool) time.Duration {
		path := filepath.Join(t.TempDir(), "memory.db")
		s := open(t, path)
		defer func() { closeStore(t, s) }()
		b := store.Batch{}
		for i := range rows {
			m := fresh(t, fmt.Sprintf("chaos write number %d", i))
			m.Content = "chaos write number"
			b.Changes = append(b.Changes, store.Change{Memory: m, Event: store.Event{Origin: "far", Seq: int64(i + 1)}})
		}
		if merged, err := s.Merge(t.Context(), b); err != nil || merged.Changed != rows {
			t.Fatal(merged.Changed, err)
		}
		if reopened {
			closeStore(t, s)
			s = open(t, path)
		}
		least := time.Hour
		for range 30 {
			begin := time.Now()
			ids, err := s.Similar(t.Context(), "bench", "Chaos write NUMBER x")
			least = min(least, time.Since(begin))
			if err != nil || len(ids) != 5 {
				t.Fatalf("got %v, %v, want 5 ids", ids, err)
			}
		}
		return least
	}
	for _, reopened := range []bool{true, false} {
		few, many := cost(500, reopened), cost(8_000, reopened)
		t.Logf("reopened %v: least of 30: %v among 500 alike, %v among 8000", reopened, few, many)
		if many > 5*few {
			t.Errorf("reopened %v: %v among 500 rows alike, %v among 8000: it grows with them", reopened, few, many)
		}
	}
}

// TestNowDecidesWhatIsExpired also covers expiries beyond what nanoseconds can say.
func TestNowDecidesWhatIsExpired(t *testing.T) {
	now := time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "memory.db"), sqlite.Options{
		Now: func() time.Time { return now.AddDate(-100, 0, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, s)
	for title, expires := range map[string]time.Time{
		"past": now.AddDate(-101, 0, 0), "open": now.AddDate(-99, 0, 0), "far": now.AddDate(1000, 0, 0),
	} {
		m, text := fresh(t, title), memory.FormatTime(expires)
		m.ExpiresAt = &text
		if _, err := s.Create(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := s.List(t.Context(), store.Query{Limit: 9})
	if err != nil || len(rows) != 2 {
		t.Errorf("%d rows, %v, want 2", len(rows), err)
	}
}
