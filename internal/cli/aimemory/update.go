package aimemory

import (
	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func updateCommand() *cli.Command {
	return &cli.Command{
		Name:      "update",
		Usage:     "change a memory",
		ArgsUsage: "ID",
		Flags: []cli.Flag{
			titleFlag("new `TITLE`"),
			&cli.StringFlag{Name: "content", Aliases: []string{"c"}, Usage: "new `CONTENT`"},
			tierFlag("how long it lives, never less than now"),
			namespaceFlag("new `NAMESPACE`"),
			&cli.StringFlag{Name: "tags", Usage: "new `TAGS`, a comma list; an empty one removes all"},
			priorityFlag("new `PRIORITY`, 1 to 10", 0),
			confidenceFlag("new `CONFIDENCE`, 0 to 1", &decimal{}),
			&cli.StringFlag{Name: "expires-at", Usage: "when it expires: `TIME`, RFC 3339, also a past one; an empty one for never"},
		},
		Action: update,
	}
}

func update(c *cli.Context) error {
	args, err := arguments(c, "ID")
	if err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		updated, err := s.Update(c.Context, args[0], readPatch(c), s.agent)
		switch {
		case err != nil:
			return failedOn(args[0], err)
		case updated.Queued != nil:
			return printQueued(c, *updated.Queued)
		case asJSON(c):
			return printJSON(c, updated.Memory)
		}
		return printf(c, "updated: %s [%s]", updated.Memory.ID, updated.Memory.Title)
	})
}

// readPatch reads the flags of update.
func readPatch(c *cli.Context) server.Patch {
	p := server.Patch{
		Title: optional(c, "title"), Content: optional(c, "content"), Namespace: optional(c, "namespace"),
		Tier: knownTier(c), Confidence: fraction(c, "confidence"), ExpiresAt: optional(c, "expires-at"),
	}
	if c.IsSet("tags") {
		p.Tags = append([]string{}, commaList(c.String("tags"))...)
	}
	if c.IsSet("priority") {
		n := priority(c)
		p.Priority = &n
	}
	if p.ExpiresAt != nil && *p.ExpiresAt == "" {
		p.ExpiresAt, p.NoExpiry = nil, true
	}
	return p
}
