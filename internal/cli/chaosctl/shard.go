package chaosctl

import (
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
