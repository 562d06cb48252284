package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"chaosctl/metrics"
)

// Corrupted decides: no node ever shows, under a key that was written, a value that nobody wrote. Values
// are compared by hash. One reading is proof; a pass needs every final reading. Besides, no node's
// stored file fails its own integrity check after the node was stopped, where that was made. It
// always gates.
type Corrupted struct{}

// Name is corrupted.
func (Corrupted) Name() string { return "corrupted" }

// Check compares the content of every row with what was written, and looks at the integrity checks.
func (c Corrupted) Check(h *metrics.History) metrics.Finding { return c.judge(look(h)) }

func (Corrupted) judge(v *views) metrics.Finding {
	f, h := v.each(corrupted), v.whole
	var damaged []string
	for _, c := range h.Integrity {
		if !c.OK {
			damaged = append(damaged, fmt.Sprintf("the file of %s fails its integrity check: %s", metrics.NodeName(c.Node), c.Detail))
		}
	}
	if len(damaged) > 0 {
		if f.Verdict == metrics.Fail {
			damaged = append([]string{f.Why}, damaged...)
		}
		f.Verdict, f.Gates, f.Why = metrics.Fail, true, strings.Join(damaged, "; ")
	}
	if len(h.Integrity) > 0 {
		f = number(f, "files_checked", len(h.Integrity))
	}
	return f
}

func corrupted(h *view) metrics.Finding {
	bad := map[int32]struct{}{}
	nodes := map[int]struct{}{}
	for _, o := range seen(h.History) {
		for _, c := range h.rows(o) {
			if h.kind(c) == corruptedRow {
				bad[h.contents[c].key] = struct{}{}
				nodes[o.Node] = struct{}{}
			}
		}
	}
	if len(bad) > 0 {
		return broken(true, h.names(bad), "%d writes have a content on %s that nobody wrote",
			len(bad), nodeList(slices.Sorted(maps.Keys(nodes))))
	}
	return unlessRead(pass(true), final(h.History))
}
