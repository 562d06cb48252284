package aimemory

import (
	"time"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

const defaultDB = server.DefaultDB

func serveCommand() *cli.Command {
	return &cli.Command{
		Name:  "serve",
		Usage: "run the HTTP server",
		Flags: []cli.Flag{
			databaseFlag(),
			&cli.StringFlag{Name: "host", Usage: "`ADDRESS` to listen at", Value: server.DefaultHost},
			&cli.IntFlag{Name: "port", Usage: "`PORT` to listen at; 0 takes a free one", Value: server.DefaultPort},
			&cli.UintFlag{
				Name:  "quorum-writes",
				Usage: "`W`: nodes, this one included, that must hold a write before it is acknowledged; 0 turns replication off",
			},
			&cli.StringFlag{Name: "quorum-peers", Usage: "comma list of the other nodes' base `URLS`"},
			&cli.UintFlag{
				Name: "quorum-timeout-ms", Usage: "`MILLISECONDS` a write waits for its copies",
				Value: uint(server.DefaultQuorumTimeout.Milliseconds()),
			},
			&cli.UintFlag{
				Name: "shutdown-grace-secs", Usage: "`SECONDS` that requests under way may take once the server stops",
				Value: uint(server.DefaultShutdownGrace.Seconds()),
			},
		},
		OnUsageError: onUsageError,
		Action:       serve,
	}
}

func serve(c *cli.Context) error {
	if c.NArg() > 0 {
		return usagef("unexpected argument '%s'", c.Args().First())
	}
	config := server.Config{
		DB:            database(c),
		Host:          c.String("host"),
		Port:          c.Int("port"),
		QuorumWrites:  int(min(c.Uint("quorum-writes"), maxCount)),
		QuorumTimeout: time.Duration(min(c.Uint("quorum-timeout-ms"), maxCount)) * time.Millisecond,
		ShutdownGrace: time.Duration(min(c.Uint("shutdown-grace-secs"), maxCount)) * time.Second,
		Logger:        newLogger(c.App.Writer),
	}
	if c.IsSet("quorum-peers") {
		peers := c.String("quorum-peers")
		config.QuorumPeers = &peers
	}
	if err := config.Validate(); err != nil {
		return &usageError{err}
	}
	return server.Serve(c.Context, config, nil)
}

// maxCount keeps counts from overflowing a duration.
const maxCount = 1_000_000_000
