package aimemory

import (
	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func promoteCommand() *cli.Command {
	return &cli.Command{
		Name:      "promote",
		Usage:     "make a memory long-term, or copy it into a namespace above its own",
		ArgsUsage: "ID",
		Flags:     []cli.Flag{&cli.StringFlag{Name: "to-namespace", Usage: "copy it into `NAMESPACE`"}},
		Action:    promote,
	}
}

func promote(c *cli.Context) error {
	args, err := arguments(c, "ID")
	if err != nil {
		return err
	}
	to := optional(c, "to-namespace")
	return withMemories(c, func(s session) error {
		p, err := s.Promote(c.Context, args[0], s.agent, to)
		switch {
		case err != nil:
			return failedOn(args[0], err)
		case p.Queued != nil:
			return printQueued(c, *p.Queued)
		case to != nil && asJSON(c):
			return printJSON(c, map[string]any{
				"promoted": true, "mode": "vertical", "source_id": p.Source, "clone_id": p.Memory.ID, "to_namespace": *to,
			})
		case to != nil:
			return printf(c, "promoted (vertical): %s → %s (clone: %s)", short(p.Source), *to, short(p.Memory.ID))
		case asJSON(c):
			return printJSON(c, map[string]any{"promoted": true, "id": p.Source, "tier": server.TierLong})
		}
		return printLine(c, "promoted to long-term: "+p.Source)
	})
}
