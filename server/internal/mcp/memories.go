package mcp

import (
	"context"
	"encoding/json"
	"errors"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// storeTool stores a memory, or changes the one of its title and namespace.
func storeTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	d, err := draft(a, caller)
	if err != nil {
		return nil, err
	}
	wanted, agent, err := s.service.Check(d)
	if err != nil {
		return nil, err
	}
	before, err := s.service.ByTitle(ctx, d.Title, d.Namespace)
	switch {
	case err == nil:
		return s.storeAgain(ctx, before.ID, wanted, agent)
	case !errors.Is(err, service.ErrNotFound):
		return nil, err
	}
	created, err := s.service.Create(ctx, d)
	if err != nil {
		return nil, err
	}
	if created.Queued != nil {
		return created.Queued.Answer(), nil
	}
	out := map[string]any{
		"id": created.ID, "tier": d.Tier, "title": d.Title, "namespace": d.Namespace, "agent_id": created.AgentID,
	}
	if len(created.Contradictions) > 0 {
		out["potential_contradictions"] = created.Contradictions
	}
	s.hooks(ctx, created, out)
	return out, nil
}

// draft reads the arguments of memory_store, in the order in which contract section 11.4 has them checked.
func draft(a arguments, caller string) (d service.Draft, err error) {
	required, err := a.required("title", "content")
	if err != nil {
		return d, err
	}
	d = service.Draft{
		Title: required[0], Content: required[1], Namespace: a.or("namespace", "global"), Tags: a.texts("tags"), Confidence: 1,
		Source: a.or("source", memory.SourceClaude), Metadata: a.object("metadata"), Caller: caller, Scope: a.text("scope"),
	}
	if d.Tier, err = wantedTier(a, memory.Mid); err != nil {
		return d, err
	}
	if d.Priority, err = a.priority(5); err != nil {
		return d, err
	}
	if f := a.number("confidence"); f != nil {
		d.Confidence = *f
	}
	if d.Metadata == nil {
		d.Metadata = json.RawMessage("{}")
	}
	var inline struct {
		AgentID any `json:"agent_id"`
		Scope   any `json:"scope"`
	}
	_ = json.Unmarshal(d.Metadata, &inline) // it is an object
	if agent := a.given("agent_id"); agent != nil {
		d.AgentID = *agent
	} else if agent, is := inline.AgentID.(string); is {
		d.AgentID = agent
	}
	if scope, is := inline.Scope.(string); is && d.Scope == nil {
		d.Scope = &scope
	}
	return d, nil
}

// storeAgain stores what is there already: all but its author, and a tier that is longer, takes the place of what was.
func (s *Server) storeAgain(ctx context.Context, id string, wanted memory.Memory, agent string) (any, error) {
	updated, err := s.service.Update(ctx, id, memory.Patch{
		Content: &wanted.Content, Tier: &wanted.Tier, Tags: wanted.Tags, Priority: &wanted.Priority, Confidence: &wanted.Confidence,
		Metadata: wanted.Metadata,
	}, agent)
	if err != nil {
		return nil, err
	}
	if updated.Queued != nil {
		return updated.Queued.Answer(), nil
	}
	return map[string]any{
		"id": id, "tier": wanted.Tier, "title": wanted.Title, "namespace": wanted.Namespace, "agent_id": updated.Memory.AgentID(),
		"duplicate": true, "action": "updated existing memory",
	}, nil
}

// withKey is an object with a key more, or with another value for it.
func withKey(object json.RawMessage, key string, value any) (json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(object, &members); err != nil {
		return nil, err
	}
	text, err := compact(value)
	if err != nil {
		return nil, err
	}
	members[key] = text
	return compact(members)
}

func deleteTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	required, err := a.required("id")
	if err != nil {
		return nil, err
	}
	deleted, err := s.service.Delete(ctx, required[0], acting(a, caller))
	if err != nil {
		return nil, err
	}
	if deleted.Queued != nil {
		return deleted.Queued.Answer(), nil
	}
	return map[string]any{"deleted": true}, nil
}

func promoteTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	required, err := a.required("id")
	if err != nil {
		return nil, err
	}
	to := a.given("to_namespace")
	p, err := s.service.Promote(ctx, required[0], acting(a, caller), to)
	switch {
	case err != nil:
		return nil, err
	case p.Queued != nil:
		return p.Queued.Answer(), nil
	case to != nil:
		return map[string]any{
			"promoted": true, "mode": "vertical", "source_id": p.Source, "clone_id": p.Memory.ID, "to_namespace": *to,
		}, nil
	}
	return map[string]any{"promoted": true, "mode": "tier", "id": p.Source, "tier": memory.Long}, nil
}

func forgetTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	if err := errors.Join(a.strictly(aString(), "namespace", "pattern", "tier"), a.strictly(aBoolean(), "dry_run")); err != nil {
		return nil, err
	}
	f := service.Forget{Namespace: a.text("namespace"), Pattern: a.text("pattern"), Caller: caller}
	if a.text("tier") != nil {
		t, err := wantedTier(a, memory.Mid)
		if err != nil {
			return nil, err
		}
		f.Tier = &t
	}
	if a.truth("dry_run") {
		n, err := s.service.WouldForget(ctx, f)
		return map[string]any{"would_delete": n, "dry_run": true}, err
	}
	forgotten, err := s.service.Forget(ctx, f)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"deleted": forgotten.Count, "archived": s.options.Archives}
	if len(forgotten.Queued) > 0 {
		out["pending_ids"] = forgotten.Queued
	}
	return out, nil
}

func updateTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	required, err := a.required("id")
	if err != nil {
		return nil, err
	}
	p := memory.Patch{
		Title: a.text("title"), Content: a.text("content"), Tier: knownTier(a), Namespace: a.text("namespace"), Tags: a.texts("tags"),
		Confidence: a.number("confidence"), ExpiresAt: a.text("expires_at"), Metadata: a.object("metadata"),
	}
	if a["priority"] != nil {
		n, err := a.priority(-1)
		if err != nil {
			return nil, err
		}
		if a.integer("priority") != nil {
			p.Priority = &n
		}
	}
	updated, err := s.service.Update(ctx, required[0], p, acting(a, caller))
	if err != nil {
		return nil, err
	}
	if updated.Queued != nil {
		return updated.Queued.Answer(), nil
	}
	return map[string]any{"updated": true, "memory": updated.Memory}, nil
}

func getTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	required, err := a.required("id")
	if err != nil {
		return nil, err
	}
	m, err := s.service.Get(ctx, required[0])
	if err != nil {
		return nil, err
	}
	links, err := s.service.Links(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	return struct {
		memory.Memory
		Links []memory.Link `json:"links"`
	}{m, append([]memory.Link{}, links...)}, nil
}
