package mcp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

func setStandardTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	required, err := a.required("namespace", "id")
	if err != nil {
		return nil, err
	}
	d := service.StandardDraft{
		Namespace: required[0], MemoryID: required[1], Parent: a.given("parent"), Governance: a.object("governance"), Caller: caller,
	}
	done, err := s.service.SetStandard(ctx, d)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"set": true, "namespace": required[0], "standard_id": done.Standard.StandardID}
	if d.Parent != nil {
		out["parent"] = *d.Parent
	}
	if d.Governance != nil {
		out["governance"] = d.Governance
	}
	return out, nil
}

func getStandardTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	required, err := a.required("namespace")
	if err != nil {
		return nil, err
	}
	namespace := required[0]
	if a.truth("inherit") {
		chain, found, err := s.service.Standards(ctx, namespace)
		if err != nil {
			return nil, err
		}
		standards := make([]any, len(found))
		for i, one := range found {
			standards[i] = standard(one)
		}
		return map[string]any{"namespace": namespace, "chain": chain, "standards": standards, "count": len(standards)}, nil
	}
	found, err := s.service.Standard(ctx, namespace)
	switch {
	case err != nil:
		return nil, err
	case found == nil:
		return map[string]any{"namespace": namespace, "standard_id": nil}, nil
	case found.Memory == nil:
		return map[string]any{
			"namespace": namespace, "standard_id": found.StandardID, "warning": "the standard's memory does not exist: it was deleted",
		}, nil
	}
	return standard(*found), nil
}

func standard(s service.FoundStandard) any {
	return map[string]any{
		"namespace": s.Namespace, "standard_id": s.StandardID, "title": s.Memory.Title, "content": s.Memory.Content,
		"priority": s.Memory.Priority, "governance": s.Policy,
	}
}

func clearStandardTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	required, err := a.required("namespace")
	if err != nil {
		return nil, err
	}
	cleared, err := s.service.ClearStandard(ctx, required[0], caller)
	if err != nil {
		return nil, err
	}
	return map[string]any{"cleared": cleared.Cleared, "namespace": required[0]}, nil
}

func pendingListTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	found, err := s.service.Pending(ctx, a.text("status"), a.count("limit", service.DefaultPendingLimit))
	if err != nil {
		return nil, err
	}
	shown := []memory.PendingAction{}
	for _, p := range found {
		shown = append(shown, p.WithoutNodes())
	}
	return map[string]any{"count": len(shown), "pending": shown}, nil
}

func approveTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	required, err := a.required("id")
	if err != nil {
		return nil, err
	}
	id := required[0]
	d, err := s.service.Approve(ctx, id, acting(a, caller))
	if err != nil {
		return nil, err
	}
	if !d.Done {
		return map[string]any{
			"approved": false, "status": "pending", "id": id, "votes": d.Votes, "quorum": d.Needed,
			"reason": "consensus threshold not yet reached",
		}, nil
	}
	var done *string
	if d.MemoryID != "" {
		done = &d.MemoryID
	}
	return map[string]any{"approved": true, "id": id, "decided_by": d.By, "executed": true, "memory_id": done}, nil
}

func rejectTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	required, err := a.required("id")
	if err != nil {
		return nil, err
	}
	d, err := s.service.Reject(ctx, required[0], acting(a, caller))
	switch {
	case errors.Is(err, service.ErrNotPending):
		return nil, said(service.ErrNotPending.Error() + ": " + required[0])
	case err != nil:
		return nil, err
	}
	return map[string]any{"rejected": true, "id": required[0], "decided_by": d.By}, nil
}

func registerTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	required, err := a.required("agent_id", "agent_type")
	if err != nil {
		return nil, err
	}
	r, err := s.service.Register(ctx, required[0], required[1], append([]string{}, a.texts("capabilities")...))
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"registered": true, "id": r.ID, "agent_id": r.Registration.AgentID, "agent_type": r.Registration.AgentType,
		"capabilities": r.Registration.Capabilities,
	}, nil
}

func agentsTool(ctx context.Context, s *Server, _ string, _ arguments) (any, error) {
	found, err := s.service.Agents(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{"count": len(found), "agents": append([]memory.Registration{}, found...)}, nil
}

func notifyTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	required, err := a.required("target_agent_id", "title", "payload")
	if err != nil {
		return nil, err
	}
	m := memory.Message{To: required[0], Subject: required[1], Priority: 5}
	if m.Tier, err = wantedTier(a, memory.Mid); err != nil {
		return nil, err
	}
	if n := a.integer("priority"); n != nil { // of any size: it is clamped
		m.Priority = int32(max(math.MinInt32, min(*n, math.MaxInt32)))
	}
	if m.Payload, err = compact(required[2]); err != nil {
		return nil, err
	}
	sent, err := s.service.Notify(ctx, m, caller)
	if err != nil {
		return nil, err
	}
	if sent.Queued != nil {
		return sent.Queued.Answer(), nil
	}
	return map[string]any{
		"id": sent.Memory.ID, "from": memory.MessageOf(sent.Memory).From, "to": m.To, "namespace": sent.Memory.Namespace,
		"tier": sent.Memory.Tier, "delivered_at": sent.Memory.CreatedAt,
	}, nil
}

func inboxTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	q := service.InboxQuery{Caller: caller, Unread: a.truth("unread_only"), Limit: a.count("limit", service.DefaultInboxLimit)}
	if agent := a.given("agent_id"); agent != nil {
		q.AgentID = *agent
	}
	found, err := s.service.Inbox(ctx, q)
	if err != nil {
		return nil, err
	}
	messages := []any{}
	for _, row := range found.Messages {
		m := memory.MessageOf(row)
		messages = append(messages, map[string]any{
			"id": row.ID, "from": m.From, "title": m.Subject, "payload": m.Payload, "priority": row.Priority, "tier": row.Tier,
			"created_at": row.CreatedAt, "read": row.AccessCount > 0, "access_count": row.AccessCount,
		})
	}
	return map[string]any{
		"agent_id": found.AgentID, "namespace": memory.Inbox(found.AgentID), "count": len(messages), "unread_only": q.Unread, "messages": messages,
	}, nil
}

func subscribeTool(ctx context.Context, s *Server, caller string, a arguments) (any, error) {
	required, err := a.required("url")
	if err != nil {
		return nil, err
	}
	d := service.SubscriptionDraft{
		URL: required[0], Secret: a.or("secret", ""), NamespaceFilter: a.or("namespace_filter", ""), AgentFilter: a.or("agent_filter", ""), Caller: caller,
	}
	if events := a.or("events", "*"); strings.TrimSpace(events) != "*" {
		d.Events = []string{events}
	}
	done, err := s.service.Subscribe(ctx, d)
	var stranger *service.Forbidden
	if errors.As(err, &stranger) { // in the words of this door
		return nil, said(fmt.Sprintf("agent %q is not registered; call memory_agent_register before memory_subscribe", caller))
	}
	if err != nil {
		return nil, err
	}
	sub := done.Subscription
	return map[string]any{
		"id": sub.ID, "url": sub.URL, "events": sub.Events, "namespace_filter": sub.NamespaceFilter, "agent_filter": sub.AgentFilter,
		"created_by": sub.CreatedBy,
	}, nil
}

func unsubscribeTool(ctx context.Context, s *Server, _ string, a arguments) (any, error) {
	required, err := a.required("id")
	if err != nil {
		return nil, err
	}
	done, err := s.service.Unsubscribe(ctx, required[0])
	if err != nil {
		return nil, err
	}
	return map[string]any{"id": required[0], "removed": done.Removed}, nil
}

func subscriptionsTool(ctx context.Context, s *Server, _ string, _ arguments) (any, error) {
	found, err := s.service.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, sub := range found {
		list = append(list, map[string]any{
			"id": sub.ID, "url": sub.URL, "events": sub.Events, "namespace_filter": sub.NamespaceFilter, "agent_filter": sub.AgentFilter,
			"created_by": sub.CreatedBy, "created_at": sub.CreatedAt, "dispatch_count": sub.Dispatched, "failure_count": sub.Failed,
		})
	}
	return map[string]any{"count": len(list), "subscriptions": list}, nil
}
