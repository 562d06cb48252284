package aimemory

import (
	"slices"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func searchCommand() *cli.Command {
	return &cli.Command{
		Name:      "search",
		Usage:     "find memories that hold all words of a query",
		ArgsUsage: "QUERY",
		Flags: slices.Concat(filterFlags(), []cli.Flag{
			tierFlag("only of a tier"), limitFlag(defaultListed), agentFilterFlag(), asAgentFlag(),
		}),
		Action: search,
	}
}

func asAgentFlag() cli.Flag {
	return &cli.StringFlag{Name: "as-agent", Usage: "only what the agent of the namespace `AS_AGENT` may see"}
}

func search(c *cli.Context) error {
	args, err := arguments(c, "QUERY")
	if err != nil {
		return err
	}
	q := server.SearchQuery{Query: query(c), Text: args[0], AsAgent: optional(c, "as-agent")}
	q.Tier, q.AgentID = knownTier(c), agentFilter(c)
	return withMemories(c, func(s session) error {
		if _, err := s.Collect(c.Context); err != nil {
			return err
		}
		found, err := s.searched(c, q)
		if err != nil {
			return failed(err)
		}
		return printResults(c, q.Text, found)
	})
}

// printResults prints what a search for a text has found.
func printResults(c *cli.Context, text string, found []server.Memory) error {
	switch {
	case asJSON(c):
		return printJSON(c, map[string]any{"results": append([]server.Memory{}, found...), "count": len(found)})
	case len(found) == 0:
		note(c, "no results for: %s", text)
		return nil
	}
	return printMemories(c, found, "%d result(s)")
}

// searched are the results of a search; nothing is found by nothing.
func (s session) searched(c *cli.Context, q server.SearchQuery) ([]server.Memory, error) {
	if blank(q.Text) {
		return nil, asAgent(q.AsAgent)
	}
	return s.Search(c.Context, q)
}

// asAgent checks whose eyes a search is to be seen with.
func asAgent(namespace *string) error {
	if namespace == nil {
		return nil
	}
	return server.ValidateAsAgent(*namespace)
}
