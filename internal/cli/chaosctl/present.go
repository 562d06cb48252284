package chaosctl

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"chaosctl/metrics"
	"chaosctl/reports"
	"chaosctl/runner"
)

// present prints what a campaign amounts to on stdout.
func (w World) present(s metrics.Summary, campaign runner.Campaign, format string, quiet bool) error {
	switch {
	case format == formatJSON:
		return printJSON(w.Stdout, s)
	case format == formatJSONL:
		return nil // the records were printed as they came
	case quiet && s.Verdict == metrics.Pass:
		return nil
	case quiet:
		return reports.Block(w.Stdout, s, w.style(s, campaign))
	}
	return reports.Text(w.Stdout, s, w.style(s, campaign))
}

// style is how text may look on stdout.
func (w World) style(s metrics.Summary, campaign runner.Campaign) reports.Style {
	return reports.Style{
		Again:  replayOf(s, campaign.Dir),
		Dir:    campaign.Dir,
		Colour: w.StdoutTTY && w.Getenv("NO_COLOR") == "" && w.Getenv("TERM") != "dumb",
		ASCII:  !w.unicode(),
	}
}

// replayOf is the command that repeats the worst cycle of a campaign; empty when all passed.
func replayOf(s metrics.Summary, dir string) string {
	worst, ok := reports.WorstFault(s)
	if !ok {
		return ""
	}
	return fmt.Sprintf("chaosctl replay %s --fault %s --cycle %d", reports.Quoted(dir), reports.Quoted(worst.FaultSpec), worst.WorstCycle)
}

// unicode reports whether the locale has signs beyond ASCII: the first of these variables that is
// set decides (POSIX.1-2024, 8.2).
func (w World) unicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(w.Getenv(name)); locale != "" {
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return false
}

// conclude tells how a campaign ended: nil for a pass. Of all that is to be said the gravest
// decides the status: see rank.
func conclude(result runner.Result, signal os.Signal) error {
	status := verdictStatus(result.Summary.Verdict)
	stopped := stoppedFailure(result.Stopped, signal)
	if stopped == nil {
		if status == ExitPass {
			return nil
		}
		return &verdict{status}
	}
	var f *failure
	if errors.As(stopped, &f) && rank(status) > rank(f.status) {
		f.status = status
	}
	return stopped
}
