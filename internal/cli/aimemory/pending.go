package aimemory

import (
	"errors"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func pendingCommand() *cli.Command {
	return &cli.Command{
		Name:   "pending",
		Usage:  "look at what waits for approval, and decide it",
		Action: func(c *cli.Context) error { return needsSubcommand(c, "ai-memory pending") },
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list what waits, or waited, newest first", Action: pendingList,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "status", Usage: "only of `STATUS`: pending, approved or rejected"}, limitFlag(100),
				},
			},
			{Name: "approve", Usage: "approve an action, or vote for it", ArgsUsage: "ID", Action: pendingApprove},
			{Name: "reject", Usage: "decide that an action is not done", ArgsUsage: "ID", Action: pendingReject},
		},
	}
}

func pendingList(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		found, err := s.Pending(c.Context, optional(c, "status"), count(c, "limit"))
		if err != nil {
			return failed(err)
		}
		if asJSON(c) {
			shown := []server.PendingAction{}
			for _, p := range found {
				shown = append(shown, p.WithoutNodes())
			}
			return printJSON(c, map[string]any{"count": len(shown), "pending": shown})
		}
		if len(found) == 0 {
			return printLine(c, "no pending actions")
		}
		for _, p := range found {
			err := printf(c, "[%s] %s ns=%s action=%s by=%s (%s)",
				short(p.ID), p.Status, p.Namespace, p.ActionType, p.RequestedBy, p.RequestedAt)
			if err != nil {
				return err
			}
		}
		return printf(c, "%d pending action(s)", len(found))
	})
}

func pendingApprove(c *cli.Context) error {
	args, err := arguments(c, "ID")
	if err != nil {
		return err
	}
	id := args[0]
	return withMemories(c, func(s session) error {
		d, err := s.Approve(c.Context, id, s.agent)
		var refused *server.Refused
		switch {
		case errors.As(err, &refused):
			return &plainError{refused.Error()}
		case err != nil:
			return failed(err)
		case !d.Done && asJSON(c):
			return printJSON(c, map[string]any{
				"approved": false, "status": "pending", "id": id, "votes": d.Votes, "quorum": d.Needed,
				"reason": "consensus threshold not yet reached",
			})
		case !d.Done:
			return printf(c, "approval recorded: %s (%d/%d consensus, not yet met)", id, d.Votes, d.Needed)
		case asJSON(c):
			var memory *string
			if d.MemoryID != "" {
				memory = &d.MemoryID
			}
			return printJSON(c, map[string]any{
				"approved": true, "id": id, "decided_by": d.By, "executed": true, "memory_id": memory,
			})
		}
		return printf(c, "approved + executed: %s (by %s)", id, d.By)
	})
}

func pendingReject(c *cli.Context) error {
	args, err := arguments(c, "ID")
	if err != nil {
		return err
	}
	id := args[0]
	return withMemories(c, func(s session) error {
		d, err := s.Reject(c.Context, id, s.agent)
		switch {
		case errors.Is(err, server.ErrNotPending):
			return plainf("pending action not found or already decided: %s", id)
		case err != nil:
			return failed(err)
		case asJSON(c):
			return printJSON(c, map[string]any{"rejected": true, "id": id, "decided_by": d.By})
		}
		return printf(c, "rejected: %s (by %s)", id, d.By)
	})
}
