package check

import (
	"fmt"
	"slices"
	"strings"

	"chaosctl/metrics"
)

// pass says that a property held.
func pass(gates bool) metrics.Finding {
	return metrics.Finding{Verdict: metrics.Pass, Gates: gates}
}

// inconclusive says that a property could not be judged, and why.
func inconclusive(gates bool, why string, args ...any) metrics.Finding {
	return metrics.Finding{Verdict: metrics.Inconclusive, Gates: gates, Why: fmt.Sprintf(why, args...)}
}

// notTested says that a cycle had nothing to put a property to the test with. It decides nothing.
func notTested(why string) metrics.Finding {
	return inconclusive(false, "not put to the test: %s", why)
}

// broken says that a property did not hold for some writes.
func broken(gates bool, keys []string, why string, args ...any) metrics.Finding {
	f := metrics.Finding{Verdict: metrics.Fail, Gates: gates, Why: fmt.Sprintf(why, args...)}
	return naming(f, keys)
}

// naming names the writes that a finding concerns, as many as a finding may.
func naming(f metrics.Finding, keys []string) metrics.Finding {
	f.Keys = slices.Clone(keys[:min(len(keys), metrics.MaxKeys)])
	return number(f, "keys", len(keys))
}

// number adds what was measured to a finding.
func number[N int | float64](f metrics.Finding, name string, value N) metrics.Finding {
	if f.Numbers == nil {
		f.Numbers = map[string]float64{}
	}
	f.Numbers[name] = float64(value)
	return f
}

// nothingOwed is why the durability of a cycle without a write to keep cannot be judged.
const nothingOwed = "nothing was acknowledged that must still be there"

// unique returns each key once, in the order they came.
func unique(keys []string) []string {
	seen := make(map[string]struct{}, len(keys))
	var once []string
	for _, key := range keys {
		if _, again := seen[key]; !again {
			seen[key] = struct{}{}
			once = append(once, key)
		}
	}
	return once
}

// nodeList names nodes in a sentence.
func nodeList(nodes []int) string {
	names := make([]string, len(nodes))
	for i, node := range nodes {
		names[i] = metrics.NodeName(node)
	}
	return strings.Join(names, ", ")
}
