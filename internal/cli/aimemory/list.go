package aimemory

import (
	"slices"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func listCommand() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list memories, by priority",
		Flags: slices.Concat(filterFlags(), []cli.Flag{
			tierFlag("only of a tier"), limitFlag(defaultListed), offsetFlag(), agentFilterFlag(),
		}),
		Action: list,
	}
}

// defaultListed is how many memories a list or a search has, unless it is told how many.
const defaultListed = 20

func agentFilterFlag() cli.Flag {
	return &cli.StringFlag{Name: "agent-id", Usage: "only what `AGENT_ID` has stored"}
}

func list(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	q := query(c)
	q.Tier, q.AgentID = knownTier(c), agentFilter(c)
	return withMemories(c, func(s session) error {
		if _, err := s.Collect(c.Context); err != nil {
			return err
		}
		found, err := s.List(c.Context, q)
		if err != nil {
			return failed(err)
		}
		return printListed(c, found)
	})
}

// printListed prints what a list has.
func printListed(c *cli.Context, found []server.Memory) error {
	switch {
	case asJSON(c):
		return printJSON(c, map[string]any{"memories": append([]server.Memory{}, found...), "count": len(found)})
	case len(found) == 0:
		note(c, "no memories stored")
		return nil
	}
	return printMemories(c, found, "%d memory(ies)")
}

// printMemories prints a line a memory, and how many there are.
func printMemories(c *cli.Context, memories []server.Memory, total string) error {
	colours := coloured(c.App.Writer)
	for _, m := range memories {
		if err := printLine(c, line(m, colours)); err != nil {
			return err
		}
	}
	return printf(c, "\n"+total, len(memories))
}
