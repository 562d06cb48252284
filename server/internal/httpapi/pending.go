package httpapi

import (
	"encoding/json"
	"net/http"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// queued answers a request for what has to be approved first (contract sections 2.4 and 2.6).
func queued(w http.ResponseWriter, q service.Queued) error {
	answer := map[string]any{
		"action":     q.Action,
		"pending_id": q.PendingID,
		"reason":     "governance requires approval",
		"status":     "pending",
	}
	if q.Action == service.ActionStore {
		answer["namespace"] = q.Namespace
	} else {
		answer["memory_id"] = q.MemoryID
	}
	return settled(w, http.StatusAccepted, answer, q.Quorum, "pending_id")
}

// pending answers GET /api/v1/pending (contract section 2.12).
func (a *api) pending(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r.URL.RawQuery)
	status, limit := q.text("status"), q.count("limit", service.DefaultPendingLimit)
	if q.err != nil {
		return q.err
	}
	found, err := a.service.Pending(r.Context(), status, limit)
	if err != nil {
		return err
	}
	out := make([]pendingAction, len(found))
	for i, p := range found {
		out[i] = newPendingAction(p)
	}
	return reply(w, http.StatusOK, map[string]any{"count": len(out), "pending": out})
}

// pendingAction is a PendingAction of contract section 1.3 on the wire.
type pendingAction struct {
	ActionType  string          `json:"action_type"`
	Approvals   []approval      `json:"approvals"`
	DecidedAt   string          `json:"decided_at,omitempty"`
	DecidedBy   string          `json:"decided_by,omitempty"`
	ID          string          `json:"id"`
	MemoryID    *string         `json:"memory_id"`
	Namespace   string          `json:"namespace"`
	Payload     json.RawMessage `json:"payload"`
	RequestedAt string          `json:"requested_at"`
	RequestedBy string          `json:"requested_by"`
	Status      string          `json:"status"`
}

type approval struct {
	AgentID    string `json:"agent_id"`
	ApprovedAt string `json:"approved_at"`
}

func newPendingAction(p memory.PendingAction) pendingAction {
	out := pendingAction{
		ActionType: p.ActionType, Approvals: make([]approval, len(p.Approvals)), DecidedAt: p.DecidedAt, DecidedBy: p.DecidedBy,
		ID: p.ID, MemoryID: p.MemoryID, Namespace: p.Namespace, Payload: p.Payload,
		RequestedAt: p.RequestedAt, RequestedBy: p.RequestedBy, Status: string(p.Status),
	}
	for i, v := range p.Approvals {
		out.Approvals[i] = approval{v.AgentID, v.ApprovedAt}
	}
	return out
}

// approve answers POST /api/v1/pending/{id}/approve (contract section 2.12).
func (a *api) approve(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	d, err := a.service.Approve(r.Context(), id, caller(r))
	if err != nil {
		return err
	}
	if !d.Done {
		return settled(w, http.StatusAccepted, map[string]any{
			"approved": false,
			"id":       id,
			"quorum":   d.Needed,
			"reason":   "consensus threshold not yet reached",
			"status":   "pending",
			"votes":    d.Votes,
		}, d.Quorum, "id")
	}
	return settled(w, http.StatusOK, map[string]any{
		"approved": true, "decided_by": d.By, "executed": true, "id": id, "memory_id": d.MemoryID,
	}, d.Quorum, "id")
}

// reject answers POST /api/v1/pending/{id}/reject (contract section 2.12).
func (a *api) reject(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	d, err := a.service.Reject(r.Context(), id, caller(r))
	if err != nil {
		return err
	}
	return settled(w, http.StatusOK, map[string]any{"decided_by": d.By, "id": id, "rejected": true}, d.Quorum, "id")
}
