package aimemory

import (
	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func namespacesCommand() *cli.Command {
	return &cli.Command{Name: "namespaces", Usage: "count memories by namespace", Action: namespaces}
}

func namespaces(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		found, err := s.Namespaces(c.Context)
		if err != nil {
			return failed(err)
		}
		return printNamespaces(c, found)
	})
}

func printNamespaces(c *cli.Context, found []server.Count) error {
	switch {
	case asJSON(c):
		return printJSON(c, map[string]any{"namespaces": counts(found, "namespace")})
	case len(found) == 0:
		note(c, "no namespaces")
		return nil
	}
	for _, n := range found {
		if err := printf(c, "  %s: %d memories", n.Name, n.Count); err != nil {
			return err
		}
	}
	return nil
}
