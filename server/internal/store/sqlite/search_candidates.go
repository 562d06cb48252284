package sqlite

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/fulltext"
)

// postings are the rows that hold a term, or all terms, or are of the namespaces asked for.
type postings struct {
	rowids []int64 // newest first
	cut    bool    // there are more, older ones
	idf    float64 // of a term: how much it tells of a row that the row holds it
}

// unknown tells whether a row may hold the term although it is not listed.
func (p postings) unknown(rowid int64) bool {
	return p.cut && rowid < p.rowids[len(p.rowids)-1]
}

// matches lists the newest rows that match an expression, at most limit.
func (l *lookup) matches(expression string, limit int) (p postings, err error) {
	const query = "SELECT rowid FROM memories_fts WHERE memories_fts MATCH ? ORDER BY rowid DESC LIMIT ? + 0"
	if p.rowids, err = rowids(l.conn, query, expression, limit+1); err != nil {
		return p, fmt.Errorf("looking for %.80q: %w", expression, err)
	}
	if p.cut = len(p.rowids) > limit; p.cut {
		p.rowids = p.rowids[:limit]
	}
	l.work.postings += len(p.rowids)
	return p, nil
}

func rowids(conn *connection, query string, args ...any) (found []int64, err error) {
	err = run(conn, query, func(stmt *sqlite.Stmt) error {
		found = append(found, stmt.ColumnInt64(0))
		return nil
	}, args...)
	return found, err
}

// lists returns the postings of the terms. Doubtful terms that no row holds are dropped from the
// terms.
func (l *lookup) lists(b bounds) ([]postings, error) {
	limit := min(b.postings, max(minPostings, b.all/len(l.terms)))
	var (
		lists []postings
		kept  []fulltext.Term
	)
	for _, t := range l.terms {
		p, err := l.matches(t.Match(), limit)
		if err != nil {
			return nil, err
		}
		if t.Doubtful && len(p.rowids) == 0 {
			continue
		}
		p.idf = l.corpus.idf(p)
		lists, kept = append(lists, p), append(kept, t)
	}
	l.terms = kept
	return lists, nil
}

// idf is that of FTS5's bm25, of the number of rows that hold a term. Where that was not counted
// to the end, it is taken to be as dense among the older rows as among those looked at.
func (c corpus) idf(p postings) float64 {
	hits := float64(len(p.rowids))
	if p.cut {
		seen := c.newest - float64(p.rowids[len(p.rowids)-1]) + 1
		hits = min(c.rows, hits*c.newest/max(seen, 1))
	}
	return max(bm25MinIDF, math.Log((c.rows-hits+0.5)/(hits+0.5)))
}

// candidate is a row that may be among the best.
type candidate struct {
	rowid int64
	held  uint64  // bit by bit the terms it is known to hold
	bound float64 // no match of it can be better
}

// inNamespace is the bit of held for rows of the namespaces asked for.
const inNamespace = 1 << fulltext.MaxTerms

// candidates are rows to be looked at, the most promising first.
type candidates struct {
	rows  []candidate
	whole bool // no row that matches is missing
}

// candidates brings together what the postings of the terms say.
func (l *lookup) candidates(terms []postings, b bounds) (candidates, error) {
	sources, c := terms, candidates{whole: !slices.ContainsFunc(terms, func(p postings) bool { return p.cut })}
	all := uint64(1)<<len(terms) - 1
	bits := func(source int) uint64 { return 1 << source }
	if !l.q.Recall {
		both := terms[0]
		if len(terms) > 1 {
			var err error
			if both, err = l.matches(fulltext.All(l.terms), b.postings); err != nil {
				return c, err
			}
		}
		sources, c.whole = []postings{both}, !both.cut
		bits = func(int) uint64 { return all }
	}
	within, known, err := l.within(b)
	if err != nil {
		return c, err
	}
	if within != nil {
		c.whole = c.whole || known
		sources = append(slices.Clip(sources), postings{rowids: within})
	}
	merge(sources, func(rowid int64, from []int) {
		row := candidate{rowid: rowid}
		for _, source := range from {
			if within != nil && source == len(sources)-1 {
				row.held |= inNamespace
				continue
			}
			row.held |= bits(source)
		}
		if known && row.held&inNamespace == 0 {
			return
		}
		if row.bound = l.bound(row, terms, sources[0]); row.bound > 0 {
			c.rows = append(c.rows, row)
		}
	})
	slices.SortStableFunc(c.rows, func(a, b candidate) int { return cmp.Compare(b.bound, a.bound) })
	return c, nil
}

// bound is what the match of a row cannot exceed; 0 when it certainly does not match. First is
// the list of the rows that hold all terms, where all are asked for.
func (l *lookup) bound(row candidate, terms []postings, first postings) (bound float64) {
	for i, p := range terms {
		may := row.held&(1<<i) != 0
		if l.q.Recall {
			may = may || p.unknown(row.rowid)
		} else if may = may || first.unknown(row.rowid); !may {
			return 0
		}
		if may {
			bound += p.idf * (bm25K1 + 1)
		}
	}
	return bound
}

// within lists rows of the namespaces asked for, newest first; those of high priority, then those
// lately updated, when they are too many. Known tells that they are all there are. Nil: all
// namespaces count.
func (l *lookup) within(b bounds) (found []int64, known bool, err error) {
	const query = "SELECT rowid FROM memories WHERE namespace = ? ORDER BY priority DESC, updated_ns DESC LIMIT ? + 0"
	names := namespaces(l.q)
	if names == nil {
		return nil, false, nil
	}
	found = []int64{}
	for _, name := range names {
		more, err := rowids(l.conn, query, name, b.whole+1-len(found))
		if err != nil {
			return nil, false, fmt.Errorf("listing a namespace: %w", err)
		}
		if found = append(found, more...); len(found) > b.whole {
			break
		}
	}
	known = len(found) <= b.whole
	slices.SortFunc(found, func(a, b int64) int { return cmp.Compare(b, a) })
	return found, known, nil
}

// merge calls a function for each row of several lists, newest first, with the numbers of the
// lists that have it.
func merge(sources []postings, each func(rowid int64, from []int)) {
	next := make([]int, len(sources))
	from := make([]int, 0, len(sources))
	for {
		newest := int64(math.MinInt64)
		from = from[:0]
		for i, p := range sources {
			if next[i] == len(p.rowids) {
				continue
			}
			switch rowid := p.rowids[next[i]]; {
			case rowid > newest:
				newest, from = rowid, append(from[:0], i)
			case rowid == newest:
				from = append(from, i)
			}
		}
		if len(from) == 0 {
			return
		}
		for _, i := range from {
			next[i]++
		}
		each(newest, from)
	}
}
