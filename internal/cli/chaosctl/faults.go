package chaosctl

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"chaosctl/faults"
)

func faultsCommand(w World) *cli.Command {
	return &cli.Command{
		Name:  "faults",
		Usage: "list the faults, their parameters and what they need",
		Description: `EXAMPLES
   chaosctl faults
   chaosctl faults --output json | jq -r '.[].name'`,
		Flags: []cli.Flag{outputFlag(formatText, formatJSON)},
		Action: func(c *cli.Context) error {
			var specs []faults.Spec
			for _, kind := range faults.Builtin() {
				specs = append(specs, kind.Spec)
			}
			if c.String(flagOutput) == formatJSON {
				return printJSON(w.Stdout, describeFaults(specs))
			}
			return printFaults(w.Stdout, specs)
		},
	}
}

// faultDescription is a fault as programs read it.
type faultDescription struct {
	Name     string                 `json:"name"`
	Aliases  []string               `json:"aliases"`
	Summary  string                 `json:"summary"`
	Params   []parameterDescription `json:"params"`
	Needs    []string               `json:"needs"`
	Conflict string                 `json:"conflict_key"`
}

type parameterDescription struct {
	Name    string `json:"name"`
	Default string `json:"default"`
	Range   string `json:"range"`
	Help    string `json:"help"`
}

func describeFaults(specs []faults.Spec) []faultDescription {
	all := []faultDescription{}
	for _, s := range specs {
		d := faultDescription{
			Name: s.Name, Aliases: append([]string{}, s.Aliases...), Summary: s.Summary,
			Params: []parameterDescription{}, Needs: append([]string{}, s.Needs...), Conflict: s.ConflictKey,
		}
		for _, p := range s.Params {
			d.Params = append(d.Params, parameterDescription(p))
		}
		all = append(all, d)
	}
	return all
}

func printFaults(out io.Writer, specs []faults.Spec) error {
	var kinds, params [][]string
	for _, s := range specs {
		kinds = append(kinds, []string{s.Name, dash(s.Aliases), dash(s.Needs), s.Summary})
		for _, p := range s.Params {
			params = append(params, []string{s.Name, p.Name, p.Default, p.Range, p.Help})
		}
	}
	if err := printTable(out, []string{"FAULT", "ALSO CALLED", "NEEDS", "WHAT IT DOES"}, kinds); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	return printTable(out, []string{"FAULT", "PARAMETER", "DEFAULT", "ACCEPTS", "MEANS"}, params)
}

func dash(words []string) string {
	if len(words) == 0 {
		return unknown
	}
	return strings.Join(words, "; ")
}

func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
