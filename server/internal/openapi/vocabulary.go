package openapi

import (
	"fmt"

	"chaosctl/server/internal/memory"
)

// vocabulary names the words and the kinds of strings that everything else is made of.
func vocabulary() part {
	return part{schemas: map[string]*Schema{
		"Tier":      words("How long a memory is meant to live.", memory.Tiers()),
		"Source":    words("The kind of writer.", memory.Sources()),
		"Relation":  words("What the source of a link is to its target.", memory.Relations()),
		"Scope":     words("Who may see a memory; absent means private.", memory.Scopes()),
		"AgentType": agentType(),
		"Id": text("The id of a memory, or a prefix of it where a route says so; not always a UUID.").
			bytes(memory.MaxID),
		"AgentId": pattern(text("The name of an agent.").bytes(memory.MaxAgentID), `^[A-Za-z0-9_:@./-]+$`),
		"Namespace": text(fmt.Sprintf("Where a memory belongs: at most %d segments between slashes, without blanks.",
			memory.MaxSegments)).chars(memory.MaxNamespace),
		"Title":   text("Unique within the namespace. Blanks around it do not count towards its length.").chars(memory.MaxTitle),
		"Content": text("What is remembered.").bytes(memory.MaxContent),
		"Tags":    list(text("").bytes(memory.MaxTag), "Words to find the memory by.").items(0, memory.MaxTags),
		"Priority": integer("How much the memory matters.").
			from(memory.MinPriority).to(memory.MaxPriority),
		"Confidence": number("How sure the writer is.").from(0).to(1),
		"Metadata": open(nil, fmt.Sprintf("Any object of at most %d bytes as compact JSON, nested at most %d deep.",
			memory.MaxMetadata, memory.MaxDepth)),
		"Error":        object("Why a request was refused.", must("error", text("For people; see the status for what it means."))),
		"QuorumNotMet": quorumNotMet(),
	}}
}

// agentType is a named type or any name of a model.
func agentType() *Schema {
	model := pattern(text("").bytes(memory.MaxAgentType), `^ai:[A-Za-z0-9_.-]+$`)
	return anyOf("The kind of an agent: one of the list, or ai: and a name.", words("", memory.AgentTypes()), model)
}

func pattern(s *Schema, expression string) *Schema {
	s.Pattern = expression
	return s
}

func quorumNotMet() *Schema {
	return object("Too few nodes hold a write.",
		must("error", exactly("quorum_not_met", "")),
		must("got", count("How many nodes hold it, this one included.")),
		must("needed", count("How many have to.")),
		must("reason", text("timeout, unreachable, or a longer text.")),
		may("id", text("The memory, where the write is about one.")),
		may("ids", list(text(""), "Of what a bulk has stored here.")),
		may("errors", list(text(""), "Of a bulk or an import: what was not stored, and why.")),
		may("imported", count("Stored here by an import.")),
		may("deleted", count("Deleted here by a forget.")),
		may("queued", count("As a forget answers.")),
		may("pending_ids", list(text(""), "As a forget answers.")),
		may("expired_deleted", count("Collected here.")),
		may("purged", count("Purged here.")),
		may("source_id", text("Of a link.")), may("target_id", text("Of a link.")),
		may("relation", text("Of a link.")), may("created_at", text("Of a link.")))
}

// acks is what a write adds to its answer when the server has peers.
func acks() field {
	return may("quorum_acks", count("How many nodes hold the write; absent when the server stands alone."))
}
