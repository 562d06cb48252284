package aimemory

import (
	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

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
		if err != nil {
			return failedOn(args[0], err)
		}
		return printDeleted(c, deleted)
	})
}

func printDeleted(c *cli.Context, deleted server.Deleted) error {
	switch {
	case deleted.Queued != nil:
		return printQueued(c, *deleted.Queued)
	case asJSON(c):
		return printJSON(c, map[string]any{"deleted": true, "id": deleted.ID})
	}
	return printLine(c, "deleted: "+deleted.ID)
}
