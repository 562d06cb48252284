package memory

import (
	"encoding/json"
	"slices"
)

// AgentsNamespace holds the memories that are registrations of agents (contract section 4.11).
const AgentsNamespace = "_agents"

const (
	agentTitle = "agent:" // and the id
	agentTag   = "agent-registration"
)

// Registration is an AgentRegistration of contract section 1.3.
type Registration struct {
	AgentID      string   `json:"agent_id"`
	AgentType    string   `json:"agent_type"`
	Capabilities []string `json:"capabilities"`
	LastSeenAt   string   `json:"last_seen_at"`
	RegisteredAt string   `json:"registered_at"`
}

// AgentTitle is the title of an agent's registration.
func AgentTitle(id string) string { return agentTitle + id }

// Validate checks who registers as what; its messages name no field before them.
func (r Registration) Validate() error {
	if err := ValidateAgentID(r.AgentID); err != nil {
		return err
	}
	if err := ValidateAgentType(r.AgentType); err != nil {
		return err
	}
	return ValidateTags(r.Capabilities)
}

// Memory returns the row that keeps a registration, with an id of its own unless there is one.
func (r Registration) Memory(id string) Memory {
	if r.Capabilities == nil {
		r.Capabilities = []string{}
	}
	text, err := marshal(r)
	if err != nil { // never, for texts
		text = json.RawMessage("{}")
	}
	return Memory{
		ID: id, Title: AgentTitle(r.AgentID), Namespace: AgentsNamespace, Content: string(text), Metadata: text,
		Tags: []string{agentTag}, Tier: Long, Source: SourceSystem, Priority: 5, Confidence: 1,
		CreatedAt: r.LastSeenAt, UpdatedAt: r.LastSeenAt,
	}
}

// RegistrationOf reads a row of AgentsNamespace. What it does not hold is empty.
func RegistrationOf(m Memory) Registration {
	var r Registration
	fields, err := decodeFields(m.Metadata)
	if err != nil {
		return Registration{Capabilities: []string{}}
	}
	text := func(name string) (value string) {
		_ = json.Unmarshal(fields[name], &value) // what is no text counts as none
		return value
	}
	r.AgentID, r.AgentType = text("agent_id"), text("agent_type")
	r.LastSeenAt, r.RegisteredAt = text("last_seen_at"), text("registered_at")
	if json.Unmarshal(fields["capabilities"], &r.Capabilities) != nil || r.Capabilities == nil {
		r.Capabilities = []string{}
	}
	return r
}

// Registers tells whether a row is the registration of an agent, as only a registration writes it.
func (m Memory) Registers(agent string) bool {
	return m.Namespace == AgentsNamespace && m.Title == AgentTitle(agent) && m.Source == SourceSystem &&
		slices.Contains(m.Tags, agentTag) && RegistrationOf(m).AgentID == agent
}
