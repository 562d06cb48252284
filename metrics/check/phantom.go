package check

import (
	"maps"
	"slices"

	"chaosctl/metrics"
)

// Phantom decides: no node ever shows, after the first write, a key that nobody wrote, nor the value of a
// write that definitely failed. Keys that were there before the first write are the Assumptions'.
// A value that nobody wrote under a key that somebody wrote is Corrupted's. One reading is proof;
// a pass needs every final reading. It always gates.
type Phantom struct{}

// Name is phantom.
func (Phantom) Name() string { return "phantom" }

// Check looks for rows that should not exist.
func (Phantom) Check(h *metrics.History) metrics.Finding {
	return eachNamespace(h, phantom)
}

func phantom(h *metrics.History) metrics.Finding {
	phantoms := map[string]struct{}{}
	j := newJudgedRows(h)
	for _, o := range seen(h) {
		for _, r := range o.Rows {
			if j.kind(r) == phantomRow {
				phantoms[r.Key] = struct{}{}
			}
		}
	}
	if len(phantoms) > 0 {
		keys := slices.SortedFunc(maps.Keys(phantoms), byNumber)
		return broken(true, keys, "%d keys were shown that nobody wrote, or whose write had definitely failed", len(keys))
	}
	return unlessRead(pass(true), final(h))
}

// rowKind is what a row amounts to.
type rowKind uint8

const (
	writtenRow   rowKind = iota // a value that a write may have left
	phantomRow                  // nobody wrote the key, or only writes that definitely failed
	corruptedRow                // the key was written, this value was not
)

// judgedRows tells of rows whether they may exist.
type judgedRows struct {
	values  metrics.Values
	failed  metrics.Values
	keys    map[string]bool // written; true when a write of it did not definitely fail
	ignored map[string]struct{}
}

func newJudgedRows(h *metrics.History) judgedRows {
	j := judgedRows{values: h.Values(), failed: metrics.Values{}, keys: map[string]bool{}, ignored: map[string]struct{}{}}
	for i := range h.Operations {
		op := &h.Operations[i]
		if op.Kind != metrics.Write {
			continue
		}
		j.keys[op.Key] = j.keys[op.Key] || op.Outcome != metrics.Failed
		if op.Outcome == metrics.Failed {
			j.failed[metrics.Copy{Key: op.Key, Hash: op.Hash}] = struct{}{}
		}
	}
	for _, o := range h.At(metrics.AtStart) {
		for _, r := range o.Rows {
			j.ignored[r.Key] = struct{}{}
		}
	}
	return j
}

func (j judgedRows) kind(r metrics.Row) rowKind {
	c := metrics.Copy{Key: r.Key, Hash: r.Hash}
	if _, ok := j.values[c]; ok {
		return writtenRow
	}
	live, known := j.keys[r.Key]
	_, failed := j.failed[c]
	_, ignored := j.ignored[r.Key]
	switch {
	case ignored && !known:
		return writtenRow
	case !live, failed:
		return phantomRow
	}
	return corruptedRow
}
