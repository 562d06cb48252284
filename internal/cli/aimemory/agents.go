package aimemory

import (
	"strings"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func agentsCommand() *cli.Command {
	return &cli.Command{
		Name:   "agents",
		Usage:  "list agents, or register one",
		Action: agentsList,
		Subcommands: []*cli.Command{
			{Name: "list", Usage: "list the registered agents, first registered first", Action: agentsList},
			{
				Name: "register", Usage: "register an agent, or renew its registration", Action: agentsRegister,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "agent-id", Usage: "`ID` of the agent"},
					&cli.StringFlag{Name: "agent-type", Usage: "`TYPE` of the agent: human, system, or ai:NAME"},
					&cli.StringFlag{Name: "capabilities", Usage: "`CAPABILITIES`, a comma list; they replace those of before"},
				},
			},
		},
	}
}

func agentsList(c *cli.Context) error {
	if c.NArg() > 0 && c.Command.Name == "agents" {
		return needsSubcommand(c, "ai-memory agents")
	}
	if err := noArguments(c); err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		found, err := s.Agents(c.Context)
		switch {
		case err != nil:
			return failed(err)
		case asJSON(c):
			return printJSON(c, map[string]any{"count": len(found), "agents": append([]server.Registration{}, found...)})
		case len(found) == 0:
			return printLine(c, "no registered agents")
		}
		for _, a := range found {
			line := "%s  type=%s  registered=%s  last_seen=%s"
			if len(a.Capabilities) > 0 {
				line += " [" + strings.ReplaceAll(strings.Join(a.Capabilities, ","), "%", "%%") + "]"
			}
			if err := printf(c, line, a.AgentID, a.AgentType, a.RegisteredAt, a.LastSeenAt); err != nil {
				return err
			}
		}
		return printf(c, "%d registered agents", len(found))
	})
}

func agentsRegister(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	for _, name := range []string{"agent-id", "agent-type"} {
		if !given(c, name) { // who acts is not whom to register
			return missing([]string{"--" + name + " <" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + ">"})
		}
	}
	return withMemories(c, func(s session) error {
		capabilities := append([]string{}, commaList(c.String("capabilities"))...)
		r, err := s.Register(c.Context, c.String("agent-id"), c.String("agent-type"), capabilities)
		if err != nil {
			return failed(err)
		}
		id, kind := r.Registration.AgentID, r.Registration.AgentType
		if asJSON(c) {
			return printJSON(c, map[string]any{
				"registered": true, "id": r.ID, "agent_id": id, "agent_type": kind, "capabilities": capabilities,
			})
		}
		list := strings.Join(capabilities, ",")
		if list == "" {
			list = "-"
		}
		return printf(c, "registered %s (type=%s, capabilities=%s)", id, kind, list)
	})
}
