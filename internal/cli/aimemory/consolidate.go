package aimemory

import (
	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func consolidateCommand() *cli.Command {
	return &cli.Command{
		Name:      "consolidate",
		Usage:     "make one memory of several, which are deleted",
		ArgsUsage: "IDS",
		Flags: []cli.Flag{
			titleFlag("`TITLE` of the new memory"),
			&cli.StringFlag{Name: "summary", Aliases: []string{"s"}, Usage: "its content: `SUMMARY`"},
			namespaceFlag("its `NAMESPACE`; without it that of the git repository, or of the directory"),
		},
		Action: consolidate,
	}
}

func consolidate(c *cli.Context) error {
	args, err := arguments(c, "IDS")
	if err != nil {
		return err
	}
	if err := required(c, "title", "summary"); err != nil {
		return err
	}
	namespace := c.String("namespace")
	if !c.IsSet("namespace") {
		namespace = defaultNamespace(c.Context)
	}
	return withMemories(c, func(s session) error {
		ids := commaList(args[0])
		done, err := s.Consolidate(c.Context, server.Consolidation{
			IDs: ids, Title: c.String("title"), Summary: c.String("summary"), Namespace: namespace,
			Tier: server.TierLong, Source: server.SourceCLI, Caller: s.agent,
		})
		switch {
		case err != nil:
			return failed(err)
		case asJSON(c):
			return printJSON(c, map[string]any{"id": done.Memory.ID, "consolidated": len(ids)})
		}
		return printf(c, "consolidated %d memories into: %s", len(ids), done.Memory.ID)
	})
}
