package aimemory

import (
	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func getCommand() *cli.Command {
	return &cli.Command{Name: "get", Usage: "print a memory and its links", ArgsUsage: "ID", Action: get}
}

func get(c *cli.Context) error {
	args, err := arguments(c, "ID")
	if err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		m, err := s.Get(c.Context, args[0])
		if err != nil {
			return failedOn(args[0], err)
		}
		links, err := s.Links(c.Context, m.ID)
		if err != nil {
			return failed(err)
		}
		return printMemory(c, m, links)
	})
}

// printMemory prints a memory and its links.
func printMemory(c *cli.Context, m server.Memory, links []server.Link) error {
	if asJSON(c) {
		return printJSON(c, map[string]any{"memory": m, "links": append([]server.Link{}, links...)})
	}
	if err := printPretty(c, m); err != nil || len(links) == 0 {
		return err
	}
	if err := printLine(c, "\nlinks:"); err != nil {
		return err
	}
	for _, l := range links {
		if err := printf(c, "  %s --[%s]--> %s", l.SourceID, l.Relation, l.TargetID); err != nil {
			return err
		}
	}
	return nil
}
