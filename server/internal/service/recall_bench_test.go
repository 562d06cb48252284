package service_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"chaosctl/server/internal/fulltext"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
	"chaosctl/server/internal/store"
	sqlitestore "chaosctl/server/internal/store/sqlite"
)

// writing makes texts as people write them: of some words much more than of others.
type writing struct {
	*rand.Rand
	words *rand.Zipf
}

func newWriting(seed uint64) writing {
	r := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // it must be the same each time
	return writing{r, rand.NewZipf(r, 1.07, 2.7, 30_000)}
}

// text returns at least so many bytes of words.
func (w writing) text(size int) string {
	var text strings.Builder
	for text.Len() < size {
		fmt.Fprintf(&text, "w%d ", w.words.Uint64())
	}
	return text.String()
}

// query returns 1 to 6 words, common and rare as they come.
func (w writing) query() string {
	words := make([]string, 1+w.IntN(6))
	for i := range words {
		words[i] = fmt.Sprintf("w%d", w.words.Uint64())
	}
	return strings.Join(words, " ")
}

// namespace returns one of 150, flat or up to three deep, some of them much larger than others.
func (w writing) namespace() string {
	n := int(50 * w.Float64() * w.Float64())
	switch w.IntN(3) {
	case 0:
		return fmt.Sprintf("flat-%d", n)
	case 1:
		return fmt.Sprintf("org/team-%d", n)
	default:
		return fmt.Sprintf("org/team-%d/agent", n)
	}
}

const (
	benchRows = 100_000
	compared  = 200 // queries that FTS5 is asked as well
)

// filled returns a store of benchRows rows, of the last 70 days.
func filled(b *testing.B, path string) *sqlitestore.Store {
	b.Helper()
	s, err := sqlitestore.Open(b.Context(), path, sqlitestore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	w := newWriting(1)
	for i := 0; i < benchRows; i += 1000 {
		var batch store.Batch
		for j := i; j < i+1000; j++ {
			at := memory.FormatTime(time.Now().Add(time.Duration(j-benchRows) * time.Minute))
			m := memory.Memory{
				ID: fmt.Sprintf("id-%06d", j), Tier: memory.Tiers()[w.IntN(3)], Namespace: w.namespace(),
				Title: fmt.Sprint(w.text(10), j), Content: w.text(200 + w.IntN(300)), Tags: []string{"bench"},
				Priority: 1 + w.Int32N(10), Confidence: w.Float64(), Source: memory.SourceAPI,
				Metadata: []byte(`{"agent_id":"bench"}`), CreatedAt: at, UpdatedAt: at,
			}
			batch.Changes = append(batch.Changes, store.Change{Memory: m, Event: store.Event{Origin: "far", Seq: int64(j + 1)}})
		}
		if _, err := s.Merge(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// times are how long the calls of one kind took.
type times []time.Duration

func (t times) at(percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(t))
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)]
}

// BenchmarkRecall recalls among 100,000 memories, touches included, and compares with FTS5's own
// ranking of all rows that match. To judge its percentiles, run it for hundreds of recalls:
// go test ./server/internal/service -run - -bench Recall -benchtime 500x
func BenchmarkRecall(b *testing.B) {
	path := filepath.Join(b.TempDir(), "memory.db")
	s := filled(b, path)
	recaller := service.New(s, memory.NewClock(time.Now), nil, service.DefaultOptions(), quiet)
	plain, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close()
	for _, kind := range []string{"everywhere", "namespaces"} {
		b.Run(kind, func(b *testing.B) {
			w := newWriting(2)
			var (
				ours, theirs times
				asked        []service.SearchQuery
			)
			for b.Loop() {
				q := service.SearchQuery{Text: w.query(), Query: service.Query{Limit: service.DefaultRecallLimit}}
				if kind == "namespaces" {
					q.Namespace = new(w.namespace())
				}
				began := time.Now()
				if _, err := recaller.Recall(b.Context(), q, nil); err != nil {
					b.Fatal(err)
				}
				ours, asked = append(ours, time.Since(began)), append(asked, q)
			}
			for _, q := range asked[max(0, len(asked)-compared):] { // afterwards, as its files would be in the way
				theirs = append(theirs, ranking(b, plain, q))
			}
			b.ReportMetric(float64(ours.at(50))/1e6, "p50-ms")
			b.ReportMetric(float64(ours.at(99))/1e6, "p99-ms")
			b.ReportMetric(float64(theirs.at(50))/1e6, "fts5-p50-ms")
			b.ReportMetric(float64(theirs.at(99))/1e6, "fts5-p99-ms")
			b.ReportMetric(float64(ours.at(99))/float64(theirs.at(99)), "p99-ratio")
		})
	}
}

// ranking has FTS5 rank all rows that match.
func ranking(b *testing.B, conn *sqlite.Conn, q service.SearchQuery) time.Duration {
	b.Helper()
	const query = `SELECT id FROM memories_fts CROSS JOIN memories ON memories.rowid = memories_fts.rowid
		WHERE memories_fts MATCH ? AND (?2 IS NULL OR namespace = ?2) ORDER BY rank LIMIT 10`
	args := []any{fulltext.Any(fulltext.Parse(q.Text)), nil}
	if q.Namespace != nil {
		args[1] = *q.Namespace
	}
	began := time.Now()
	err := sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(*sqlite.Stmt) error { return nil }})
	if err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}
