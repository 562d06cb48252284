package aimemory

import (
	"cmp"
	"net"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

// hooksVariable turns the hooks of what is stored on or off.
const hooksVariable = "AI_MEMORY_AUTONOMOUS_HOOKS"

func mcpCommand() *cli.Command {
	return &cli.Command{
		Name:  "mcp",
		Usage: "serve an AI agent by the Model Context Protocol over standard input and output",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "tier", Value: defaultTier, Usage: "feature `TIER`: keyword, semantic, smart or autonomous; it goes before that of the configuration file"},
			&cli.StringFlag{
				Name:  "http",
				Usage: "serve over streamable HTTP at `ADDRESS` (host:port) in place of standard input and output; any that is not of this machine needs an API key",
			},
			&cli.StringFlag{Name: "api-key-file", Usage: "with --http: `FILE` of the API keys that are accepted, one a line"},
			&cli.BoolFlag{
				Name: "webhook-allow-loopback", DisableDefaultText: true,
				Usage: "let webhooks reach this machine, also at http:// addresses; for development",
			},
		}, modelFlags()),
		Action: serveMCP,
	}
}

func serveMCP(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	file := loadConfig(c.App.ErrWriter)
	asked := c.String("tier")
	if !c.IsSet("tier") {
		asked = cmp.Or(file.Tier, asked)
	}
	tier := featureTier(c, asked)
	config := databaseConfig(c, file)
	config.WebhookAllowLoopback = c.Bool("webhook-allow-loopback")
	config.Logger = newLogger(c.App.ErrWriter)
	m := server.MCP{
		Tier: tier, Agent: rootOf(c).String("agent-id"), Anonymous: anonymous(file), Model: modelOf(c, file, tier), Hooks: file.Hooks,
	}
	if text, set := os.LookupEnv(hooksVariable); set {
		m.Hooks = truthy(text)
	}
	at := c.String("http")
	if err := setKeys(c, file, &config); at != "" && err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // a client that goes away ends the service, and does not kill it: the database is closed
	note(c, "ai-memory: requested tier = %s", tier)
	m.Ready = func(at net.Addr, works string) {
		over := "stdio"
		if at != nil {
			over = "http://" + at.String() + "/mcp"
		}
		note(c, "ai-memory MCP server started (%s, tier=%s)", over, works)
	}
	defer note(c, "ai-memory MCP server stopped")
	if at != "" {
		return stopped(c.Context, server.ListenMCP(c.Context, config, m, at))
	}
	return stopped(c.Context, server.ServeMCP(c.Context, config, m, c.App.Reader, c.App.Writer))
}
