package service

import (
	"context"
	"fmt"
	"slices"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// maxContradicting bounds the memories that Contradictions looks at, in rows.
const maxContradicting = 200

// Contradicting is memories and how they contradict.
type Contradicting struct {
	Memories []memory.Memory
	Links    []memory.Link // of the relation contradicts
}

// Contradictions returns the memories about a topic, and the links that say what they contradict;
// without a topic, the memories that contradict others, or are contradicted. Namespace is exact; nil
// for all.
func (s *Service) Contradictions(ctx context.Context, topic string, namespace *string) (Contradicting, error) {
	var (
		out Contradicting
		err error
	)
	if topic == "" {
		out.Memories, err = s.contradicting(ctx, namespace)
	} else {
		out.Memories, err = s.Search(ctx, SearchQuery{Text: topic, Query: Query{Namespace: namespace, Limit: maxContradicting}})
	}
	if err != nil || !s.store.Holds(memory.KindLink) {
		return out, err
	}
	for _, m := range out.Memories {
		links, err := s.store.Links(ctx, m.ID)
		if err != nil {
			return out, fmt.Errorf("look for contradictions: %w", err)
		}
		for _, l := range links {
			if l.Relation == memory.Contradicts && !slices.Contains(out.Links, l) {
				out.Links = append(out.Links, l)
			}
		}
	}
	return out, nil
}

// contradicting returns the memories at both ends of links that say so, newest link first.
func (s *Service) contradicting(ctx context.Context, namespace *string) ([]memory.Memory, error) {
	if !s.store.Holds(memory.KindLink) {
		return nil, nil
	}
	found, err := s.store.Records(ctx, store.RecordQuery{Kind: memory.KindLink})
	if err != nil {
		return nil, fmt.Errorf("look for contradictions: %w", err)
	}
	var out []memory.Memory
	for _, r := range found {
		l, err := memory.LinkOf(r)
		if err != nil {
			return nil, err
		}
		for _, id := range []string{l.SourceID, l.TargetID} {
			known := slices.ContainsFunc(out, func(m memory.Memory) bool { return m.ID == id })
			if l.Relation != memory.Contradicts || known || len(out) == maxContradicting {
				continue
			}
			m, err := exactly(id, func(id string) (memory.Memory, error) { return s.store.Get(ctx, id) })
			if err == nil && (namespace == nil || m.Namespace == *namespace) { // one that is gone contradicts nothing
				out = append(out, m)
			}
		}
	}
	return out, nil
}
