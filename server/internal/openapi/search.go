package openapi

import (
	"net/http"

	"chaosctl/server/internal/service"
)

// search is finding memories by their words.
func search() part {
	return part{
		routes: []route{
			{
				method: http.MethodGet, path: "/api/v1/search", id: "search", tag: tagSearch,
				summary: "Find memories that have all the words",
				params: append(append([]*Parameter{query("q", text("What to look for; not blank.")).needed()}, listFilters()...),
					limit(service.DefaultSearchLimit, service.MaxSearchLimit),
					query("agent_id", ref("AgentId").about("Only memories of this agent.")),
					asAgent()),
				answers: []answer{{http.StatusOK, "SearchAnswer", "The best first."}},
			},
			{
				method: http.MethodPost, path: "/api/v1/recall", id: "recall", tag: tagSearch,
				summary: "Recall memories about something",
				about: "Any of the words counts. A namespace with a slash brings the namespaces above it, too. " +
					"What is returned is touched: its lifetime is prolonged, and often used memories become long.",
				body:    ref("RecallRequest"),
				answers: []answer{{http.StatusOK, "RecallAnswer", "The best first, as they were before the touch."}},
			},
			{
				method: http.MethodGet, path: "/api/v1/recall", id: "recallByQuery", tag: tagSearch,
				summary: "Recall memories about something, asked in the query",
				params: []*Parameter{
					query("context", text("What it is about; not blank.")),
					query("namespace", text("")),
					limit(service.DefaultRecallLimit, service.MaxRecallLimit),
					query("tags", text("A comma list of tags, all of which the memory has.")),
					query("since", text("created_at from this time on.")),
					query("until", text("created_at up to this time.")),
					asAgent(),
					query("budget_tokens", count("Stop before the memories have more tokens than this, a token being four bytes.")),
				},
				answers: []answer{{http.StatusOK, "RecallAnswer", "The best first, as they were before the touch."}},
			},
			{
				method: http.MethodGet, path: "/api/v1/contradictions", id: "contradictions", tag: tagSearch,
				summary: "Memories that may contradict each other",
				params: []*Parameter{
					query("topic", text("What they are about.")),
					query("namespace", text("Exactly this one.")),
				},
				answers: []answer{{http.StatusOK, "Contradictions", "Memories and the links that say contradicts."}},
			},
			{
				method: http.MethodPost, path: "/api/v1/session/start", id: "sessionStart", tag: tagSearch,
				summary: "What an agent should know when it begins",
				body:    ref("SessionStartRequest"), bodyOptional: true,
				answers: []answer{{http.StatusOK, "SessionStartAnswer", "In the order of a list."}},
			},
		},
		schemas: map[string]*Schema{
			"SearchAnswer": object("What was found.",
				must("results", list(ref("Memory"), "")),
				must("memories", list(ref("Memory"), "As results.")),
				must("count", count("")), must("query", text("As it was asked."))),
			"ScoredMemory":       object("A memory and how well it fits.", append(memoryFields(), must("score", number("The higher, the better.")))...),
			"RecallRequest":      recallRequest(),
			"RecallAnswer":       recallAnswer(),
			"Contradictions":     object("What may contradict.", must("memories", list(ref("Memory"), "")), must("links", list(ref("MemoryLink"), "")), must("count", count("Of memories."))),
			"SessionStartAnswer": sessionStartAnswer(),
			"SessionStartRequest": object("Where an agent begins.",
				may("namespace", text("").orNull()),
				may("limit", atMost(service.DefaultSessionLimit, service.MaxSessionLimit).orNull())),
		},
	}
}

func asAgent() *Parameter {
	return query("as_agent", ref("Namespace").about("Only what an agent of this namespace may see."))
}

func recallRequest() *Schema {
	return object("What to recall.",
		must("context", text("What it is about; not blank.")),
		may("namespace", text("").orNull()),
		may("limit", atMost(service.DefaultRecallLimit, service.MaxRecallLimit).orNull()),
		may("tags", text("A comma list of tags, all of which the memory has.").orNull()),
		may("since", text("created_at from this time on.").orNull()),
		may("until", text("created_at up to this time.").orNull()),
		may("as_agent", ref("Namespace").about("Only what an agent of this namespace may see.").orNull()),
		may("budget_tokens", count("Stop before the memories have more tokens than this, a token being four bytes.").orNull()))
}

func recallAnswer() *Schema {
	return object("What was recalled.",
		must("memories", list(ref("ScoredMemory"), "")),
		must("count", count("")),
		must("tokens_used", count("")),
		may("budget_tokens", count("As it was asked.")))
}

func sessionStartAnswer() *Schema {
	return object("What an agent should know.",
		must("memories", list(ref("ScoredMemory"), "The score is 0.")),
		must("count", count("")),
		must("mode", exactly("session_start", "")),
		may("standard", ref("Memory").about("The standard of the namespace, if there is one.")),
		may("standards", list(ref("Memory"), "The standards, if there are several, most general first.")))
}
