package sqlite

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/fulltext"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/storetest"
)

// searched is a store of rows whose texts a function makes, in three namespaces.
func searched(t *testing.T, n int, text func(i int) (title, content string)) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "memory.db"), Options{
		Now: func() time.Time { return time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC) }, // the same for all scores
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var b store.Batch
	for i := range n {
		title, content := text(i)
		at := memory.FormatTime(begin.Add(time.Duration(i) * time.Minute))
		m := memory.Memory{
			ID: fmt.Sprint("id-", i), Tier: memory.Long, Namespace: fmt.Sprint("n", i%3), Title: title, Content: content,
			Tags: []string{"tag"}, Priority: 1 + int32(i%10), Confidence: 1, Source: memory.SourceAPI, //nolint:gosec // small
			Metadata: []byte("{}"), CreatedAt: at, UpdatedAt: at,
		}
		b.Changes = append(b.Changes, store.Change{Memory: m, Event: store.Event{Origin: "far", Seq: int64(i + 1)}})
	}
	merged, err := s.Merge(t.Context(), b)
	if err != nil || merged.Changed != n {
		t.Fatal(merged.Changed, err)
	}
	return s
}

// looking calls a function with a search under way.
func looking(t *testing.T, s *Store, q store.SearchQuery, do func(*lookup) error) {
	t.Helper()
	err := s.readers.read(t.Context(), func(conn *connection) (err error) {
		l := newLookup(conn, q, fulltext.Parse(q.Text), s.now())
		if l.corpus, err = readCorpus(conn); err != nil {
			return err
		}
		return do(l)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// zipf returns a source of words of which some are much more common than others.
func zipf(seed uint64, words uint64) func(n int) string {
	r := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // it must be the same each time
	z := rand.NewZipf(r, 1.1, 2, words-1)
	return func(n int) string {
		var text strings.Builder
		for range 1 + r.IntN(n) {
			fmt.Fprintf(&text, "w%d ", z.Uint64())
		}
		return text.String()
	}
}

// TestMatchIsThatOfFTS5 compares how well rows match with what FTS5 says.
func TestMatchIsThatOfFTS5(t *testing.T) {
	for seed := range uint64(2) {
		text := zipf(seed+1, 40)
		s := searched(t, 300, func(i int) (string, string) { return fmt.Sprint(text(4), i), text(60) })
		if _, err := storetest.Delete(t.Context(), s, "id-7", time.Now()); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			q := store.SearchQuery{Text: text(5), Recall: true, Query: store.Query{Limit: 1000}}
			looking(t, s, q, func(l *lookup) error {
				hits, whole, err := l.look(quick())
				if err != nil || !whole {
					t.Fatal(whole, err)
				}
				got, want := map[int64]float64{}, map[int64]float64{}
				for _, h := range hits {
					got[h.rowid] = h.Match
				}
				err = run(l.conn, "SELECT rowid, -rank FROM memories_fts WHERE memories_fts MATCH ?", func(stmt *sqlite.Stmt) error {
					want[stmt.ColumnInt64(0)] = stmt.ColumnFloat(1)
					return nil
				}, fulltext.Any(l.terms))
				if len(got) != len(want) {
					t.Errorf("%q: %d rows match, want %d", q.Text, len(got), len(want))
				}
				for rowid, match := range want {
					if math.Abs(got[rowid]-match) > 1e-9*match {
						t.Errorf("%q: row %d matches by %v, want %v", q.Text, rowid, got[rowid], match)
					}
				}
				return err
			})
		}
	}
}

// TestNothingBetterIsLeftOut asks for few of many: what was not read has no place among them.
func TestNothingBetterIsLeftOut(t *testing.T) {
	text := zipf(9, 60)
	s := searched(t, 600, func(i int) (string, string) { return fmt.Sprint(text(4), i), text(30) })
	spared := 0
	for i := range 30 {
		q := store.SearchQuery{Text: text(6), Recall: i%2 == 0, Query: store.Query{Limit: 1000}}
		all, err := s.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		q.Limit = 1 + i%20
		few, err := s.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all[:min(len(all), q.Limit)], few); diff != "" {
			t.Errorf("%q: the first %d (-of all +got):\n%s", q.Text, q.Limit, diff)
		}
		looking(t, s, q, func(l *lookup) error {
			_, _, err := l.look(quick())
			spared += len(all) - min(len(all), l.work.read)
			return err
		})
	}
	if spared == 0 {
		t.Error("every search read all rows that match: none was cut short")
	}
}

// TestWorkIsBounded has words that thousands of rows hold: what a search looks at does not grow
// with them.
func TestWorkIsBounded(t *testing.T) {
	const n = 5000
	s := searched(t, n, func(i int) (string, string) {
		return fmt.Sprint("row ", i), fmt.Sprintf("all of them hold these common words w%d", i%2500)
	})
	for name, q := range map[string]store.SearchQuery{
		"recall of one word":    {Text: "common", Recall: true},
		"recall of six":         {Text: "all of them hold these common", Recall: true},
		"recall of 32":          {Text: "all of them hold these common words tag row " + strings.Join(strings.Fields(fmt.Sprint(rand.Perm(30))), " w"), Recall: true},
		"recall in a namespace": {Text: "common words", Recall: true, Query: store.Query{Namespace: new("n1")}},
		"search of one word":    {Text: "common"},
		"search of two":         {Text: "common words", Query: store.Query{Namespace: new("n2")}},
	} {
		q.Limit = 10
		looking(t, s, q, func(l *lookup) error {
			hits, _, err := l.look(quick())
			b := quick()
			t.Logf("%s: %+v, %d hits", name, l.work, len(hits))
			if err != nil || len(hits) < q.Limit {
				t.Errorf("%s: %d hits (%v)", name, len(hits), err)
			}
			if w := l.work; w.postings > b.all+b.postings || w.lookups > b.lookups || w.read > b.read {
				t.Errorf("%s: looked at %+v, more than %+v", name, w, b)
			}
			if l.work.postings >= n*len(l.terms) {
				t.Errorf("%s: looked at every row", name)
			}
			return nil
		})
	}
}

// TestPatience asks for what only a few old rows have, by a word that all have.
func TestPatience(t *testing.T) {
	s := searched(t, 3500, func(i int) (string, string) {
		if i == 5 {
			return "row 5", "common, and marked"
		}
		return fmt.Sprint("row ", i), "common"
	})
	q := store.SearchQuery{Text: "common", Query: store.Query{Limit: 3, Until: new("2026-01-01T00:01:00Z")}}
	for _, q.Recall = range []bool{true, false} {
		looking(t, s, q, func(l *lookup) error {
			if hits, whole, err := l.look(quick()); whole || len(hits) != 0 || err != nil {
				t.Errorf("recall %v: a quick look found %d (%v), whole %v: the test is too small", q.Recall, len(hits), err, whole)
			}
			return nil
		})
		found, err := s.Search(t.Context(), q)
		if err != nil || len(found) != 2 {
			t.Errorf("recall %v: %d rows, want 2 (%v)", q.Recall, len(found), err)
		}
	}
	q = store.SearchQuery{Text: "common marked", Query: store.Query{Limit: 3}}
	if found, err := s.Search(t.Context(), q); err != nil || len(found) != 1 || found[0].ID != "id-5" {
		t.Errorf("both words: %v (%v)", found, err)
	}
}

func TestVarint(t *testing.T) {
	for _, test := range []struct {
		record string
		want   uint64
		rest   int
	}{
		{"\x05", 5, 0},
		{"\x81\x00x", 128, 1},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xffyz", math.MaxUint64, 2},
		{"", 0, 0},
		{"\x81", 1, 0},
	} {
		if got, rest := varint([]byte(test.record)); got != test.want || len(rest) != test.rest {
			t.Errorf("%q: %d and %d bytes, want %d and %d", test.record, got, len(rest), test.want, test.rest)
		}
	}
}

// TestRecordOfAverages reads what FTS5 keeps.
func TestRecordOfAverages(t *testing.T) {
	s := searched(t, 4, func(i int) (string, string) { return fmt.Sprint("a title ", i), "two words" })
	looking(t, s, store.SearchQuery{}, func(l *lookup) error {
		if diff := cmp.Diff([]float64{4, 4 * 6, 4}, []float64{l.corpus.rows, l.corpus.tokens, l.corpus.newest}); diff != "" {
			t.Errorf("rows, words, newest (-want +got):\n%s", diff)
		}
		return nil
	})
}
