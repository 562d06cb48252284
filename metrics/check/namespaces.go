package check

import (
	"maps"
	"slices"
	"strings"

	"chaosctl/metrics"
)

// each judges each namespace of a history by itself and merges what was found: what
// decides comes before what is only reported, but for a fail that does before a pass; among
// equals the worst. Keys are named with their namespace, numbers are added up.
func (v *views) each(judge func(*view) metrics.Finding) metrics.Finding {
	h, spaces := v.whole, v.spaces
	if len(spaces) == 1 {
		return judge(spaces[0])
	}
	findings := make([]metrics.Finding, len(spaces))
	worst := 0
	for i, space := range spaces {
		findings[i] = judge(space)
		if weight(findings[i]) > weight(findings[worst]) {
			worst = i
		}
	}
	merged := metrics.Finding{Verdict: findings[worst].Verdict, Gates: findings[worst].Gates}
	var why []string
	for i, f := range findings {
		if weight(f) != weight(merged) {
			continue
		}
		for _, key := range f.Keys {
			merged.Keys = append(merged.Keys, h.Qualified(spaces[i].Namespace, key))
		}
		if f.Why != "" {
			why = append(why, spaces[i].Namespace+": "+f.Why)
		}
		for _, name := range slices.Sorted(maps.Keys(f.Numbers)) {
			merged = number(merged, name, f.Numbers[name]+merged.Numbers[name])
		}
	}
	merged.Keys = merged.Keys[:min(len(merged.Keys), metrics.MaxKeys)]
	merged.Why = strings.Join(why, "; ")
	return merged
}

// weight orders findings of one checker for merging.
func weight(f metrics.Finding) int {
	switch {
	case f.Gates && f.Verdict == metrics.Fail:
		return 6
	case f.Gates && f.Verdict == metrics.Error:
		return 5
	case f.Gates && f.Verdict == metrics.Inconclusive:
		return 4
	case f.Verdict == metrics.Fail:
		return 3
	case f.Gates && f.Verdict == metrics.Pass:
		return 2
	case f.Verdict == metrics.Pass:
		return 1
	}
	return 0
}
