package check

import (
	"maps"
	"slices"

	"chaosctl/metrics"
)

// NamespaceLeak decides: what was written to one namespace is shown in no other. A row leaks when its key,
// or its key with this value, was written to another namespace and not to the one that was read.
// One reading is proof; a pass needs every final reading of every namespace. It gates when there
// was more than one namespace.
type NamespaceLeak struct{}

// Name is namespace_leak.
func (NamespaceLeak) Name() string { return "namespace_leak" }

// Check looks for rows of one namespace in the readings of another.
func (NamespaceLeak) Check(h *metrics.History) metrics.Finding {
	spaces := h.ByNamespace()
	if len(spaces) < 2 {
		return notTested("everything was written to one namespace")
	}
	keys := map[string]map[int]struct{}{} // the namespaces a key was written to
	copies := map[metrics.Copy]map[int]struct{}{}
	for i, space := range spaces {
		for j := range space.Operations {
			op := &space.Operations[j]
			if op.Kind != metrics.Write {
				continue
			}
			note(keys, op.Key, i)
			note(copies, metrics.Copy{Key: op.Key, Hash: op.Hash}, i)
		}
	}
	leaked := map[string]struct{}{}
	for i, space := range spaces {
		for _, o := range seen(space) {
			for _, r := range o.Rows {
				if elsewhere(keys[r.Key], i) || elsewhere(copies[metrics.Copy{Key: r.Key, Hash: r.Hash}], i) {
					leaked[h.Qualified(space.Namespace, r.Key)] = struct{}{}
				}
			}
		}
	}
	if len(leaked) > 0 {
		names := slices.SortedFunc(maps.Keys(leaked), byNumber)
		return broken(true, names, "%d rows were shown in a namespace they were not written to", len(names))
	}
	for _, space := range spaces {
		if f := unlessRead(pass(true), final(space)); f.Verdict != metrics.Pass {
			return f
		}
	}
	return number(pass(true), "namespaces", len(spaces))
}

func note[K comparable](places map[K]map[int]struct{}, what K, space int) {
	if places[what] == nil {
		places[what] = map[int]struct{}{}
	}
	places[what][space] = struct{}{}
}

// elsewhere reports whether something was written, and not here.
func elsewhere(written map[int]struct{}, here int) bool {
	_, also := written[here]
	return len(written) > 0 && !also
}
