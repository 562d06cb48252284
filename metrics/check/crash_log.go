package check

import (
	"fmt"
	"strings"

	"chaosctl/metrics"
)

// CrashLog decides: no node's log tells of a crash of its own: a panic, a fatal error, a damaged database.
// The harness picks the lines; a kill of ours leaves none. It gates when there is such a line.
type CrashLog struct{}

// Name is crash_log.
func (CrashLog) Name() string { return "crash_log" }

// maxLogLines is how many lines a finding quotes.
const maxLogLines = 3

// Check quotes the lines.
func (CrashLog) Check(h *metrics.History) metrics.Finding {
	if len(h.Panics) == 0 {
		return pass(false)
	}
	var lines []string
	for _, p := range h.Panics[:min(len(h.Panics), maxLogLines)] {
		lines = append(lines, fmt.Sprintf("the log of %s says %q", metrics.NodeName(p.Node), p.Line))
	}
	f := metrics.Finding{Verdict: metrics.Fail, Gates: true, Why: strings.Join(lines, "; ")}
	return number(f, "lines", len(h.Panics))
}
