package openapi

import (
	"net/http"

	"chaosctl/server/internal/memory"
)

// links is relations between memories, and the merging of several into one.
func links() part {
	return part{
		routes: []route{
			{
				method: http.MethodPost, path: "/api/v1/links", id: "link", tag: tagLinks, agent: true,
				summary: "Link two memories",
				body:    ref("LinkRequest"),
				answers: []answer{{http.StatusCreated, "Linked", "They are linked, or were before."}, notFound, tooFew},
			},
			{
				method: http.MethodGet, path: "/api/v1/links/{id}", id: "getLinks", tag: tagLinks,
				summary: "The links of a memory, in both directions",
				about:   "The id is exact; one that nobody has has no links.",
				answers: []answer{{http.StatusOK, "Links", "The links."}},
			},
			{
				method: http.MethodPost, path: "/api/v1/consolidate", id: "consolidate", tag: tagLinks, agent: true,
				summary: "Merge memories into one",
				about:   "The sources are deleted; derived_from in the metadata of the new memory names them.",
				body:    ref("ConsolidateRequest"),
				answers: []answer{
					{http.StatusCreated, "Consolidated", "The new memory."}, denied, notFound,
					{http.StatusConflict, "Error", "Another memory of the namespace has the title."}, tooFew,
				},
			},
		},
		schemas: map[string]*Schema{
			"MemoryLink":  object("A relation between two memories.", linkFields()...),
			"Links":       object("Links of a memory.", must("links", list(ref("MemoryLink"), "")), must("count", count(""))),
			"Linked":      object("A link.", append(linkFields(), must("linked", exactly(true, "")), acks())...),
			"LinkRequest": object("Two memories to link.", must("source_id", ref("Id")), must("target_id", ref("Id").about("Not the source.")), may("relation", ref("Relation").byDefault(memory.RelatedTo))),
			"ConsolidateRequest": object("Memories to merge.",
				must("ids", uniqueIDs()),
				must("title", ref("Title")),
				must("summary", ref("Content").about("The content of the new memory.")),
				may("namespace", ref("Namespace").byDefault("global")),
				may("tier", ref("Tier").byDefault(memory.Long).orNull()),
				may("agent_id", ref("AgentId").about("Who merges; goes before X-Agent-Id.").orNull())),
			"Consolidated": object("What was merged.", must("id", text("Of the new memory.")), must("consolidated", count("How many were merged.")), acks()),
		},
	}
}

func uniqueIDs() *Schema {
	s := list(ref("Id"), "The memories, exactly.").items(memory.MinConsolidated, memory.MaxConsolidated)
	s.UniqueItems = true
	return s
}

func linkFields() []field {
	return []field{
		must("source_id", text("")), must("target_id", text("")),
		must("relation", ref("Relation")), must("created_at", moment("")),
	}
}
