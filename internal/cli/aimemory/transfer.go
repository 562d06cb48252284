package aimemory

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func exportCommand() *cli.Command {
	return &cli.Command{Name: "export", Usage: "print all memories and links as JSON", Action: export}
}

func export(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return withMemories(c, func(s session) error { return s.WriteExport(c.Context, c.App.Writer) })
}

func trustFlag() cli.Flag {
	return &cli.BoolFlag{
		Name: "trust-source", DisableDefaultText: true,
		Usage: "keep the agent ids of what is taken in; without it they become yours, and those of before are kept beside",
	}
}

func importCommand() *cli.Command {
	return &cli.Command{
		Name: "import", Usage: "take in from standard input what export has printed", Flags: []cli.Flag{trustFlag()}, Action: importAll,
	}
}

func importAll(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	trusted := c.Bool("trust-source")
	return withMemories(c, func(s session) error {
		done, err := s.ReadImport(c.Context, c.App.Reader, s.agent, trusted)
		if err != nil {
			return failed(err)
		}
		if trusted && !asJSON(c) {
			note(c, "warning: --trust-source: agent_id from imported JSON was preserved as-is")
		}
		if asJSON(c) {
			return printJSON(c, map[string]any{
				"imported": done.Imported, "restamped": done.Restamped, "trusted_source": trusted, "errors": done.Errors,
			})
		}
		if err := printf(c, "imported: %d (restamped agent_id on %d)", done.Imported, done.Restamped); err != nil {
			return err
		}
		for _, e := range done.Errors {
			note(c, "  %s", e)
		}
		return nil
	})
}

func syncCommand() *cli.Command {
	return &cli.Command{
		Name:      "sync",
		Usage:     "make this database and another file the same",
		ArgsUsage: "REMOTE_DB",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name: "direction", Aliases: []string{"d"}, Value: string(server.SyncMerge),
				Usage: "`DIRECTION`: pull takes what the other has, push gives it what this one has, also what is older; merge does both with what is newer",
			},
			trustFlag(),
			&cli.BoolFlag{Name: "dry-run", DisableDefaultText: true, Usage: "only tell what would be done"},
		},
		Action: syncFile,
	}
}

func syncFile(c *cli.Context) error {
	args, err := arguments(c, "REMOTE_DB")
	if err != nil {
		return err
	}
	f := server.FileSync{Remote: args[0], Direction: server.Direction(c.String("direction")), Trusted: c.Bool("trust-source")}
	if err := f.Direction.Validate(); err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		f.Agent = s.agent
		if c.Bool("dry-run") {
			plan, err := s.PlanSync(c.Context, f)
			if err != nil {
				return opening(failed(err))
			}
			return printPlan(c, f.Direction, plan)
		}
		done, err := s.SyncFile(c.Context, f)
		if err != nil {
			return opening(failed(err))
		}
		for _, refused := range done.Refused {
			note(c, "  not taken: %s", refused)
		}
		return printSynced(c, f.Direction, done)
	})
}

func printPlan(c *cli.Context, d server.Direction, plan server.SyncPlan) error {
	if asJSON(c) {
		return printJSON(c, map[string]any{"dry_run": true, "direction": d, "pull": plan.Pull, "push": plan.Push})
	}
	const counts = "%d new, %d update, %d noop, %d links"
	return printf(c, "DRY RUN — no changes written. Direction: %s\n  pull: "+counts+"\n  push: "+counts, d,
		plan.Pull.New, plan.Pull.Update, plan.Pull.Noop, plan.Pull.Links,
		plan.Push.New, plan.Push.Update, plan.Push.Noop, plan.Push.Links)
}

func printSynced(c *cli.Context, d server.Direction, done server.Synced) error {
	result := map[string]any{"direction": d}
	var text string
	switch d {
	case server.SyncPull:
		result["imported"], text = done.Pulled, fmt.Sprintf("pulled %d memories from remote", done.Pulled)
	case server.SyncPush:
		result["exported"], text = done.Pushed, fmt.Sprintf("pushed %d memories to remote", done.Pushed)
	case server.SyncMerge:
		result["pulled"], result["pushed"] = done.Pulled, done.Pushed
		text = fmt.Sprintf("merged: pulled %d, pushed %d", done.Pulled, done.Pushed)
	}
	if asJSON(c) {
		return printJSON(c, result)
	}
	return printLine(c, text)
}

func mineCommand() *cli.Command {
	return &cli.Command{
		Name:      "mine",
		Usage:     "make memories of the conversations in an export of Claude, ChatGPT or Slack",
		ArgsUsage: "PATH",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Usage: "`FORMAT` of the export: claude, chatgpt or slack"},
			namespaceFlag("`NAMESPACE` of the memories; without it FORMAT-export"),
			&cli.StringFlag{Name: "tier", Aliases: []string{"t"}, Usage: "how long they live: `TIER` is short, mid or long", Value: string(server.TierMid)},
			countFlag("min-messages", "leave out conversations of less than `N` messages", 3),
			&cli.BoolFlag{Name: "dry-run", DisableDefaultText: true, Usage: "only tell what would be stored"},
		},
		Action: mine,
	}
}

func mine(c *cli.Context) error {
	args, err := arguments(c, "PATH")
	if err != nil {
		return err
	}
	if err := required(c, "format"); err != nil {
		return err
	}
	m := server.Mining{
		Format: c.String("format"), Path: args[0], Namespace: c.String("namespace"), Tier: server.Tier(c.String("tier")),
		MinMessages: count(c, "min-messages"),
	}
	if !validTier(m.Tier) {
		return invalidTier(m.Tier)
	}
	return withMemories(c, func(s session) error {
		m.Agent = s.agent
		if c.Bool("dry-run") {
			mined, err := s.Prospect(m)
			if err != nil {
				return because(err)
			}
			return printProspect(c, m, mined)
		}
		if _, err := s.Collect(c.Context); err != nil {
			return err
		}
		mined, err := s.Mine(c.Context, m)
		if err != nil {
			return because(failed(err))
		}
		if asJSON(c) {
			return printJSON(c, map[string]any{
				"imported": mined.Imported, "skipped": mined.Skipped, "errors": mined.Errors,
				"total_conversations": mined.Conversations, "namespace": mined.Namespace, "tier": m.Tier,
			})
		}
		return printf(c, "Imported %d memories from %d conversations (skipped: %d, errors: %d)\nNamespace: %s, Tier: %s",
			mined.Imported, mined.Conversations, mined.Skipped, mined.Errors, mined.Namespace, m.Tier)
	})
}

func printProspect(c *cli.Context, m server.Mining, mined server.Mined) error {
	if asJSON(c) {
		memories := []map[string]any{}
		for _, found := range mined.Chosen {
			memories = append(memories, map[string]any{
				"title": found.Title, "content_length": len(found.Content), "messages": found.Messages, "source": found.Source,
			})
		}
		return printPretty(c, map[string]any{
			"dry_run": true, "total_conversations": mined.Conversations, "filtered": len(mined.Chosen), "would_import": len(mined.Chosen),
			"namespace": mined.Namespace, "tier": m.Tier, "memories": memories,
		})
	}
	err := printf(c, "Dry run — no memories will be stored\nTotal conversations found: %d\nAfter filter (>=%d messages): %d\nNamespace: %s\nTier: %s",
		mined.Conversations, m.MinMessages, len(mined.Chosen), mined.Namespace, m.Tier)
	if err != nil {
		return err
	}
	for _, found := range mined.Chosen {
		if err := printf(c, "  %s (%d msgs, %d bytes)", found.Title, found.Messages, len(found.Content)); err != nil {
			return err
		}
	}
	return nil
}
