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
func (Divergence) Check(h *metrics.History) metrics.Finding {
	return eachNamespace(h, divergence)
}

func divergence(h *metrics.History) metrics.Finding {
	promises := h.Question.Promises
	gates := promises.Converges && (promises.CatchesUp || len(away(h))+len(killed(h)) == 0)
	end := final(h)
	if keys := differing(end.read); len(keys) > 0 {
		return broken(gates, keys, "%d keys differ between nodes at the end", len(keys))
	}
	return unlessRead(pass(gates), end)
}

// differing lists the keys under which two readings do not show the same contents, in order.
func differing(readings []metrics.Observation) []string {
	type shown struct{ by, last int } // how many readings show a content, and the last that does
	alike := true
	for i := range readings {
		alike = alike && slices.Equal(readings[i].Rows, readings[0].Rows)
	}
	if alike {
		return nil
	}
	contents := map[metrics.Copy]shown{}
	for i, o := range readings {
		for _, r := range o.Rows {
			c := metrics.Copy{Key: r.Key, Hash: r.Hash}
			if s := contents[c]; s.by == 0 || s.last != i {
				contents[c] = shown{s.by + 1, i}
			}
		}
	}
	var keys []string
	for c, s := range contents {
		if s.by < len(readings) {
			keys = append(keys, c.Key)
		}
	}
	slices.SortFunc(keys, byNumber)
	return slices.Compact(keys)
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
