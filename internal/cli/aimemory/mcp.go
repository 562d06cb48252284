package aimemory

import (
	"os"
	"slices"

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
			&cli.StringFlag{Name: "tier", Value: defaultTier, Usage: "feature `TIER`: keyword, semantic, smart or autonomous"},
			&cli.StringFlag{
				Name:  "http",
				Usage: "serve over streamable HTTP at `ADDRESS` (host:port) in place of standard input and output; any that is not of this machine needs an API key",
			},
			&cli.StringFlag{Name: "api-key-file", Usage: "with --http: `FILE` of the API keys that are accepted, one a line"},
		}, modelFlags()),
		Action: serveMCP,
	}
}

func serveMCP(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	file := loadConfig(c.App.ErrWriter)
	tier := featureTier(c, c.String("tier"))
	config := databaseConfig(c, file)
	config.Logger = newLogger(c.App.ErrWriter)
	m := server.MCP{
		Tier: tier, Agent: rootOf(c).String("agent-id"), Anonymous: anonymous(file), Model: modelOf(c, file, tier), Hooks: file.Hooks,
	}
	if text, set := os.LookupEnv(hooksVariable); set {
		m.Hooks = truthy(text)
	}
	note(c, "ai-memory: requested tier = %s", tier)
	if at := c.String("http"); at != "" {
		if err := setKeys(c, file, &config); err != nil {
			return err
		}
		return opening(server.ListenMCP(c.Context, config, m, at, nil))
	}
	note(c, "ai-memory MCP server started (stdio, tier=%s)", "keyword")
	defer note(c, "ai-memory MCP server stopped")
	return opening(server.ServeMCP(c.Context, config, m, c.App.Reader, c.App.Writer))
}
