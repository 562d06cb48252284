package sqlite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/storetest"
)

// opened is a store in a new file, of some rows' titles, which the test's end closes.
func opened(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
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

// text is a few words of a vocabulary.
func text(r *rand.Rand, vocabulary []string, most int) string {
	words := make([]string, 1+r.IntN(most))
	for i := range words {
		words[i] = vocabulary[r.IntN(len(vocabulary))]
	}
	return strings.Join(words, []string{" ", "-", "_", " — "}[r.IntN(4)])
}

// write stores a row, as a client or as another node.
func write(t *testing.T, s *Store, m memory.Memory, from string, seq int64) {
	t.Helper()
	var err error
	if from == "" {
		_, err = s.Create(t.Context(), m)
	} else {
		_, err = s.Merge(t.Context(), store.Batch{Changes: []store.Change{{Memory: m, Event: store.Event{Origin: from, Seq: seq}}}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// row is a valid memory; n makes its id and its time.
func newRow(n int, title, content string) memory.Memory {
	at := fmt.Sprintf("2026-01-01T00:00:00.%09d+00:00", n)
	return memory.Memory{
		ID: fmt.Sprint("id-", n), Title: title, Content: content, Namespace: "n", Tier: memory.Long, Source: memory.SourceChaos,
		Tags: []string{}, Priority: 5, Confidence: 1, Metadata: []byte("{}"), CreatedAt: at, UpdatedAt: at,
	}
}

// TestRecentAgrees compares what is told from memory with what the database's index says, after
// each of many writes: few and many matches, rows written over, rows of other nodes and words
// that only the database's index knows how to cut.
func TestRecentAgrees(t *testing.T) {
	common := strings.Fields("port is 80 Server the a1 of cache")
	rare := strings.Fields("Alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi")
	for name, test := range map[string]struct {
		vocabulary []string
		fromMemory int // of 300 answers at least so many
	}{
		"many words": {func() (all []string) {
			for i := range 200 {
				all = append(all, fmt.Sprint(rare[i%len(rare)], i))
			}
			return all
		}(), 300},
		"common words":   {append(common, rare...), 300},
		"beyond ASCII":   {append([]string{"Café", "naïve", "Ärger"}, append(common, rare...)...), 0},
		"two words only": {[]string{"chaos", "write"}, 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test wants to be the same each time
			s := opened(t, filepath.Join(t.TempDir(), "memory.db"))
			told := 0
			for n := range 300 {
				m := newRow(n, text(r, test.vocabulary, 4), text(r, test.vocabulary, 9))
				m.Namespace = []string{"n", "n", "other"}[r.IntN(3)]
				if r.IntN(3) == 0 {
					m.Tags = []string{text(r, test.vocabulary, 2), "<tag>"}
				}
				write(t, s, m, []string{"", "far"}[r.IntN(2)], int64(n+1))
				if r.IntN(6) == 0 {
					changeOne(t, s, r, n)
				}
				if r.IntN(6) == 0 { // the number of the newest row is given to the next
					if _, err := storetest.Delete(t.Context(), s, m.ID, time.Now()); err != nil && !errors.Is(err, store.ErrNotFound) {
						t.Fatal(err)
					}
				}

				sought := words(text(r, test.vocabulary, 5))
				want, err := s.similar(t.Context(), "n", sought)
				if err != nil {
					t.Fatal(err)
				}
				got, ok := s.recent.similar("n", sought)
				if !ok {
					continue
				}
				told++
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("after %d writes, %q (-database +memory):\n%s", n+1, sought, diff)
				}
			}
			if told < test.fromMemory {
				t.Errorf("%d answers from memory, want %d", told, test.fromMemory)
			}
		})
	}
}

// TestRecentIsBounded writes more than it may hold: the newest matches are told from memory all
// the same, and what may be in the older rows is not.
func TestRecentIsBounded(t *testing.T) {
	t.Parallel()
	x := newRecent(0)
	const rows, words = 300, 20_000
	content := strings.Repeat("w ", words/2)
	for n := range rows {
		r := row{rowid: int64(n + 1), tags: "[]"}
		r.Memory = newRow(n, fmt.Sprintf("common only%d", n), content)
		x.put([]written{{row: r}})
		if n%50 == 0 { // some are cut before they are dropped, some are not
			x.similar("n", []string{"common"})
		}
	}
	if x.size > maxRecent || len(x.rows) < maxRecent/words/2 {
		t.Errorf("%d bytes in %d rows, want as many as fit in %d", x.size, len(x.rows), maxRecent)
	}
	var want []string
	for n := range maxSimilar {
		want = append(want, fmt.Sprint("id-", rows-1-n))
	}
	got, ok := x.similar("n", []string{"common"})
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("newest matches (-want +got): %v\n%s", ok, diff)
	}
	for _, word := range []string{"only0", fmt.Sprint("only", rows-1), "nowhere"} {
		if ids, ok := x.similar("n", []string{word}); ok {
			t.Errorf("%s: %v is told although older rows are not held", word, ids)
		}
	}
	if n := len(x.postings); n != len(x.rows)+2 {
		t.Errorf("%d words are listed for %d rows", n, len(x.rows))
	}
}

// TestMemoryIsNoTruth opens one file twice: what one process keeps in memory must not hide what
// the other writes.
func TestMemoryIsNoTruth(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "memory.db")
	a, b := opened(t, path), opened(t, path)
	write(t, a, newRow(1, "one", "c"), "", 0)
	write(t, b, newRow(2, "two", "c"), "", 0)
	write(t, a, newRow(3, "three", "c"), "", 0)
	for title, want := range map[string][]string{"two": {"id-2"}, "three": {"id-3"}, "one": {"id-1"}} {
		got, err := a.Similar(t.Context(), "n", title)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", title, err, diff)
		}
	}
	changes, upto, err := a.Own(t.Context(), 0, 9)
	if err != nil || len(changes) != 3 || upto != 3 {
		t.Errorf("own events: %d up to %d, %v, want 3 up to 3", len(changes), upto, err)
	}
}
