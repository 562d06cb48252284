package check

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"chaosctl/metrics"
)

// presence tells when keys were shown. It numbers the keys that are owed.
type presence struct {
	keys   []string
	number map[string]int32
	from   []time.Duration // when the first owed write of a key was acknowledged
	values []string        // the only value written, or empty where there are several
	all    metrics.Values
}

// newPresence looks at the keys of owed writes.
func newPresence(h *metrics.History) *presence {
	p := &presence{number: map[string]int32{}}
	for _, op := range h.Owed() {
		n, known := p.number[op.Key]
		if !known {
			p.number[op.Key] = int32(len(p.keys))
			p.keys = append(p.keys, op.Key)
			p.from = append(p.from, op.Returned)
			p.values = append(p.values, op.Hash)
			continue
		}
		p.from[n] = min(p.from[n], op.Returned)
	}
	for i := range h.Operations {
		op := &h.Operations[i]
		if n, owed := p.number[op.Key]; owed && op.Kind == metrics.Write && op.Hash != p.values[n] {
			p.values[n] = ""
			if p.all == nil {
				p.all = h.Values()
			}
		}
	}
	return p
}

// of returns the number of a row's key when it is owed and its value was written.
func (p *presence) of(r metrics.Row) (int32, bool) {
	n, owed := p.number[r.Key]
	if !owed {
		return 0, false
	}
	if value := p.values[n]; value != "" {
		return n, value == r.Hash
	}
	_, written := p.all[metrics.Copy{Key: r.Key, Hash: r.Hash}]
	return n, written
}

// firstShown returns for each key the end of the first reading that shows it, or Forever.
func (p *presence) firstShown(readings []metrics.Observation) []time.Duration {
	first := slices.Repeat([]time.Duration{metrics.Forever}, len(p.keys))
	for _, o := range readings {
		for _, r := range o.Rows {
			if n, shown := p.of(r); shown {
				first[n] = min(first[n], o.Ended)
			}
		}
	}
	return first
}

// absent lists the keys that some reading which began at or after from[key] does not show. The
// readings come in the order in which they began.
func (p *presence) absent(readings []metrics.Observation, from []time.Duration) []int32 {
	shown := make([]int32, len(p.keys))
	last := make([]int32, len(p.keys)) // the reading counted last, from 1
	for i, o := range readings {
		for _, r := range o.Rows {
			if n, ok := p.of(r); ok && o.Began >= from[n] && last[n] != int32(i+1) {
				last[n] = int32(i + 1)
				shown[n]++
			}
		}
	}
	var absent []int32
	for n := range p.keys {
		before := sort.Search(len(readings), func(i int) bool { return readings[i].Began >= from[n] })
		if int(shown[n]) < len(readings)-before {
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

// names returns the keys of numbers, in order.
func (p *presence) names(numbers map[int32]struct{}) []string {
	keys := make([]string, 0, len(numbers))
	for n := range numbers {
		keys = append(keys, p.keys[n])
	}
	slices.SortFunc(keys, byNumber)
	return keys
}
