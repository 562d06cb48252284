package openapi

import (
	"net/http"

	"chaosctl/server/internal/memory"
)

// agents is the registry of agents, and who may see and change a memory.
func agents() part {
	const one = "/api/v1/memories/{id}"
	return part{
		routes: []route{
			{
				method: http.MethodGet, path: "/api/v1/agents", id: "agents", tag: tagAgents,
				summary: "The registered agents",
				answers: []answer{{http.StatusOK, "Agents", "First registered first."}},
			},
			{
				method: http.MethodPost, path: "/api/v1/agents", id: "registerAgent", tag: tagAgents,
				summary: "Register an agent, or renew its registration",
				body:    ref("RegisterAgentRequest"),
				answers: []answer{{http.StatusCreated, "Registered", "It is registered, as asked."}, tooFew},
			},
			{
				method: http.MethodPost, path: one + "/grant", id: "grant", tag: tagAgents, agent: true,
				summary: "Let an agent see or change a memory",
				about:   "For its owner, and whoever has the permission admin.",
				body:    ref("GrantRequest"),
				answers: []answer{{http.StatusOK, "Granted", "It may."}, denied, notFound, tooFew},
			},
			{
				method: http.MethodPost, path: one + "/revoke", id: "revoke", tag: tagAgents, agent: true,
				summary: "Take a permission back",
				body:    ref("RevokeRequest"),
				answers: []answer{{http.StatusOK, "Revoked", "It may not, now."}, denied, notFound, tooFew},
			},
		},
		schemas: map[string]*Schema{
			"AgentRegistration": object("A registered agent.", must("agent_id", text("")), must("agent_type", text("")),
				must("capabilities", list(text(""), "")), must("registered_at", text("")), must("last_seen_at", text(""))),
			"Agents": object("", must("agents", list(ref("AgentRegistration"), "")), must("count", count(""))),
			"RegisterAgentRequest": object("Who to register.", must("agent_id", ref("AgentId")), must("agent_type", ref("AgentType")),
				may("capabilities", ref("Tags").about("Takes the place of what was there.").orNull())),
			"Registered": object("", must("registered", exactly(true, "")), must("id", text("Of the memory that holds the registration.")),
				must("agent_id", text("")), must("agent_type", text("")), must("capabilities", list(text(""), "")), acks()),
			"Permission":    words("What an agent may do with a memory.", memory.Permissions()),
			"GrantRequest":  object("Who may what.", must("agent_id", ref("AgentId")), must("permission", ref("Permission"))),
			"Granted":       object("", must("granted", exactly(true, "")), must("id", text("")), must("agent_id", text("")), must("permission", ref("Permission")), acks()),
			"RevokeRequest": object("Who may no longer.", must("agent_id", ref("AgentId"))),
			"Revoked":       object("", must("revoked", flag("Whether there was a permission.")), must("id", text("")), must("agent_id", text("")), acks()),
		},
	}
}
