package aimemory

import (
	"strings"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func linkCommand() *cli.Command {
	relations := server.Relations()
	return &cli.Command{
		Name:      "link",
		Usage:     "say how a memory relates to another",
		ArgsUsage: "SOURCE_ID TARGET_ID",
		Flags: []cli.Flag{&cli.StringFlag{
			Name: "relation", Aliases: []string{"r"}, Value: relations[0], Usage: "`RELATION`: " + strings.Join(relations, ", "),
		}},
		Action: link,
	}
}

func link(c *cli.Context) error {
	args, err := arguments(c, "SOURCE_ID", "TARGET_ID")
	if err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		linked, err := s.Link(c.Context, args[0], args[1], c.String("relation"), s.agent)
		switch {
		case err != nil:
			return failed(err)
		case asJSON(c):
			return printJSON(c, map[string]any{"linked": true})
		}
		l := linked.Link
		return printf(c, "linked: %s --[%s]--> %s", l.SourceID, l.Relation, l.TargetID)
	})
}
