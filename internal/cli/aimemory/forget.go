package aimemory

import (
	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func forgetCommand() *cli.Command {
	return &cli.Command{
		Name:  "forget",
		Usage: "take all memories that fit out into the archive",
		Flags: []cli.Flag{
			namespaceFlag("those of `NAMESPACE`"),
			&cli.StringFlag{Name: "pattern", Aliases: []string{"p"}, Usage: "those with any word of `PATTERN`"},
			tierFlag("those of a tier"),
		},
		Action: forget,
	}
}

func forget(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	f := server.Forget{Namespace: optional(c, "namespace"), Pattern: optional(c, "pattern"), Tier: knownTier(c)}
	if c.IsSet("tier") && f.Tier == nil { // taken as absent it would select more than was meant
		return usagef("invalid value '%s' for '--tier': use short, mid or long", c.String("tier"))
	}
	if f.Namespace == nil && f.Pattern == nil && f.Tier == nil {
		return plainf("error: at least one of namespace, pattern, or tier is required")
	}
	return withMemories(c, func(s session) error {
		f.Caller = s.agent
		forgotten, err := s.Forget(c.Context, f)
		if err != nil {
			return failed(err)
		}
		if n := len(forgotten.Queued); n > 0 {
			note(c, "%d memories wait for approval", n)
		}
		if asJSON(c) {
			return printJSON(c, map[string]any{"deleted": forgotten.Count})
		}
		return printf(c, "forgot %d memories", forgotten.Count)
	})
}
