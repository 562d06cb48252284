package openapi

import (
	"fmt"
	"net/http"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// memories is storing, reading and changing one memory, and the list of them.
func memories() part {
	const one = "/api/v1/memories/{id}"
	return part{
		routes: []route{
			{
				method: http.MethodGet, path: "/api/v1/memories", id: "list", tag: tagMemories,
				summary: "List memories that have not expired",
				about:   "Ordered by priority, then by updated_at, both descending.",
				params: append(listFilters(),
					limit(service.DefaultListLimit, service.MaxListLimit),
					query("offset", count("Rows to pass over.").byDefault(0)),
					query("agent_id", ref("AgentId").about("Only memories of this agent."))),
				answers: []answer{{http.StatusOK, "MemoryPage", "One page."}},
			},
			{
				method: http.MethodPost, path: "/api/v1/memories", id: "store", tag: tagMemories, agent: true,
				summary: "Store a memory",
				about: "A memory of the same namespace and title is updated: it keeps id, created_at and author, " +
					"the higher priority and confidence, and the longer-lived tier.",
				body:    ref("CreateRequest"),
				answers: []answer{{http.StatusCreated, "Created", "Stored, by as many nodes as have to hold it."}, pending, denied, tooFew},
			},
			{
				method: http.MethodGet, path: one, id: "get", tag: tagMemories,
				summary: "Read a memory by its id, or by a prefix that no other id has",
				answers: []answer{{http.StatusOK, "MemoryWithLinks", "The memory, also when it has expired."}, notFound},
			},
			{
				method: http.MethodPut, path: one, id: "update", tag: tagMemories, agent: true,
				summary: "Change fields of a memory",
				about:   "What is absent or null stays. The tier is never lowered; a memory that becomes long no longer expires.",
				body:    ref("UpdateRequest"),
				answers: []answer{
					{http.StatusOK, "Memory", "The memory as it is now."}, pending, denied, notFound,
					{http.StatusConflict, "Error", "Another memory of the namespace has the title."}, tooFew,
				},
			},
			{
				method: http.MethodDelete, path: one, id: "delete", tag: tagMemories, agent: true,
				summary: "Delete a memory and its links",
				answers: []answer{{http.StatusOK, "Deleted", "It is gone, and stays so on every node."}, pending, denied, notFound, tooFew},
			},
			{
				method: http.MethodPost, path: one + "/promote", id: "promote", tag: tagMemories, agent: true,
				summary: "Keep a memory for ever",
				answers: []answer{{http.StatusOK, "Promoted", "It is of the tier long and does not expire."}, pending, denied, notFound, tooFew},
			},
		},
		schemas: map[string]*Schema{
			"Memory":          object("One memory.", memoryFields()...),
			"MemoryWithLinks": object("A memory, twice, and its links.", append(memoryFields(), must("memory", ref("Memory")), must("links", list(ref("MemoryLink"), "")))...),
			"MemoryPage":      object("A page of memories.", must("memories", list(ref("Memory"), "")), must("count", count("Of this page."))),
			"CreateRequest":   object("A memory to store.", createFields()...),
			"Created": object("What was stored.",
				must("id", text("Of the memory; that of the existing one when it was updated.")),
				must("tier", ref("Tier").about("As requested.")),
				must("namespace", text("")), must("title", text("")),
				must("agent_id", text("Who asked, also when another is the author.")),
				may("potential_contradictions", list(text(""), "Ids of memories of the namespace that are about the same.")),
				acks()),
			"UpdateRequest": object("What to change.",
				may("title", ref("Title").orNull()), may("content", ref("Content").orNull()),
				may("tier", ref("Tier").orNull()), may("namespace", ref("Namespace").orNull()),
				may("tags", ref("Tags").orNull()), may("priority", ref("Priority").orNull()),
				may("confidence", ref("Confidence").orNull()),
				may("expires_at", moment("May be past.").orNull()),
				may("metadata", ref("Metadata").about("Takes the place of the whole; agent_id stays.").orNull())),
			"Deleted":  object("", must("deleted", exactly(true, "")), acks()),
			"Promoted": object("The memory, and what was done.", append(memoryFields(), must("promoted", exactly(true, "")), must("id", text("In full.")), must("tier", exactly(string(memory.Long), "")), acks())...),
		},
	}
}

// memoryFields are the fields of a stored memory.
func memoryFields() []field {
	return []field{
		must("id", text("")),
		must("tier", ref("Tier")),
		must("namespace", text("")),
		must("title", text("")),
		must("content", text("")),
		must("tags", list(text(""), "")),
		must("priority", integer("").from(memory.MinPriority).to(memory.MaxPriority)),
		must("confidence", number("").from(0).to(1)),
		must("source", anyOf("One of the list, or that of a memory the server wrote itself.", ref("Source"), text(""))),
		must("access_count", count("How often it was recalled.")),
		must("created_at", moment("")),
		must("updated_at", moment("")),
		may("last_accessed_at", moment("")),
		may("expires_at", moment("Absent: never.")),
		must("metadata", open(nil, "agent_id is who wrote the memory, scope who may see it.")),
	}
}

// createFields are what a client gives of a memory to be stored.
func createFields() []field {
	return []field{
		must("title", ref("Title")),
		must("content", ref("Content")),
		may("tier", ref("Tier").byDefault(memory.Mid)),
		may("namespace", ref("Namespace").byDefault("global")),
		may("tags", ref("Tags").byDefault([]string{})),
		may("priority", ref("Priority").byDefault(5)),
		may("confidence", ref("Confidence").byDefault(1)),
		may("source", ref("Source").byDefault(memory.SourceAPI)),
		may("expires_at", moment("Not past. Goes before ttl_secs, which goes before the lifetime of the tier.").orNull()),
		may("ttl_secs", integer("Lifetime in seconds.").from(1).to(memory.MaxTTL).orNull()),
		may("metadata", ref("Metadata").byDefault(map[string]any{})),
		may("agent_id", ref("AgentId").about("Who writes; goes before X-Agent-Id.").orNull()),
		may("scope", ref("Scope").orNull()),
	}
}

// listFilters select memories by their fields.
func listFilters() []*Parameter {
	return []*Parameter{
		query("namespace", text("Exactly this one.")),
		query("tier", ref("Tier")),
		query("min_priority", integer("This priority or a higher one.")),
		query("since", text("created_at from this time on, compared as text.")),
		query("until", text("created_at up to this time, compared as text.")),
		query("tags", text("A comma list of tags, all of which the memory has.")),
	}
}

// limit is the size of a page.
func limit(usual, most int) *Parameter {
	return query("limit", atMost(usual, most))
}

// atMost is a number of rows that is lowered to a limit.
func atMost(usual, most int) *Schema {
	return count(fmt.Sprintf("Rows, at most %d: more is lowered to that.", most)).byDefault(usual)
}
