package aimemory

import (
	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func autoConsolidateCommand() *cli.Command {
	return &cli.Command{
		Name:  "auto-consolidate",
		Usage: "make one memory of each group of memories that have a tag in common",
		Flags: []cli.Flag{
			namespaceFlag("only of `NAMESPACE`"),
			&cli.BoolFlag{Name: "short-only", DisableDefaultText: true, Usage: "only memories of tier short"},
			countFlag("min-count", "leave groups of less than `N` memories", 3),
			&cli.BoolFlag{Name: "dry-run", DisableDefaultText: true, Usage: "only tell what would be consolidated"},
		},
		Action: autoConsolidate,
	}
}

func autoConsolidate(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	g := server.Grouping{Namespace: optional(c, "namespace"), ShortOnly: c.Bool("short-only"), MinCount: count(c, "min-count")}
	return withMemories(c, func(s session) error {
		g.Caller = s.agent
		if c.Bool("dry-run") {
			groups, err := s.Groups(c.Context, g)
			if err != nil {
				return failed(err)
			}
			return printGroups(c, groups)
		}
		n, err := s.AutoConsolidate(c.Context, g)
		switch {
		case err != nil:
			return failed(err)
		case asJSON(c):
			return printJSON(c, map[string]any{"consolidated": n})
		}
		return printf(c, "auto-consolidated %d memories", n)
	})
}

// untagged stands for the tag of memories that have none.
const untagged = "_untagged"

func printGroups(c *cli.Context, groups []server.Group) error {
	if asJSON(c) {
		out := []any{}
		for _, g := range groups {
			titles := []string{}
			for _, m := range g.Members {
				titles = append(titles, m.Title)
			}
			out = append(out, map[string]any{"namespace": g.Namespace, "tag": tagOf(g), "count": len(g.Members), "titles": titles})
		}
		return printJSON(c, map[string]any{"dry_run": true, "groups": out})
	}
	if err := printLine(c, "dry run — would consolidate:"); err != nil {
		return err
	}
	for _, g := range groups {
		if err := printf(c, "  %q [%q]: %d memories", g.Namespace, tagOf(g), len(g.Members)); err != nil {
			return err
		}
	}
	return nil
}

func tagOf(g server.Group) string {
	if g.Tag == "" {
		return untagged
	}
	return g.Tag
}
