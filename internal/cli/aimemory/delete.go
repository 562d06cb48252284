package aimemory

import "github.com/urfave/cli/v2"

func deleteCommand() *cli.Command {
	return &cli.Command{Name: "delete", Usage: "delete a memory for ever", ArgsUsage: "ID", Action: remove}
}

func remove(c *cli.Context) error {
	args, err := arguments(c, "ID")
	if err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		deleted, err := s.Delete(c.Context, args[0], s.agent)
		switch {
		case err != nil:
			return failedOn(args[0], err)
		case deleted.Queued != nil:
			return printQueued(c, *deleted.Queued)
		case asJSON(c):
			return printJSON(c, map[string]any{"deleted": true, "id": deleted.ID})
		}
		return printLine(c, "deleted: "+deleted.ID)
	})
}
