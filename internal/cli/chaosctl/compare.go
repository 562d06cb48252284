package chaosctl

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"chaosctl/metrics"
	"chaosctl/reports"
)

const flagFailOnWorse = "fail-on-worse"

const compareHelp = `chaosctl compare [FLAGS] A B where A and B are campaigns' folders or files of records. "worse" and "better" are
said of B, and only when the difference is more than chance makes: p is below 0.05 (Fisher's exact test for
rates, Mann-Whitney for times), and the interval of the difference of two rates (Newcombe) excludes 0. Else
the sign is ~, no difference shown, which is not to say that there is none.

EXAMPLES
   chaosctl compare runs/v1 runs/v2
   chaosctl compare --fail-on-worse runs/v1 runs/v2
   chaosctl compare --output json runs/v1 runs/v2 | jq '.faults[].lossy'

EXIT STATUS
   0   1 with --fail-on-worse when more cycles fail or lose writes in B   2 usage, no such run
   3 a run cannot be read or has no cycles`

func compareCommand(w World) *cli.Command {
	return &cli.Command{
		Name:        "compare",
		Usage:       "tell what differs between two runs, and what only seems to",
		Description: compareHelp,
		Before:      needsArguments(2, 2, "two runs"),
		Flags: []cli.Flag{
			outputFlag(formatText, formatJSON),
			&cli.BoolFlag{Name: flagFailOnWorse, Usage: "exit with 1 when more cycles fail or lose writes in B"},
		},
		Action: w.compare,
	}
}

func (w World) compare(c *cli.Context) error {
	a, err := runToCompare(c.Args().Get(0))
	if err != nil {
		return err
	}
	b, err := runToCompare(c.Args().Get(1))
	if err != nil {
		return err
	}
	comparison := metrics.Compare(a.Records, b.Records)
	comparison.A, comparison.B = a.Path, b.Path
	comparison.Differs = append(comparison.Differs, configDiffers(a.Facts.Config, b.Facts.Config)...)
	if c.String(flagOutput) == formatJSON {
		err = printJSON(w.Stdout, comparison)
	} else {
		err = printComparison(w.Stdout, comparison)
	}
	if err != nil {
		return &failure{ExitInconclusive, codeOutput, err}
	}
	if c.Bool(flagFailOnWorse) && comparison.Worse() {
		return &verdict{ExitFail}
	}
	return nil
}

// runToCompare reads a run that has something to compare. Its cycles are what their lines say: check
// is there to judge them.
func runToCompare(path string) (reports.StoredRun, error) {
	run, err := reports.ReadRun(path)
	if err == nil {
		err = run.Torn
	}
	if err != nil {
		return run, unreadable(path, err)
	}
	if len(run.Records) == 0 {
		return run, &failure{ExitInconclusive, codeNoRun, fmt.Errorf("run %s has no cycles: there is nothing to compare", path)}
	}
	return run, nil
}

// alike are the keys of a campaign that may differ between runs that were run alike.
var alike = []string{"id", "seed", "cycles", "first", "parallel", "binary", "faults", "dir", "fail_fast", "attempt", "stop_when"}

// configDiffers names what was set differently.
func configDiffers(a, b any) []string {
	left, right := settings(a), settings(b)
	keys := map[string]bool{}
	for key := range left {
		keys[key] = true
	}
	for key := range right {
		keys[key] = true
	}
	var differs []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !slices.Contains(alike, key) && left[key] != right[key] {
			differs = append(differs, fmt.Sprintf("%s %s | %s", key, orDash(left[key]), orDash(right[key])))
		}
	}
	return differs
}

// settings are the keys of a config with their values as text.
func settings(config any) map[string]string {
	raw, ok := config.(json.RawMessage)
	var keys map[string]json.RawMessage
	if !ok || json.Unmarshal(raw, &keys) != nil {
		return nil
	}
	texts := make(map[string]string, len(keys))
	for key, value := range keys {
		texts[key] = string(value)
	}
	return texts
}

func printComparison(out io.Writer, c metrics.Comparison) error {
	if _, err := fmt.Fprintf(out, "A  %s\nB  %s\n", oneLine(c.A), oneLine(c.B)); err != nil {
		return err
	}
	for _, differs := range c.Differs {
		if _, err := fmt.Fprintf(out, "run differently: %s\n", oneLine(differs)); err != nil {
			return err
		}
	}
	var rows [][]string
	for _, f := range c.Faults {
		fault := oneLine(f.Fault)
		if f.OnlyIn != "" {
			fault += " (only in " + f.OnlyIn + ")"
		}
		rows = append(rows,
			rateRow(fault, "cycles that failed", f.Failed),
			rateRow(fault, "cycles that lost a write", f.Lossy),
			sampleRow(fault, "converge p50/p95", f.Converge),
			sampleRow(fault, "latency p50/p95", f.Latency))
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	if err := printTable(out, []string{"FAULT", "WHAT", "A", "B", "B - A", "P", ""}, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\nRates with exact 95 % intervals. ~ no difference shown   ? nothing to compare")
	return err
}

func rateRow(fault, what string, r metrics.RateComparison) []string {
	difference := unknown
	if r.Difference != nil {
		difference = signed(r.Difference.Low) + " to " + signed(r.Difference.High)
	}
	return []string{fault, what, rateText(r.A), rateText(r.B), difference, pText(r.P), signText(r.Sign)}
}

// rateText prints k/n and the interval.
func rateText(r metrics.Rate) string {
	if r.N == 0 {
		return "0/0"
	}
	return fmt.Sprintf("%d/%d  %s to %s", r.K, r.N,
		metrics.Percent(r.Interval.Low, metrics.Down), metrics.Percent(r.Interval.High, metrics.Up))
}

// signed prints a difference of rates in points of percent.
func signed(difference float64) string {
	return strconv.FormatFloat(difference*100, 'f', 2, 64) + " %"
}

func sampleRow(fault, what string, s metrics.SampleComparison) []string {
	difference := unknown
	if s.A.P50 != nil && s.B.P50 != nil {
		difference = fmt.Sprintf("%+.1f ms", *s.B.P50-*s.A.P50)
	}
	return []string{fault, what, sampleText(s.A), sampleText(s.B), difference, pText(s.P), signText(s.Sign)}
}

func sampleText(s metrics.Sample) string {
	return fmt.Sprintf("%s / %s ms  n=%d", decimal(s.P50, 1), decimal(s.P95, 1), s.N)
}

func pText(p *float64) string {
	switch {
	case p == nil:
		return unknown
	case *p < 0.001:
		return "<0.001"
	}
	return strconv.FormatFloat(*p, 'f', 3, 64)
}

func signText(s metrics.Sign) string {
	if s == metrics.NoDifference {
		return "~ no difference shown"
	}
	return string(s)
}
