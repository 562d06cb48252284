package service

// Version is the version of ai-memory whose contract the server keeps.
const Version = "0.6.0"

// Capabilities is what a server can do (contract section 1.3): what it can do now.
type Capabilities struct {
	Features map[string]bool
	Models   map[string]any
	Tier     string
	Version  string
}

// Capabilities returns what this server can do: it has no models, and finds by words.
func (s *Service) Capabilities() Capabilities {
	return Capabilities{
		Tier: "keyword", Version: Version,
		Features: map[string]bool{
			"keyword_search": true, "semantic_search": false, "hybrid_recall": false, "query_expansion": false,
			"auto_consolidation": false, "auto_tagging": false, "contradiction_analysis": false,
			"cross_encoder_reranking": false, "memory_reflection": false,
		},
		Models: map[string]any{"embedding": "none", "embedding_dim": 0, "llm": "none", "cross_encoder": "none"},
	}
}
