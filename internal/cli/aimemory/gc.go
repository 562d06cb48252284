package aimemory

import "github.com/urfave/cli/v2"

func gcCommand() *cli.Command {
	return &cli.Command{Name: "gc", Usage: "take out what has expired", Action: gc}
}

func gc(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		collected, err := s.Collect(c.Context)
		switch {
		case err != nil:
			return failed(err)
		case asJSON(c):
			return printJSON(c, map[string]any{"expired_deleted": collected.Count})
		}
		return printf(c, "expired memories deleted: %d", collected.Count)
	})
}
