package aimemory

import (
	"errors"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

const (
	defaultSyncInterval = 2   // seconds
	defaultSyncBatch    = 500 // changes
)

func syncDaemonCommand() *cli.Command {
	return &cli.Command{
		Name:  "sync-daemon",
		Usage: "keep a database and other servers the same",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "peers", Usage: "comma list of the servers' base `URLS`"},
			countFlag("interval", "`SECONDS` between two exchanges, at least 1", defaultSyncInterval),
			countFlag("batch-size", "`CHANGES` in one page, at least 1", defaultSyncBatch),
			&cli.StringFlag{Name: "api-key-file", Usage: "`FILE` whose first line is the API key the servers are shown"},
			&cli.StringFlag{
				Name:  "api-key",
				Usage: "the API `KEY` the servers are shown. Others on this machine can see it: better use --api-key-file or the variable " + apiKeyVariable,
			},
			&cli.StringFlag{Name: "client-cert", Usage: "`FILE` of the certificate the servers are shown, PEM"},
			&cli.StringFlag{Name: "client-key", Usage: "`FILE` of the key of --client-cert, PEM"},
			&cli.StringFlag{Name: "ca", Usage: "`FILE` of the authorities that the servers' certificates must come from, PEM"},
			&cli.BoolFlag{
				Name: "insecure-skip-server-verify", DisableDefaultText: true,
				Usage: "take any certificate of a server: whoever is in between can read and change everything",
			},
		},
		Action: syncDaemon,
	}
}

func syncDaemon(c *cli.Context) error {
	switch err := noArguments(c); {
	case err != nil:
		return err
	case !c.IsSet("peers"):
		return errors.New("at least one --peers URL is required")
	case strings.TrimSpace(c.String("peers")) == "":
		return usagef("--peers is empty; give the base URLs of servers, such as http://10.0.0.2:9077, separated by commas")
	case c.IsSet("client-cert") != c.IsSet("client-key"):
		return usagef("--client-cert and --client-key are given together or not at all")
	}
	file := loadConfig(c.App.ErrWriter)
	peers := c.String("peers")
	config := server.Config{
		DB:               databaseOf(c, file),
		QuorumWrites:     1,
		QuorumPeers:      &peers,
		QuorumClientCert: c.String("client-cert"),
		QuorumClientKey:  c.String("client-key"),
		QuorumCA:         c.String("ca"),
		AnyPeerCert:      c.Bool("insecure-skip-server-verify"),
		Logger:           newLogger(c.App.Writer),
	}
	if err := setKeys(c, file, &config); err != nil {
		return err
	}
	if err := config.Validate(); err != nil {
		return &usageError{err}
	}
	interval := time.Duration(max(1, count(c, "interval"))) * time.Second
	page := max(1, count(c, "batch-size"))
	return stopped(c.Context, server.Follow(c.Context, config, interval, page))
}
