package check

import (
	"strings"

	"chaosctl/metrics"
)

// Harness decides: the harness itself could do all it had to do. An error of its own is an error, a
// cycle that was interrupted is inconclusive. It always gates.
type Harness struct{}

// Name is harness.
func (Harness) Name() string { return "harness" }

// Check judges the harness's own errors.
func (Harness) Check(h *metrics.History) metrics.Finding {
	if len(h.Errors) > 0 {
		return metrics.Finding{Verdict: metrics.Error, Gates: true, Why: strings.Join(h.Errors, "; ")}
	}
	if h.Interrupted {
		return inconclusive(true, "the cycle was interrupted")
	}
	return pass(true)
}
