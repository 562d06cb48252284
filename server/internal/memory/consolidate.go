package memory

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// The metadata keys that consolidation writes (contract section 1.2).
const (
	KeyDerivedFrom      = "derived_from"             // the ids of the sources
	KeyConsolidatedFrom = "consolidated_from_agents" // their authors
)

// leastConsolidated is the least priority of a consolidated memory.
const leastConsolidated = 5

// Consolidation is what a caller says of the memory that several are merged into.
type Consolidation struct {
	ID, Title, Summary, Namespace string
	Tier                          Tier
	Source                        string // SourceConsolidation, or SourceCLI
	AgentID                       string // who consolidates
}

// Consolidate merges memories into one, which never expires (contract section 4.7): the sorted
// union of their tags, the highest priority and at least 5, confidence 1, the sum of their access
// counts, and their metadata key by key, the later source's value before the earlier's. What is
// too much for one memory, of tags or metadata, is *Invalid.
func Consolidate(sources []Memory, c Consolidation, now time.Time) (Memory, error) {
	m := Memory{
		ID: c.ID, Tier: c.Tier, Namespace: c.Namespace, Title: c.Title, Content: c.Summary,
		Tags: []string{}, Priority: leastConsolidated, Confidence: 1, Source: c.Source,
		CreatedAt: FormatTime(now), UpdatedAt: FormatTime(now),
	}
	for _, source := range sources {
		m.Tags = append(m.Tags, source.Tags...)
		m.Priority = max(m.Priority, source.Priority)
		m.AccessCount += source.AccessCount
	}
	slices.Sort(m.Tags)
	m.Tags = slices.Compact(m.Tags)
	if err := ValidateTags(m.Tags); err != nil {
		return Memory{}, err
	}
	var err error
	if m.Metadata, err = consolidateMetadata(sources, c.AgentID); err != nil {
		return Memory{}, err
	}
	return m, ValidateMetadata(m.Metadata)
}

func consolidateMetadata(sources []Memory, agent string) (json.RawMessage, error) {
	merged, ids, agents := map[string]any{}, make([]string, len(sources)), []string{}
	for i, source := range sources {
		ids[i] = source.ID
		if author := source.AgentID(); author != "" && !slices.Contains(agents, author) {
			agents = append(agents, author)
		}
		keys, err := decodeObject(source.Metadata)
		if err != nil {
			return nil, fmt.Errorf("the metadata of memory %s: %w", source.ID, err)
		}
		for key, value := range keys {
			merged[key] = value
		}
	}
	merged[KeyAgentID], merged[KeyDerivedFrom] = agent, ids
	delete(merged, KeyConsolidatedFrom)
	if len(agents) > 0 {
		merged[KeyConsolidatedFrom] = agents
	}
	return encode(merged)
}
