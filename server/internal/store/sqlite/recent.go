package sqlite

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const (
	maxRecent = 2 << 20 // bytes of text that a recent index holds, where
	perRow    = 256     // each row counts for so many more
)

// recent is a full-text index in memory of the newest rows. To ask the one in the database costs
// more than to write a row, as FTS5 reads its structure anew after each commit. The newest
// matches are the same in both, and so is their rank while this one holds every row.
//
// Rows are cut into words when a question comes: a node that only receives pays nothing. Only
// what both indexes certainly cut alike counts: a row with letters or digits beyond ASCII is not
// held, nor is any row before it. When another process has written into the file it begins anew.
type recent struct {
	mu    sync.Mutex
	whole bool         // rows are all there are
	first int64        // the rowid of rows[0]
	rows  []*recentRow // without a gap between their rowids
	gone  int          // so many of rows were deleted, and stand for nothing
	size  int          // of rows, as maxRecent counts

	cut      int                     // so many rows are cut into words
	postings map[string][]*recentRow // those that hold a word, oldest first
	tokens   int                     // of those that are cut
}

// recentRow is a row of a recent index.
type recentRow struct {
	match
	rowid  int64
	gone   bool           // there is no such row any more; it has no text
	text   [3]string      // the indexed columns
	counts map[string]int // how often it holds a word; nil until it is cut
	tokens int            // words, repeated ones included; likewise
}

// newRecent returns the index of a table whose greatest rowid is newest, 0 for an empty one.
func newRecent(newest int64) *recent {
	return &recent{whole: newest == 0, first: newest + 1, postings: map[string][]*recentRow{}}
}

// reset begins anew, as newRecent does.
func (x *recent) reset(newest int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.whole, x.first = newest == 0, newest+1
	x.rows, x.gone, x.size, x.cut, x.tokens = nil, 0, 0, 0, 0
	clear(x.postings)
}

// put takes in rows as they were committed.
func (x *recent) put(done []written) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, w := range done {
		switch {
		case w.Deletion != nil || w.Record != nil:
			continue
		case w.gone:
			x.remove(w.rowid)
			continue
		}
		x.putRow(&recentRow{
			match: match{id: w.Memory.ID, namespace: w.Memory.Namespace},
			rowid: w.rowid,
			text:  [3]string{w.Memory.Title, w.Memory.Content, w.tags},
		})
	}
	for x.size > maxRecent {
		x.forget(x.first)
	}
}

func (x *recent) putRow(r *recentRow) {
	end := x.first + int64(len(x.rows))
	switch {
	case r.rowid < x.first:
		return
	case slices.ContainsFunc(r.text[:], foreign):
		x.forget(max(r.rowid, end-1))
		return
	case r.rowid < end: // written over, or the number of a deleted one is used again
		x.replace(r)
		return
	case r.rowid > end: // another process wrote those between
		x.forget(r.rowid - 1)
	}
	x.rows = append(x.rows, r)
	x.size += r.size()
}

// replace puts a row in the place of the one with its rowid.
func (x *recent) replace(r *recentRow) {
	at := int(r.rowid - x.first)
	was := x.rows[at]
	x.unlist(was)
	x.size += r.size() - was.size()
	x.gone += count(r.gone) - count(was.gone)
	if x.rows[at] = r; at < x.cut {
		x.list(r)
	}
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// remove notes that a row was deleted.
func (x *recent) remove(rowid int64) {
	if rowid >= x.first && rowid < x.first+int64(len(x.rows)) {
		x.replace(&recentRow{rowid: rowid, gone: true})
	}
}

// forget drops the rows up to a rowid.
func (x *recent) forget(upto int64) {
	n := min(int(upto-x.first)+1, len(x.rows))
	for _, r := range x.rows[:n] {
		x.unlist(r)
		x.size -= r.size()
		x.gone -= count(r.gone)
	}
	clear(x.rows[:n])
	x.rows, x.cut = x.rows[n:], max(x.cut-n, 0)
	x.first, x.whole = upto+1, false
}

// list puts a row under its words.
func (x *recent) list(r *recentRow) {
	r.titled = words(r.text[0])
	r.counts = map[string]int{}
	for _, column := range r.text {
		for _, word := range split(strings.ToLower(column)) {
			r.counts[word]++
			r.tokens++
		}
	}
	x.tokens += r.tokens
	for word := range r.counts {
		// After an update a row may come later than its place.
		list := x.postings[word]
		at, _ := slices.BinarySearchFunc(list, r.rowid, byRowid)
		x.postings[word] = slices.Insert(list, at, r)
	}
}

// unlist takes a row from under its words, if it has been cut.
func (x *recent) unlist(r *recentRow) {
	x.tokens -= r.tokens
	for word := range r.counts {
		list := x.postings[word]
		at, _ := slices.BinarySearchFunc(list, r.rowid, byRowid)
		switch {
		case len(list) == 1:
			delete(x.postings, word)
		case at == 0: // the oldest, as a rule
			x.postings[word] = list[1:]
		default:
			x.postings[word] = slices.Delete(list, at, at+1)
		}
	}
}

func byRowid(r *recentRow, rowid int64) int { return cmp.Compare(r.rowid, rowid) }

func (r *recentRow) size() int {
	return perRow + len(r.text[0]) + len(r.text[1]) + len(r.text[2])
}

// cutRows cuts rows into words, at most some, and tells whether all are cut. The caller holds mu.
func (x *recent) cutRows(some int) bool {
	for range min(some, len(x.rows)-x.cut) {
		x.list(x.rows[x.cut])
		x.cut++
	}
	return x.cut == len(x.rows)
}

// catchUp cuts nearly all rows, but does not make the writer wait for all at once.
func (x *recent) catchUp() {
	const some = 64
	for done := false; !done; {
		x.mu.Lock()
		done = x.cutRows(some)
		x.mu.Unlock()
	}
}

// similar is Store.Similar as far as it can be told from here; ok is false when it cannot.
func (x *recent) similar(namespace string, sought []string) (ids []string, ok bool) {
	if slices.ContainsFunc(sought, foreign) {
		return nil, false
	}
	x.catchUp()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cutRows(len(x.rows)) // what came just now
	found := x.newest(sought, maxRanked+1)
	switch {
	case len(found) > maxRanked:
		matches := make([]match, len(found))
		for i, r := range found {
			matches[i] = r.match
		}
		return nearest(matches, namespace, sought), true
	case x.whole:
		return x.best(found, namespace, sought), true
	}
	return nil, false
}

// newest returns rows that hold one of the words, newest first.
func (x *recent) newest(sought []string, limit int) []*recentRow {
	var found []*recentRow
	for _, word := range sought {
		list := x.postings[word]
		found = append(found, list[max(0, len(list)-limit):]...)
	}
	slices.SortFunc(found, func(a, b *recentRow) int { return cmp.Compare(b.rowid, a.rowid) })
	found = slices.Compact(found)
	return found[:min(len(found), limit)]
}

// foreign tells whether a text has anything beyond ASCII that may belong to a word.
func foreign(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return strings.ContainsFunc(text[i:], func(c rune) bool { return c > unicode.MaxASCII && inWord(c) })
		}
	}
	return false
}
