package aimemory

import "github.com/urfave/cli/v2"

func resolveCommand() *cli.Command {
	return &cli.Command{
		Name: "resolve", Usage: "say that a memory supersedes another", ArgsUsage: "WINNER_ID LOSER_ID", Action: resolve,
	}
}

func resolve(c *cli.Context) error {
	args, err := arguments(c, "WINNER_ID", "LOSER_ID")
	if err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		_, err := s.Resolve(c.Context, args[0], args[1], s.agent)
		switch {
		case err != nil:
			return failed(err)
		case asJSON(c):
			return printJSON(c, map[string]any{"resolved": true, "winner": args[0], "loser": args[1]})
		}
		return printf(c, "resolved: %s supersedes %s", args[0], args[1])
	})
}
