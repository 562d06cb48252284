package check

import (
	"cmp"
	"iter"
	"slices"
	"sort"
	"time"

	"chaosctl/metrics"
)

// presence tells when readings show the keys that are owed, by number of key.
type presence struct {
	*view
	from []time.Duration // when the first owed write of a key was acknowledged; Forever without one
}

func newPresence(v *view) *presence {
	p := &presence{view: v, from: slices.Repeat([]time.Duration{metrics.Forever}, len(v.keys))}
	for _, op := range v.owed {
		n := v.number[op.Key]
		p.from[n] = min(p.from[n], op.Returned)
	}
	return p
}

// shown returns the keys that are owed and that a reading shows with a value that was written.
func (p *presence) shown(o metrics.Observation) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for _, number := range p.rows(o) {
			c := &p.contents[number]
			if c.written && p.from[c.key] != metrics.Forever && !yield(c.key) {
				return
			}
		}
	}
}

// firstShown returns for each key the end of the first reading that shows it, or Forever.
func (p *presence) firstShown(readings []metrics.Observation) []time.Duration {
	first := slices.Repeat([]time.Duration{metrics.Forever}, len(p.from))
	for _, o := range readings {
		for n := range p.shown(o) {
			first[n] = min(first[n], o.Ended)
		}
	}
	return first
}

// absent lists the keys that some reading which began at or after from[key] does not show. The
// readings come in the order in which they began.
func (p *presence) absent(readings []metrics.Observation, from []time.Duration) []int32 {
	times := make([]int32, len(p.from)) // it was shown
	last := make([]int32, len(p.from))  // the reading counted last, from 1
	for i, o := range readings {
		for n := range p.shown(o) {
			if o.Began >= from[n] && last[n] != int32(i+1) {
				last[n] = int32(i + 1)
				times[n]++
			}
		}
	}
	var absent []int32
	for n, owed := range p.from {
		if owed == metrics.Forever {
			continue
		}
		before := sort.Search(len(readings), func(i int) bool { return readings[i].Began >= from[n] })
		if int(times[n]) < len(readings)-before {
			absent = append(absent, int32(n))
		}
	}
	return absent
}

// states returns the readings of a node that show one state, in the order in which they began. A
// reading in several pages that others write beside may miss a row that moved to a page already
// read; only a node that is cut off, and the end of a cycle, are still for certain.
func states(h *metrics.History, node int) []metrics.Observation {
	var readings []metrics.Observation
	for _, o := range h.Observations {
		changing := o.Pages > 1 && o.Stage != metrics.AtFirst && o.Stage != metrics.AtFinal
		if o.Node == node && o.Stage != metrics.AtStart && o.Readable() && !changing {
			readings = append(readings, o)
		}
	}
	slices.SortStableFunc(readings, func(a, b metrics.Observation) int { return cmp.Compare(a.Began, b.Began) })
	return readings
}
