package mcp

import (
	"context"
	"errors"
	"slices"
	"strings"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// needsModel is what is said where there is no language model.
func needsModel(what string) error {
	return said(what + " requires smart or autonomous tier (Ollama LLM)")
}

func capabilitiesTool(_ context.Context, s *Server, _ string, _ arguments) (any, error) {
	c := s.service.Capabilities()
	c.Tier = s.options.Tier
	if s.options.Model != nil {
		for _, feature := range []string{"query_expansion", "auto_tagging", "auto_consolidation", "contradiction_analysis"} {
			c.Features[feature] = true
		}
		c.Models["llm"] = s.options.ModelName
	}
	return map[string]any{"features": c.Features, "models": c.Models, "tier": c.Tier, "version": c.Version}, nil
}

func expandTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	if s.options.Model == nil {
		return nil, needsModel("query expansion")
	}
	required, err := a.required("query")
	if err != nil {
		return nil, err
	}
	terms, err := s.options.Model.ExpandQuery(ctx, required[0])
	if err != nil {
		return nil, err
	}
	return map[string]any{"original": required[0], "expanded_terms": append([]string{}, terms...)}, nil
}

func autoTagTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	if s.options.Model == nil {
		return nil, needsModel("auto-tagging")
	}
	required, err := a.required("id")
	if err != nil {
		return nil, err
	}
	m, err := s.service.Get(ctx, required[0])
	if err != nil {
		return nil, err
	}
	tags, err := s.options.Model.Tags(ctx, m.Title, m.Content)
	if err != nil {
		return nil, err
	}
	fresh, all := []string{}, slices.Clone(m.Tags)
	for _, tag := range tags {
		tag = strings.ToLower(tag)
		if fresh = append(fresh, tag); !slices.Contains(all, tag) {
			all = append(all, tag)
		}
	}
	updated, err := s.service.Update(ctx, m.ID, memory.Patch{Tags: all}, acting(a, caller))
	if err != nil {
		return nil, err
	}
	if updated.Queued != nil {
		return updated.Queued.Answer(), nil
	}
	return map[string]any{"id": m.ID, "new_tags": fresh, "all_tags": updated.Memory.Tags}, nil
}

func contradictionTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	if s.options.Model == nil {
		return nil, needsModel("contradiction detection")
	}
	required, err := a.required("id_a", "id_b")
	if err != nil {
		return nil, err
	}
	var two [2]memory.Memory
	for i, id := range required {
		if two[i], err = s.service.Get(ctx, id); errors.Is(err, service.ErrNotFound) {
			return nil, said("memory " + string("AB"[i]) + " not found")
		} else if err != nil {
			return nil, err
		}
	}
	contradicts, err := s.options.Model.Contradicts(ctx, two[0].Content, two[1].Content)
	if err != nil {
		return nil, err
	}
	short := func(m memory.Memory) any { return map[string]any{"id": m.ID, "title": m.Title} }
	return map[string]any{"contradicts": contradicts, "memory_a": short(two[0]), "memory_b": short(two[1])}, nil
}

// minHooked is how long a content must be for hooks to look at it, in bytes.
const minHooked = 50

// hooks has a model tag what was stored, and compare it with what may contradict it (contract section 11.5,
// tool 1). Their failures are logged: what was stored is stored.
func (s *Server) hooks(ctx context.Context, created service.Created, out map[string]any) {
	m := created.Requested
	switch {
	case !s.options.Hooks:
		return
	case s.options.Model == nil:
		out["autonomy_hook_skipped"] = "no_llm"
		return
	case len(m.Content) < minHooked:
		out["autonomy_hook_skipped"] = "content_too_short"
		return
	case strings.HasPrefix(m.Namespace, "_"):
		out["autonomy_hook_skipped"] = "internal_namespace"
		return
	}
	metadata, changed := m.Metadata, false
	note := func(key string, values []string) {
		with, err := withKey(metadata, key, values)
		if err == nil && len(values) > 0 {
			metadata, changed, out[key] = with, true, values
		}
	}
	tags, err := s.options.Model.Tags(ctx, m.Title, m.Content)
	if err != nil {
		s.options.Logger.Warn("a memory is not tagged", "id", created.ID, "error", err)
	}
	note("auto_tags", tags)
	note("confirmed_contradictions", s.confirmed(ctx, m, created.Contradictions))
	if !changed {
		return
	}
	if _, err := s.service.Update(ctx, created.ID, memory.Patch{Metadata: metadata}, created.AgentID); err != nil {
		s.options.Logger.Warn("what hooks found is not kept", "id", created.ID, "error", err)
	}
}

// confirmed are those of some memories that a model says contradict one.
func (s *Server) confirmed(ctx context.Context, m memory.Memory, ids []string) (found []string) {
	for _, id := range ids {
		other, err := s.exactly(ctx, id)
		if err != nil {
			continue // it is gone
		}
		contradicts, err := s.options.Model.Contradicts(ctx, m.Content, other.Content)
		if err != nil {
			s.options.Logger.Warn("two memories are not compared", "id", m.ID, "with", id, "error", err)
		}
		if contradicts {
			found = append(found, id)
		}
	}
	return found
}
