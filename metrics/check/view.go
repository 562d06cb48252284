package check

import (
	"slices"

	"chaosctl/metrics"
)

// views is a history as checkers look at it: as a whole, and in each of its namespaces. What they
// look up again and again is found out once.
type views struct {
	whole  *metrics.History
	spaces []*view
}

func look(h *metrics.History) *views {
	v := &views{whole: h}
	for _, space := range h.ByNamespace() {
		v.spaces = append(v.spaces, newView(space))
	}
	return v
}

// view is the history of one namespace, with keys and contents as small numbers, so that a million
// rows are looked up once and not by every checker.
type view struct {
	*metrics.History
	keys     []keyFacts
	contents []content
	number   map[string]int32       // of a key
	further  map[metrics.Copy]int32 // contents of a key besides its first
	owed     []*metrics.Operation   // metrics.History.Owed
	lists    map[list][]int32       // contents by list of rows
}

// keyFacts is what is known of a key.
type keyFacts struct {
	name    string
	first   int32 // its first content
	writes  int   // that were begun
	live    bool  // a write did not definitely fail
	ignored bool  // it was there before the first write
}

// content is a value under a key.
type content struct {
	key     int32
	hash    string
	written bool // by a write that did not definitely fail
	failed  bool // by one that did
}

// list names a list of rows: readings that show the same share it.
type list struct {
	first *metrics.Row
	n     int
}

func newView(h *metrics.History) *view {
	v := &view{
		History:  h,
		keys:     make([]keyFacts, 0, len(h.Operations)),
		contents: make([]content, 0, len(h.Operations)),
		number:   make(map[string]int32, len(h.Operations)),
		further:  map[metrics.Copy]int32{},
		owed:     h.Owed(),
		lists:    map[list][]int32{},
	}
	for i := range h.Operations {
		op := &h.Operations[i]
		if op.Kind != metrics.Write {
			continue
		}
		c := &v.contents[v.content(op.Key, op.Hash)]
		k := &v.keys[c.key]
		k.writes++
		if op.Outcome == metrics.Failed {
			c.failed = true
			continue
		}
		c.written, k.live = true, true
	}
	for _, o := range h.At(metrics.AtStart) {
		for _, c := range v.rows(o) {
			v.keys[v.contents[c].key].ignored = true
		}
	}
	return v
}

// content numbers a value under a key.
func (v *view) content(key, hash string) int32 {
	next := int32(len(v.contents))
	n, known := v.number[key]
	if !known {
		n = int32(len(v.keys))
		v.number[key] = n
		v.keys = append(v.keys, keyFacts{name: key, first: next})
		v.contents = append(v.contents, content{key: n, hash: hash})
		return next
	}
	if first := v.keys[n].first; v.contents[first].hash == hash {
		return first
	}
	c, known := v.further[metrics.Copy{Key: key, Hash: hash}]
	if !known {
		c = next
		v.further[metrics.Copy{Key: key, Hash: hash}] = c
		v.contents = append(v.contents, content{key: n, hash: hash})
	}
	return c
}

// rows returns the contents that a reading shows.
func (v *view) rows(o metrics.Observation) []int32 {
	if len(o.Rows) == 0 {
		return nil
	}
	id := list{&o.Rows[0], len(o.Rows)}
	contents, known := v.lists[id]
	if !known {
		contents = make([]int32, len(o.Rows))
		for i, r := range o.Rows {
			contents[i] = v.content(r.Key, r.Hash)
		}
		v.lists[id] = contents
	}
	return contents
}

// held tells which keys a reading shows with a value that was written, by number.
func (v *view) held(o metrics.Observation) keySet {
	rows := v.rows(o) // may number further keys
	held := make(keySet, len(v.keys)/64+1)
	for _, c := range rows {
		if v.contents[c].written {
			held.add(v.contents[c].key)
		}
	}
	return held
}

// keySet is a set of numbers of keys.
type keySet []uint64

func (s keySet) add(n int32)      { s[n/64] |= 1 << (n % 64) }
func (s keySet) has(n int32) bool { return int(n/64) < len(s) && s[n/64]&(1<<(n%64)) != 0 }

// missing returns the keys of those writes that are not held, each once, in the order of writes.
func (v *view) missing(writes []*metrics.Operation, held keySet) []string {
	var missing []string
	for _, op := range writes {
		if !held.has(v.number[op.Key]) {
			missing = append(missing, op.Key)
		}
	}
	return unique(missing)
}

// heldBy returns what each of the nodes that were read holds.
func (v *view) heldBy(c closing) []keySet {
	held := make([]keySet, len(c.read))
	for i, o := range c.read {
		held[i] = v.held(o)
	}
	return held
}

// copies counts the nodes that hold a key.
func (v *view) copies(held []keySet, key string) int {
	n, copies := v.number[key], 0
	for _, keys := range held {
		if keys.has(n) {
			copies++
		}
	}
	return copies
}

// names returns the names of the keys of a set, in order.
func (v *view) names(keys map[int32]struct{}) []string {
	names := make([]string, 0, len(keys))
	for n := range keys {
		names = append(names, v.keys[n].name)
	}
	slices.SortFunc(names, byNumber)
	return names
}

// distinct returns the readings that show different lists of rows, each list once.
func distinct(readings []metrics.Observation) []metrics.Observation {
	known := map[list]struct{}{}
	return slices.DeleteFunc(slices.Clone(readings), func(o metrics.Observation) bool {
		if len(o.Rows) == 0 {
			return true
		}
		id := list{&o.Rows[0], len(o.Rows)}
		_, again := known[id]
		known[id] = struct{}{}
		return again
	})
}
