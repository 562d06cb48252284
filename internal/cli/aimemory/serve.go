package aimemory

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func serveCommand() *cli.Command {
	return &cli.Command{
		Name:   "serve",
		Usage:  "run the HTTP server",
		Flags:  slices.Concat(listenFlags(), accessFlags(), quorumFlags()),
		Action: serve,
	}
}

func listenFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "host", Usage: "`ADDRESS` to listen at; with TLS an IP address", Value: server.DefaultHost},
		&cli.IntFlag{Name: "port", Usage: "`PORT` to listen at; 0 takes a free one", Value: server.DefaultPort},
		countFlag("shutdown-grace-secs", "`SECONDS` that requests under way may take once the server stops", int64(server.DefaultShutdownGrace.Seconds())),
		&cli.BoolFlag{
			Name: "webhook-allow-loopback", DisableDefaultText: true,
			Usage: "let webhooks reach this machine, also at http:// addresses; for development",
		},
	}
}

func accessFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "api-key-file",
			Usage: "`FILE` of the API keys that are accepted, one a line; peers are shown the first. " +
				"It is read again when it changes and at SIGHUP. Without any key everyone is served",
		},
		&cli.StringFlag{
			Name: "api-key",
			Usage: "the API `KEY` that is accepted. Others on this machine can see it in the list of processes: " +
				"better use --api-key-file or the variable " + apiKeyVariable,
		},
		&cli.StringFlag{Name: "tls-cert", Usage: "`FILE` of the server's certificate chain, PEM; turns TLS on"},
		&cli.StringFlag{Name: "tls-key", Usage: "`FILE` of the key of --tls-cert, PEM"},
		&cli.StringFlag{
			Name: "mtls-allowlist", Usage: "`FILE` of SHA-256 fingerprints, one a line, of the client certificates that may connect",
		},
	}
}

func quorumFlags() []cli.Flag {
	return []cli.Flag{
		countFlag("quorum-writes", "`W`: nodes, this one included, that must hold a write before it is acknowledged; 0 turns replication off", 0),
		&cli.StringFlag{Name: "quorum-peers", Usage: "comma list of the other nodes' base `URLS`"},
		countFlag("quorum-timeout-ms", "`MILLISECONDS` a write waits for its copies", server.DefaultQuorumTimeout.Milliseconds()),
		&cli.StringFlag{Name: "quorum-client-cert", Usage: "`FILE` of the certificate that peers are shown, PEM"},
		&cli.StringFlag{Name: "quorum-client-key", Usage: "`FILE` of the key of --quorum-client-cert, PEM"},
		&cli.StringFlag{
			Name: "quorum-ca", Usage: "`FILE` of the authorities that peers' certificates must come from, PEM; without it those of the system",
		},
	}
}

func serve(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	config, err := serveConfig(c, loadConfig(c.App.ErrWriter))
	if err != nil {
		return err
	}
	if err := config.Validate(); err != nil {
		return &usageError{err}
	}
	if config.Rereads() {
		hangUp := make(chan os.Signal, 1)
		signal.Notify(hangUp, syscall.SIGHUP)
		defer signal.Stop(hangUp)
		config.Reread = hangUp
	}
	return stopped(c.Context, server.Serve(c.Context, config, nil))
}

// serveConfig puts together what flags, environment and configuration file say.
func serveConfig(c *cli.Context, file fileConfig) (server.Config, error) {
	config := databaseConfig(c, file)
	config.Host, config.Port = c.String("host"), c.Int("port")
	config.TLSCert, config.TLSKey, config.MTLSAllowlist = c.String("tls-cert"), c.String("tls-key"), c.String("mtls-allowlist")
	config.QuorumWrites = count(c, "quorum-writes")
	config.QuorumTimeout = time.Duration(count(c, "quorum-timeout-ms")) * time.Millisecond
	config.QuorumClientCert, config.QuorumClientKey = c.String("quorum-client-cert"), c.String("quorum-client-key")
	config.QuorumCA = c.String("quorum-ca")
	config.ShutdownGrace = time.Duration(count(c, "shutdown-grace-secs")) * time.Second
	config.WebhookAllowLoopback = c.Bool("webhook-allow-loopback")
	config.Logger = newLogger(c.App.Writer)
	if c.IsSet("quorum-peers") {
		peers := c.String("quorum-peers")
		config.QuorumPeers = &peers
	}
	for _, name := range []string{"tls-cert", "tls-key", "mtls-allowlist", "quorum-client-cert", "quorum-client-key", "quorum-ca"} {
		if c.IsSet(name) && c.String(name) == "" {
			return config, usagef("--%s is empty", name) // taken as absent it would leave the server open
		}
	}
	err := setKeys(c, file, &config)
	return config, err
}
