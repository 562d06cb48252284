package check

import (
	"slices"
	"strconv"
	"strings"

	"chaosctl/metrics"
)

// Divergence decides: at the end any two nodes that can be read hold the same contents, key by key; a
// write whose fate is unknown is on all or on none. A node that could not be read makes a pass
// inconclusive. It gates when the system promises to converge, and, where a node was away, to
// catch up as well.
type Divergence struct{}

// Name is divergence.
func (Divergence) Name() string { return "divergence" }

// Check compares the final readings.
func (c Divergence) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (Divergence) judge(v *views) metrics.Finding { return v.each(divergence) }

func divergence(h *view) metrics.Finding {
	promises := h.Question.Promises
	gates := promises.Converges && (promises.CatchesUp || len(away(h.History))+len(killed(h.History)) == 0)
	end := final(h.History)
	if keys := h.differing(end.read); len(keys) > 0 {
		return broken(gates, keys, "%d keys differ between nodes at the end", len(keys))
	}
	return unlessRead(pass(gates), end)
}

// differing lists the keys under which two readings do not show the same contents, in order.
func (v *view) differing(readings []metrics.Observation) []string {
	if len(distinct(readings)) < 2 && !slices.ContainsFunc(readings, func(o metrics.Observation) bool { return len(o.Rows) == 0 }) {
		return nil
	}
	for _, o := range readings {
		v.rows(o) // numbers all contents
	}
	shownBy := make([]int32, len(v.contents)) // how many readings show a content
	last := make([]int32, len(v.contents))    // the last that does, from 1
	for i, o := range readings {
		for _, c := range v.rows(o) {
			if last[c] != int32(i+1) {
				last[c] = int32(i + 1)
				shownBy[c]++
			}
		}
	}
	keys := map[int32]struct{}{}
	for c, n := range shownBy {
		if n > 0 && int(n) < len(readings) {
			keys[v.contents[c].key] = struct{}{}
		}
	}
	return v.names(keys)
}

// byNumber orders keys that end in a number, such as c7-w42, by what stands before it and then by
// the number.
func byNumber(a, b string) int {
	stemA, numberA := splitNumber(a)
	stemB, numberB := splitNumber(b)
	if stemA == stemB && numberA != numberB {
		return numberA - numberB
	}
	return strings.Compare(a, b)
}

func splitNumber(key string) (stem string, number int) {
	stem = strings.TrimRight(key, "0123456789")
	number, err := strconv.Atoi(key[len(stem):])
	if err != nil {
		return key, 0
	}
	return stem, number
}
