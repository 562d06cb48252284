package chaosctl

import (
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"chaosctl/internal/buildinfo"
)

func versionCommand(w World) *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print which build this is",
		Flags: []cli.Flag{outputFlag(formatText, formatJSON)},
		Action: func(c *cli.Context) error {
			info := buildinfo.Read()
			if c.String(flagOutput) == formatJSON {
				return json.NewEncoder(w.Stdout).Encode(info)
			}
			_, err := fmt.Fprintln(w.Stdout, "chaosctl", info)
			return err
		},
	}
}
