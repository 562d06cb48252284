package sqlite

import (
	"cmp"
	"slices"
	"sync"

	"chaosctl/server/internal/store"
)

const (
	maxTailRows  = 512     // that a tail keeps
	maxTailBytes = 1 << 20 // of text in them
)

// tail keeps the newest of this node's own events in memory, as whoever sends them asks for them
// right after the commit. What is older is in the database only.
type tail struct {
	origin string // this node

	mu    sync.Mutex
	after int64          // of the own events after this number
	upto  int64          // and up to this one,
	rows  []store.Change // deletions, and those that still are the last of their row are here, by number
	size  int            // of rows, as maxTailBytes counts
}

// newTail returns the tail of a node whose newest event has a number.
func newTail(origin string, newest int64) *tail {
	return &tail{origin: origin, after: newest, upto: newest}
}

// reset begins anew, as newTail does.
func (t *tail) reset(newest int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows, t.size, t.after, t.upto = nil, 0, newest, newest
}

// put takes in what was committed, and the number of this node's newest event before and after.
func (t *tail) put(done []written, before, now int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if before != t.upto { // another process has written
		t.rows, t.size, t.after = nil, 0, before
	}
	t.upto = now
	for _, w := range done {
		if at, found := t.find(w.former); found {
			t.drop(at)
		}
		if at, _ := t.find(w.Event); w.Event.Origin == t.origin && w.Event.Seq > t.after {
			t.rows = slices.Insert(t.rows, at, w.Change)
			t.size += textSize(w.Change)
		}
	}
	for len(t.rows) > maxTailRows || t.size > maxTailBytes {
		t.after = t.rows[0].Event.Seq
		t.drop(0)
	}
}

// find returns where the row of an event is or would be.
func (t *tail) find(e store.Event) (at int, found bool) {
	if e.Origin != t.origin {
		return 0, false
	}
	return slices.BinarySearchFunc(t.rows, e.Seq, func(c store.Change, seq int64) int {
		return cmp.Compare(c.Event.Seq, seq)
	})
}

func (t *tail) drop(at int) {
	t.size -= textSize(t.rows[at])
	if at == 0 { // the usual case, without moving the others
		t.rows[0] = store.Change{}
		t.rows = t.rows[1:]
		return
	}
	t.rows = slices.Delete(t.rows, at, at+1)
}

// own is Store.Own, as far as it can be told from here; ok is false when it cannot.
func (t *tail) own(after int64, limit int) (changes []store.Change, upto int64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if after < t.after || limit <= 0 {
		return nil, 0, false
	}
	from, _ := t.find(store.Event{Origin: t.origin, Seq: after + 1})
	changes = append(changes, t.rows[from:min(from+limit, len(t.rows))]...)
	if len(changes) == limit {
		return changes, changes[limit-1].Event.Seq, true
	}
	return changes, t.upto, true
}
