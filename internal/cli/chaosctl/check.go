package chaosctl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"chaosctl/metrics"
	"chaosctl/reports"
	"chaosctl/runner"
)

// checkMemory is what the collector keeps the judging of one history within, in bytes.
const checkMemory = 900 << 20

const checkHelp = `chaosctl check [FLAGS] RUN... where each RUN is a campaign's folder, or a file of its records. Cycles are judged from their stored histories by
today's checkers; one that has none is judged from its line, which is a pass only with the evidence in it.
Nothing is started, and nothing is changed.

EXAMPLES
   chaosctl check runs/20261125T015025Z-7d3cded570efaad5
   chaosctl check --output json runs/* | jq -r '.[] | [.run, .summary.verdict] | @tsv'
   chaosctl check phase4-partition.jsonl

EXIT STATUS
   by the worst verdict: 0 pass   1 fail   3 inconclusive, or a run cannot be read   2 usage, no such run`

func checkCommand(w World) *cli.Command {
	return &cli.Command{
		Name:        "check",
		Usage:       "judge stored runs again, with today's checkers and no cluster",
		Description: checkHelp,
		Before:      needsArguments(1, 0, "the runs to judge"),
		Flags: []cli.Flag{
			outputFlag(formatText, formatJSON),
			&cli.BoolFlag{Name: flagQuiet, Aliases: []string{"q"}, Usage: "print nothing on a pass and one block on anything else"},
		},
		Action: w.check,
	}
}

// check judges every run that was named before it says anything.
func (w World) check(c *cli.Context) error {
	if w.Getenv("GOMEMLIMIT") == "" { // a history of a million operations is judged within a gibibyte
		debug.SetMemoryLimit(checkMemory)
	}
	var runs []judgedAgain
	for _, path := range c.Args().Slice() {
		j, err := judgeAgain(c.Context, path)
		if err != nil {
			return unreadable(path, err)
		}
		runs = append(runs, j)
	}
	if err := w.presentChecks(runs, c.String(flagOutput), c.Bool(flagQuiet)); err != nil {
		return &failure{ExitInconclusive, codeOutput, err}
	}
	if status := verdictStatus(worstOf(runs)); status != ExitPass {
		return &verdict{status}
	}
	return nil
}

func (w World) presentChecks(runs []judgedAgain, format string, quiet bool) error {
	if format == formatJSON {
		return printJSON(w.Stdout, runs)
	}
	var text bytes.Buffer
	for _, j := range runs {
		if quiet && j.Summary.Verdict == metrics.Pass {
			continue
		}
		if text.Len() > 0 {
			text.WriteString("\n")
		}
		if err := w.presentCheck(&text, j, quiet); err != nil {
			return err
		}
	}
	_, err := w.Stdout.Write(text.Bytes())
	return err
}

func (w World) presentCheck(out io.Writer, j judgedAgain, quiet bool) error {
	cycles := 0
	for _, f := range j.Summary.Faults {
		cycles += f.TotalCycles
	}
	style := w.style(j.Summary, runner.Campaign{Dir: j.Run})
	style.Dir = "" // there is nothing new to be read in it
	style.Stored = append(style.Stored, fmt.Sprintf("%s: %d of %d cycles were judged from their history, %d from their line",
		j.Run, j.Histories, cycles, cycles-j.Histories))
	for _, d := range j.Differences {
		style.Stored = append(style.Stored, differenceText(d))
	}
	if quiet {
		return reports.Block(out, j.Summary, style)
	}
	return reports.Text(out, j.Summary, style)
}

// unreadable says that a run that was named cannot be judged.
func unreadable(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &failure{ExitUsage, codeNoRun, fmt.Errorf("there is no run %s: name a campaign's folder or a file of records", path)}
	}
	return &failure{ExitInconclusive, codeNoRun, fmt.Errorf("run %s: %w", path, err)}
}
