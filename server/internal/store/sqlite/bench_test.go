package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store/sqlite"
)

// fresh is a valid memory nobody has stored.
func fresh(tb testing.TB, title string) memory.Memory {
	tb.Helper()
	now := memory.FormatTime(time.Now())
	expires := memory.FormatTime(time.Now().Add(7 * 24 * time.Hour))
	return memory.Memory{
		ID: memory.NewID(), Tier: memory.Mid, Namespace: "bench", Title: title, Tags: []string{"a", "b"},
		Content:  "a memory of some length, so that a row weighs what rows weigh: " + title,
		Priority: 5, Confidence: 1, Source: memory.SourceChaos, CreatedAt: now, UpdatedAt: now,
		ExpiresAt: &expires, Metadata: []byte(`{"agent_id":"bench"}`),
	}
}

func BenchmarkCreate(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "memory.db"), sqlite.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close() //nolint:errcheck // a benchmark
			var left atomic.Int64
			left.Store(int64(b.N))
			done := make(chan error, writers)
			b.ResetTimer()
			for range writers {
				go func() {
					for n := left.Add(-1); n >= 0; n = left.Add(-1) {
						if _, err := s.Create(context.Background(), fresh(b, fmt.Sprintf("write %d", n))); err != nil {
							done <- err
							return
						}
					}
					done <- nil
				}()
			}
			for range writers {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
		})
	}
}

func BenchmarkOpenFresh(b *testing.B) {
	dir := b.TempDir()
	for i := range b.N {
		s, err := sqlite.Open(b.Context(), filepath.Join(dir, fmt.Sprintf("%d.db", i)), sqlite.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkSimilar(b *testing.B) {
	for _, rows := range []int{10, 30, 100, 1000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "memory.db"), sqlite.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close() //nolint:errcheck // a benchmark
			for i := range rows {
				if _, err := s.Create(b.Context(), fresh(b, fmt.Sprintf("c1-w%d", i))); err != nil {
					b.Fatal(err)
				}
			}
			b.ResetTimer()
			for i := range b.N {
				if _, err := s.Similar(b.Context(), "bench", fmt.Sprintf("c1-w%d", rows+i)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
