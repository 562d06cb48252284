package openapi

import "net/http"

// server is what a server tells of itself.
func server() part {
	return part{
		routes: []route{
			{
				method: http.MethodGet, path: "/api/v1/health", id: "health", tag: tagHealth,
				summary: "Whether the server works",
				answers: []answer{
					{http.StatusOK, "Health", "It does."},
					{http.StatusServiceUnavailable, "Health", "It does not."},
				},
			},
			{
				method: http.MethodGet, path: "/api/v1/metrics", id: "metrics", tag: tagServer,
				summary: "Prometheus metrics",
				answers: []answer{{http.StatusOK, promType, "The text format 0.0.4."}},
			},
			{
				method: http.MethodGet, path: "/metrics", id: "metricsAtRoot", tag: tagServer,
				summary: "Prometheus metrics, where scrapers look for them",
				answers: []answer{{http.StatusOK, promType, "The text format 0.0.4."}},
			},
			{
				method: http.MethodGet, path: "/api/v1/stats", id: "stats", tag: tagServer,
				summary: "What is stored, in numbers",
				answers: []answer{{http.StatusOK, "Stats", "Expired memories are counted until they are collected."}},
			},
			{
				method: http.MethodGet, path: "/api/v1/capabilities", id: "capabilities", tag: tagServer,
				summary: "What the server can do",
				answers: []answer{{http.StatusOK, "Capabilities", "What it can do now, not what it is configured for."}},
			},
			{
				method: http.MethodGet, path: "/api/v1/openapi.json", id: "openapi", tag: tagServer,
				summary: "This document",
				answers: []answer{{http.StatusOK, "OpenApi", "An OpenAPI 3.1 document."}},
			},
		},
		schemas: map[string]*Schema{
			"Health": object("How the server is.",
				must("status", words("", []string{"ok", "error"})),
				must("service", exactly("ai-memory", ""))),
			"Stats": object("Numbers of what is stored.",
				must("total", count("Memories.")),
				must("by_tier", list(object("", must("tier", ref("Tier")), must("count", count(""))), "Largest first.")),
				must("by_namespace", list(ref("NamespaceCount"), "Largest first.")),
				must("expiring_soon", count("Memories that expire within the next hour.")),
				must("links_count", count("")),
				must("db_size_bytes", count("Of the main database file; 0 when it is not known."))),
			"Capabilities": object("What a server can do.",
				must("tier", text("keyword, semantic, smart or autonomous.")),
				must("version", text("")),
				must("features", object("", all(true, features())...)),
				must("models", object("none stands for no model.",
					must("embedding", text("")),
					must("embedding_dim", count("")),
					must("llm", text("")),
					must("cross_encoder", text(""))))),
			"OpenApi": {
				Type: "object", Description: "An OpenAPI 3.1 document.", AdditionalProperties: &Schema{},
				Properties: map[string]*Schema{"openapi": text("")}, Required: []string{"openapi"},
			},
		},
	}
}

func features() []field {
	var all []field
	for _, name := range []string{
		"keyword_search", "semantic_search", "hybrid_recall", "query_expansion", "auto_consolidation",
		"auto_tagging", "contradiction_analysis", "cross_encoder_reranking", "memory_reflection",
	} {
		all = append(all, must(name, flag("")))
	}
	return all
}
