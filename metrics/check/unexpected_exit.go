package check

import (
	"fmt"
	"strings"
	"time"

	"chaosctl/metrics"
)

// UnexpectedExit decides: no node's process ends but by our own signal. It always gates.
type UnexpectedExit struct{}

// Name is unexpected_exit.
func (UnexpectedExit) Name() string { return "unexpected_exit" }

// Check looks for exits that were not ours.
func (UnexpectedExit) Check(h *metrics.History) metrics.Finding {
	var ends []string
	for _, e := range h.Exits {
		if !e.Ours {
			ends = append(ends, fmt.Sprintf("%s ended by itself %v after the cycle began: %s",
				metrics.NodeName(e.Node), e.At.Round(time.Millisecond), e.Status))
		}
	}
	if len(ends) == 0 {
		return pass(true)
	}
	f := metrics.Finding{Verdict: metrics.Fail, Gates: true, Why: strings.Join(ends, "; ")}
	return number(f, "exits", len(ends))
}
