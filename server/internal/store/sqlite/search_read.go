package sqlite

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/fulltext"
	"chaosctl/server/internal/memory"
)

// perChunk is how many rows one statement reads. After each, those are left out that can no
// longer be among the best.
const perChunk = 256

// hit is a row that matches and satisfies all conditions.
type hit struct {
	memory.Standing
	rowid int64
}

// reading reads candidates, most promising first, until the others cannot be among the best.
type reading struct {
	*lookup
	terms   []postings
	bounds  bounds
	counter *fulltext.Counter
	counts  []int
	text    []byte // of the row under way
	hits    []hit
	best    []float64 // matches, the best first, as many as memory.Rank looks at
}

func newReading(l *lookup, terms []postings, b bounds) *reading {
	return &reading{
		lookup: l, terms: terms, bounds: b,
		counter: fulltext.NewCounter(l.terms), counts: make([]int, len(terms)),
		best: make([]float64, 0, l.q.Limit+memory.MaxPlaces+1),
	}
}

// read reads candidates; false when the bounds kept it from reading all that may be among the
// best.
func (r *reading) read(rows []candidate) (whole bool, err error) {
	most := r.bounds.read
	if len(rows) <= r.bounds.whole {
		most = len(rows)
	}
	for looked, before := 0, r.work.read; len(rows) > 0; {
		if len(r.best) == cap(r.best) && rows[0].bound < r.best[len(r.best)-1] {
			return true, nil
		}
		if looked >= r.bounds.lookups || r.work.read-before >= most {
			return false, nil
		}
		n := min(perChunk, len(rows))
		if err := r.chunk(rows[:n]); err != nil {
			return false, err
		}
		looked += n
		rows = rows[n:]
	}
	return true, nil
}

// chunk reads some rows.
func (r *reading) chunk(rows []candidate) error {
	const query = `SELECT memories.rowid, namespace, title, content, tags, priority, access_count, confidence, tier, updated_ns,
			CASE WHEN ? THEN scope_idx END
		FROM json_each(?) AS wanted CROSS JOIN memories ON memories.rowid = wanted.value WHERE `
	r.work.lookups += len(rows)
	held := make(map[int64]uint64, len(rows))
	ids := make([]byte, 1, 8*len(rows))
	ids[0] = '['
	for i, c := range rows {
		held[c.rowid] = c.held
		if i > 0 {
			ids = append(ids, ',')
		}
		ids = strconv.AppendInt(ids, c.rowid, 10)
	}
	args := append([]any{r.q.AsAgent != nil, string(append(ids, ']'))}, r.filter.args...)
	err := run(r.conn, query+r.filter.String(), func(stmt *sqlite.Stmt) error {
		r.work.read++
		if a := r.q.AsAgent; a == nil || memory.Visible(stmt.ColumnText(10), stmt.ColumnText(1), *a) {
			r.row(stmt, held[stmt.ColumnInt64(0)])
		}
		return nil
	}, args...)
	if err != nil {
		return fmt.Errorf("reading candidates: %w", err)
	}
	return nil
}

// row takes in a row if it matches. It matches where the index has said so or the text shows it.
func (r *reading) row(stmt *sqlite.Stmt, held uint64) {
	clear(r.counts)
	words, matched := 0, 0
	for column := 2; column <= 4; column++ {
		r.text = slices.Grow(r.text[:0], stmt.ColumnLen(column))
		r.text = r.text[:stmt.ColumnBytes(column, r.text[:cap(r.text)])]
		words += r.counter.Count(r.counts, r.text)
	}
	for i := range r.counts {
		if held&(1<<i) != 0 {
			r.counts[i] = max(r.counts[i], 1)
		}
		if r.counts[i] > 0 {
			matched++
		}
	}
	if matched == 0 || !r.q.Recall && matched < len(r.counts) {
		return
	}
	h := hit{rowid: stmt.ColumnInt64(0)}
	h.Match = r.bm25(float64(words))
	updated := time.Unix(0, stmt.ColumnInt64(9))
	h.Points = memory.Points(stmt.ColumnInt32(5), stmt.ColumnInt64(6), stmt.ColumnFloat(7), updated, r.now)
	if r.q.Recall {
		h.Points += memory.TierPoints(memory.Tier(stmt.ColumnText(8)))
	}
	r.hits = append(r.hits, h)
	r.note(h.Match)
}

// bm25 is FTS5's, of the counts of the terms in a row of so many words.
func (r *reading) bm25(words float64) (score float64) {
	norm := bm25K1 * (1 - bm25B + bm25B*words*r.corpus.rows/max(r.corpus.tokens, 1))
	for i, count := range r.counts {
		if count > 0 {
			score += r.terms[i].idf * (float64(count) * (bm25K1 + 1) / (float64(count) + norm))
		}
	}
	return score
}

// note keeps the best matches.
func (r *reading) note(match float64) {
	at, _ := slices.BinarySearchFunc(r.best, match, func(a, b float64) int {
		switch {
		case a >= b:
			return -1
		default:
			return 1
		}
	})
	switch {
	case len(r.best) < cap(r.best):
		r.best = slices.Insert(r.best, at, match)
	case at < len(r.best):
		copy(r.best[at+1:], r.best[at:])
		r.best[at] = match
	}
}
