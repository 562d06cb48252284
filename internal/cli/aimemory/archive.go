package aimemory

import (
	"errors"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func archiveCommand() *cli.Command {
	return &cli.Command{
		Name:   "archive",
		Usage:  "look at what was taken out, bring it back, or delete it for ever",
		Action: func(c *cli.Context) error { return needsSubcommand(c, "ai-memory archive") },
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list what was taken out, last first", Action: archiveList,
				Flags: []cli.Flag{namespaceFlag("only of `NAMESPACE`"), limitFlag(50), offsetFlag()},
			},
			{Name: "restore", Usage: "bring a memory back", ArgsUsage: "ID", Action: archiveRestore},
			{
				Name: "purge", Usage: "delete what was taken out for ever", Action: archivePurge,
				Flags: []cli.Flag{integerFlag("older-than-days", "only what was taken out more than `DAYS` ago")},
			},
			{Name: "stats", Usage: "count what was taken out", Action: archiveStats},
		},
	}
}

func archiveList(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		found, err := s.Archive(c.Context, optional(c, "namespace"), count(c, "limit"), count(c, "offset"))
		if err != nil {
			return failed(err)
		}
		if asJSON(c) {
			rows := []server.ArchivedRow{}
			for _, m := range found {
				rows = append(rows, m.Row())
			}
			return printJSON(c, map[string]any{"archived": rows, "count": len(rows)})
		}
		if len(found) == 0 {
			return printLine(c, "no archived memories")
		}
		for _, m := range found {
			if err := printf(c, "[%s] %s (archived: %s)", short(m.ID), m.Title, m.ArchivedAt); err != nil {
				return err
			}
		}
		return printf(c, "%d archived memories", len(found))
	})
}

func archiveRestore(c *cli.Context) error {
	args, err := arguments(c, "ID")
	if err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		_, err := s.Restore(c.Context, args[0], s.agent)
		missing := errors.Is(err, server.ErrNotArchived)
		switch {
		case err != nil && !missing:
			return failed(err)
		case asJSON(c):
			return printJSON(c, map[string]any{"restored": !missing, "id": args[0]})
		case missing:
			return plainf("not found in archive: %s", args[0])
		}
		return printLine(c, "restored: "+short(args[0]))
	})
}

func archivePurge(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	days := optionalInteger(c, "older-than-days")
	return withMemories(c, func(s session) error {
		purged, err := s.Purge(c.Context, days)
		switch {
		case err != nil:
			return failed(err)
		case asJSON(c):
			return printJSON(c, map[string]any{"purged": purged.Count})
		}
		return printf(c, "purged %d archived memories", purged.Count)
	})
}

func archiveStats(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		total, by, err := s.ArchiveStats(c.Context)
		switch {
		case err != nil:
			return failed(err)
		case asJSON(c):
			return printJSON(c, map[string]any{"archived_total": total, "by_namespace": counts(by, "namespace")})
		}
		if err := printf(c, "archived: %d total", total); err != nil {
			return err
		}
		for _, n := range by {
			if err := printf(c, "  %s: %d", n.Name, n.Count); err != nil {
				return err
			}
		}
		return nil
	})
}
