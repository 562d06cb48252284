package chaosctl

import (
	"errors"

	"github.com/urfave/cli/v2"

	"chaosctl/runner"
)

// shardCommand is the other side of runner.Sandboxed: chaosctl starts itself with it.
func shardCommand(w World) *cli.Command {
	return &cli.Command{
		Name:   runner.ShardCommand,
		Usage:  "run the cycles that are told on stdin (chaosctl starts this itself)",
		Hidden: true,
		Action: func(c *cli.Context) error {
			ctx, stop := w.untilSignal(c.Context)
			defer stop()
			return runner.ServeShard(ctx, w.Stdin, w.Stdout)
		},
	}
}

// idleCommand is a node on which doctor tries faults: it listens, and reaches out to its peers.
func idleCommand(w World) *cli.Command {
	return &cli.Command{
		Name:   runner.IdleCommand,
		Usage:  "be a node on which doctor tries faults (chaosctl starts this itself)",
		Hidden: true,
		Before: func(c *cli.Context) error {
			if !c.Args().Present() {
				return usage(errors.New("give the address to listen on, then those of the peers"))
			}
			return nil
		},
		Action: func(c *cli.Context) error {
			ctx, stop := w.untilSignal(c.Context)
			defer stop()
			return runner.ServeIdle(ctx, c.Args().First(), c.Args().Tail())
		},
	}
}
