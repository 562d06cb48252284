package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/fulltext"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// bounds are those of a search: to rank every row that holds a common word would take far too
// long. One whose conditions leave it with fewer rows than asked for by the quick bounds is done
// again by the patient ones.
type bounds struct {
	postings int // matches of one term looked at, the newest
	all      int // matches of all terms looked at, about
	lookups  int // rows whose conditions are checked
	whole    int // with no more rows to look at than this, all are read;
	read     int // of more, these
}

func quick() bounds {
	return bounds{postings: 2048, all: 8192, lookups: 2048, whole: 768, read: 512}
}

func patient() bounds {
	return bounds{postings: 65_536, all: 262_144, lookups: 65_536, whole: 8192, read: 4096}
}

// minPostings is how many matches of a term are looked at, at least, however many terms there are.
const minPostings = 256

// Search returns the rows that fit a query best. See docs/search.md for what it looks at.
func (s *Store) Search(ctx context.Context, q store.SearchQuery) (found []store.Found, err error) {
	terms := fulltext.Parse(q.Text)
	if len(terms) == 0 || q.Limit <= 0 {
		return nil, nil
	}
	err = s.readers.read(ctx, func(conn *connection) error {
		l := newLookup(conn, q, terms, s.now())
		found, err = l.search()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("searching memories: %w", err)
	}
	return found, nil
}

// lookup is a search under way, within one snapshot.
type lookup struct {
	conn   *connection
	q      store.SearchQuery
	now    time.Time
	terms  []fulltext.Term
	filter *filter
	corpus corpus
	work   work
}

// work is what a search came to.
type work struct{ postings, lookups, read int }

func newLookup(conn *connection, q store.SearchQuery, terms []fulltext.Term, now time.Time) *lookup {
	return &lookup{conn: conn, q: q, now: now, terms: terms, filter: newSearchFilter(q, now.UnixNano())}
}

func (l *lookup) search() (found []store.Found, err error) {
	if l.corpus, err = readCorpus(l.conn); err != nil || l.corpus.rows == 0 {
		return nil, err
	}
	hits, whole, err := l.look(quick())
	if err == nil && !whole && len(hits) < l.q.Limit {
		hits, _, err = l.look(patient())
	}
	if err != nil {
		return nil, err
	}
	return l.best(hits)
}

// look finds rows within bounds. The hits are in storage order; whole tells that no others are
// among those that fit best.
func (l *lookup) look(b bounds) (hits []hit, whole bool, err error) {
	lists, err := l.lists(b)
	if err != nil || len(l.terms) == 0 {
		return nil, true, err
	}
	c, err := l.candidates(lists, b)
	if err != nil {
		return nil, false, err
	}
	r := newReading(l, lists, b)
	if whole, err = r.read(c.rows); err != nil {
		return nil, false, err
	}
	slices.SortFunc(r.hits, func(a, b hit) int { return cmp.Compare(a.rowid, b.rowid) })
	return r.hits, whole && c.whole, nil
}

// best returns the first rows by memory.Rank.
func (l *lookup) best(hits []hit) ([]store.Found, error) {
	standings := make([]memory.Standing, len(hits))
	for i, h := range hits {
		standings[i] = h.Standing
	}
	ranked := memory.Rank(standings, l.q.Limit)
	found := make([]store.Found, 0, len(ranked))
	for _, r := range ranked {
		const one = "SELECT " + columns + " FROM memories WHERE rowid = ?"
		full, err := rows(l.conn, one, hits[r.Index].rowid)
		if err != nil {
			return nil, err
		}
		for _, f := range full { // one, as all is of one snapshot
			found = append(found, store.Found{Memory: f.Memory, Score: r.Score})
		}
	}
	return found, nil
}

// corpus is how much text there is.
type corpus struct {
	rows, tokens float64
	newest       float64 // the greatest rowid
}

// readCorpus reads what the full-text index knows of all rows: its record of averages, which is
// the number of rows and those of words by column, as SQLite writes integers of variable length.
func readCorpus(conn *connection) (c corpus, err error) {
	err = run(conn, "SELECT block, (SELECT max(rowid) FROM memories) FROM memories_fts_data WHERE id = 1", func(stmt *sqlite.Stmt) error {
		block := make([]byte, stmt.ColumnLen(0))
		stmt.ColumnBytes(0, block)
		c.newest = stmt.ColumnFloat(1)
		n, rest := varint(block)
		c.rows, c.tokens = float64(n), float64(sum(rest))
		return nil
	})
	if err != nil {
		return corpus{}, fmt.Errorf("reading how much text there is: %w", err)
	}
	return c, nil
}

// sum adds up the integers of a record.
func sum(record []byte) (total uint64) {
	for len(record) > 0 {
		var n uint64
		n, record = varint(record)
		total += n
	}
	return total
}

// varint reads an integer of variable length (https://sqlite.org/fileformat2.html#varint) and
// returns what is behind it. Of a record that ends too soon it reads what there is.
func varint(record []byte) (n uint64, rest []byte) {
	for i, b := range record {
		if i == 8 {
			return n<<8 | uint64(b), record[9:]
		}
		n = n<<7 | uint64(b&0x7f)
		if b < 0x80 {
			return n, record[i+1:]
		}
	}
	return n, nil
}
