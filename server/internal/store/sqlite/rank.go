package sqlite

import (
	"cmp"
	"math"
	"slices"
)

// The constants of FTS5's bm25 (https://sqlite.org/fts5.html, the bm25() function).
const (
	bm25K1     float64 = 1.2
	bm25B      float64 = 0.75
	bm25MinIDF float64 = 1e-6 // of a word that half of the rows hold
)

// best ranks all rows that hold one of the words as FTS5 does, and returns the first ids of a
// namespace. The index must be whole.
func (x *recent) best(found []*recentRow, namespace string, sought []string) []string {
	rows := float64(len(x.rows) - x.gone)
	idf := make([]float64, len(sought))
	for i, word := range sought {
		hits := float64(len(x.postings[word]))
		idf[i] = math.Log((rows - hits + 0.5) / (hits + 0.5))
		if idf[i] <= 0 {
			idf[i] = bm25MinIDF
		}
	}
	average := float64(x.tokens) / rows
	type candidate struct {
		*recentRow
		score float64
	}
	var ranked []candidate
	for _, r := range found {
		if r.namespace != namespace {
			continue
		}
		c := candidate{recentRow: r}
		for i, word := range sought {
			count := float64(r.counts[word])
			norm := bm25K1 * (1 - bm25B + bm25B*float64(r.tokens)/average)
			c.score += idf[i] * (count * (bm25K1 + 1) / (count + norm))
		}
		ranked = append(ranked, c)
	}
	slices.SortFunc(ranked, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.rowid, b.rowid))
	})
	var ids []string
	for _, c := range ranked[:min(len(ranked), maxSimilar)] {
		ids = append(ids, c.id)
	}
	return ids
}
