package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

func linkTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	required, err := a.required("source_id", "target_id")
	if err != nil {
		return nil, err
	}
	linked, err := s.service.Link(ctx, required[0], required[1], a.or("relation", memory.RelatedTo), caller)
	if err != nil {
		return nil, err
	}
	l := linked.Link
	return map[string]any{"linked": true, "source_id": l.SourceID, "target_id": l.TargetID, "relation": l.Relation}, nil
}

func getLinksTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	required, err := a.required("id")
	if err != nil {
		return nil, err
	}
	links, err := s.service.Links(ctx, required[0])
	if err != nil {
		return nil, err
	}
	return map[string]any{"links": append([]memory.Link{}, links...), "count": len(links)}, nil
}

// summaryPreview is how much of a summary that a model made is told, in characters.
const summaryPreview = 200

func consolidateTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	ids, err := idList(a)
	if err != nil {
		return nil, err
	}
	required, err := a.required("title")
	if err != nil {
		return nil, err
	}
	c := service.Consolidation{
		IDs: ids, Title: required[0], Summary: a.or("summary", ""), Namespace: a.or("namespace", "global"), Tier: memory.Long,
		Source: memory.SourceConsolidation, Caller: acting(a, caller),
	}
	out := map[string]any{"consolidated": len(ids)}
	if c.Summary == "" {
		if c.Summary, err = s.summary(ctx, c); err != nil {
			return nil, err
		}
		out["auto_summary"], out["summary_preview"] = true, memory.FirstRunes(c.Summary, summaryPreview)
	}
	done, err := s.service.Consolidate(ctx, c)
	if err != nil {
		return nil, err
	}
	out["id"] = done.Memory.ID
	return out, nil
}

// idList reads ids, all of which must be texts.
func idList(a arguments) ([]string, error) {
	var raw []json.RawMessage
	if json.Unmarshal(a["ids"], &raw) != nil || raw == nil {
		return nil, said("ids is required (array of memory IDs)")
	}
	ids := make([]string, len(raw))
	for i, element := range raw {
		var id *string
		if json.Unmarshal(element, &id) != nil || id == nil {
			return nil, said(fmt.Sprintf("ids[%d] must be a string", i))
		}
		ids[i] = *id
	}
	return ids, nil
}

// maxSummed is as much of a memory as a model is surely shown, in bytes.
const maxSummed = 16_000

// summary has a model sum memories up that are to be consolidated.
func (s *Server) summary(ctx context.Context, c service.Consolidation) (string, error) {
	if s.options.Model == nil {
		return "", said("summary is required (or use smart/autonomous tier for auto-summarization)")
	}
	if err := memory.ValidateConsolidation(c.IDs, c.Title, "to be made", c.Namespace); err != nil {
		return "", said(err.Error())
	}
	var texts []string
	for _, id := range c.IDs {
		m, err := s.exactly(ctx, id)
		if errors.Is(err, service.ErrNotFound) {
			return "", said("memory not found: " + id)
		} else if err != nil {
			return "", err
		}
		text := m.Title + ": " + m.Content
		if len(text) > maxSummed { // its end would be lost: it is deleted then
			return "", said(fmt.Sprintf("memory %s is longer than the language model is shown (%d bytes): give a summary", id, maxSummed))
		}
		texts = append(texts, text)
	}
	return s.options.Model.Summarize(ctx, texts)
}

// exactly returns the memory with exactly an id.
func (s *Server) exactly(ctx context.Context, id string) (memory.Memory, error) {
	m, err := s.service.Get(ctx, id)
	if err == nil && m.ID != id {
		err = service.ErrNotFound
	}
	return m, err
}
