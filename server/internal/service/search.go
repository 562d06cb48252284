package service

import (
	"context"
	"fmt"
	"strings"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// SearchQuery asks for memories by their words.
type SearchQuery = store.SearchQuery

// Limits of a search (contract section 5.4), in rows.
const (
	DefaultSearchLimit = 20
	MaxSearchLimit     = 200
)

// Search returns unexpired memories with all words of a text, the best first; a limit above
// MaxSearchLimit is lowered to it. A blank text, an agent filter that cannot be an agent id, and
// a namespace of an agent that cannot be one are *Invalid.
func (s *Service) Search(ctx context.Context, q SearchQuery) ([]memory.Memory, error) {
	if strings.TrimSpace(q.Text) == "" {
		return nil, &Invalid{"query is required"}
	}
	if q.AgentID != nil {
		if err := memory.ValidateAgentID(*q.AgentID); err != nil {
			return nil, &Invalid{"invalid agent_id filter: " + err.Error()}
		}
	}
	if err := validateAsAgent(q.AsAgent); err != nil {
		return nil, err
	}
	q.Recall, q.Limit = false, s.options.page(q.Limit, MaxSearchLimit)
	found, err := s.store.Search(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	memories := make([]memory.Memory, len(found))
	for i, f := range found {
		memories[i] = f.Memory
	}
	return memories, nil
}

func validateAsAgent(namespace *string) error {
	if namespace == nil {
		return nil
	}
	if err := memory.ValidateNamespace(*namespace); err != nil {
		return &Invalid{"invalid as_agent: " + err.Error()}
	}
	return nil
}
