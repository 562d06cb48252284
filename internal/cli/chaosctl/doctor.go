package chaosctl

import (
	"github.com/urfave/cli/v2"

	"chaosctl/runner"
)

func doctorCommand(w World) *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "tell which faults this host can inject, found by trying, and what would help",
		Description: `EXAMPLES
   chaosctl doctor
   chaosctl doctor --output json

EXIT STATUS
   0 every fault is possible   3 some are not   4 none is`,
		Flags: []cli.Flag{outputFlag(formatText, formatJSON)},
		Action: func(c *cli.Context) error {
			possible := runner.Doctor(c.Context, w.Executable)
			if err := w.printPossible(possible, c.String(flagOutput)); err != nil {
				return err
			}
			return doctorVerdict(possible)
		},
	}
}

func (w World) printPossible(possible []runner.Possible, format string) error {
	if format == formatJSON {
		return printJSON(w.Stdout, possible)
	}
	var rows [][]string
	for _, p := range possible {
		answer := "no"
		if p.OK {
			answer = "yes"
		}
		rows = append(rows, []string{p.Fault, answer, orDash(p.Why), orDash(p.Fix)})
	}
	return printTable(w.Stdout, []string{"FAULT", "POSSIBLE", "WHY", "WHAT WOULD HELP"}, rows)
}

func orDash(text string) string {
	if text == "" {
		return unknown
	}
	return oneLine(text)
}

// doctorVerdict ends doctor with a status that scripts can ask for.
func doctorVerdict(possible []runner.Possible) error {
	able := 0
	for _, p := range possible {
		if p.OK {
			able++
		}
	}
	switch able {
	case len(possible):
		return nil
	case 0:
		return &verdict{ExitRefused}
	}
	return &verdict{ExitInconclusive}
}
