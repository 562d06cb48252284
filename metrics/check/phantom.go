package check

import "chaosctl/metrics"

// Phantom decides: no node ever shows, after the first write, a key that nobody wrote, nor the value of a
// write that definitely failed. Keys that were there before the first write are the Assumptions'.
// A value that nobody wrote under a key that somebody wrote is Corrupted's. One reading is proof;
// a pass needs every final reading. It always gates.
type Phantom struct{}

// Name is phantom.
func (Phantom) Name() string { return "phantom" }

// Check looks for rows that should not exist.
func (c Phantom) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (Phantom) judge(v *views) metrics.Finding { return v.each(phantom) }

func phantom(h *view) metrics.Finding {
	phantoms := map[int32]struct{}{}
	for _, o := range distinct(seen(h.History)) {
		for _, c := range h.rows(o) {
			if h.kind(c) == phantomRow {
				phantoms[h.contents[c].key] = struct{}{}
			}
		}
	}
	if len(phantoms) > 0 {
		return broken(true, h.names(phantoms), "%d keys were shown that nobody wrote, or whose write had definitely failed", len(phantoms))
	}
	return unlessRead(pass(true), final(h.History))
}

// rowKind is what a row amounts to.
type rowKind uint8

const (
	writtenRow   rowKind = iota // a value that a write may have left
	phantomRow                  // nobody wrote the key, or only writes that definitely failed
	corruptedRow                // the key was written, this value was not
)

// kind tells whether a content may exist.
func (v *view) kind(number int32) rowKind {
	c := v.contents[number]
	k := v.keys[c.key]
	switch {
	case c.written, k.ignored && k.writes == 0:
		return writtenRow
	case !k.live, c.failed:
		return phantomRow
	}
	return corruptedRow
}
