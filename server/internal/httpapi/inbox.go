package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// The routes of this file are beyond the contract; messages are those of its section 4.17.

// notify answers POST /api/v1/notify.
func (a *api) notify(w http.ResponseWriter, r *http.Request) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	m := memory.Message{
		To: must[string](o, "target_agent_id"), Subject: must[string](o, "title"), Payload: readPayload(o),
		Priority: or(o, "priority", int32(5)), Tier: or(o, "tier", memory.Mid),
	}
	if memory.ValidateTier(m.Tier) != nil {
		o.mismatch("tier", fmt.Sprintf("unknown variant `%s`, expected one of `short`, `mid`, `long`", m.Tier))
	}
	if o.err != nil {
		return o.err
	}
	done, err := a.service.Notify(r.Context(), m, caller(r))
	if err != nil {
		return err
	}
	if done.Queued != nil {
		return queued(w, *done.Queued)
	}
	return settled(w, http.StatusCreated, map[string]any{
		"delivered_at": done.Memory.CreatedAt,
		"from":         memory.MessageOf(done.Memory).From,
		"id":           done.Memory.ID,
		"namespace":    done.Memory.Namespace,
		"sent":         true,
		"tier":         done.Memory.Tier,
		"to":           m.To,
	}, done.Quorum, "id")
}

// readPayload reads what a message says: any JSON under payload, or a text under content.
func readPayload(o *object) json.RawMessage {
	if o.has("payload") {
		return compacted(o.take("payload"))
	}
	content := optional[string](o, "content")
	if content == nil {
		o.mismatch("", "missing field `payload`")
		return nil
	}
	return compacted(o.take("content"))
}

// inbox answers GET /api/v1/inbox.
func (a *api) inbox(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r.URL.RawQuery)
	query := service.InboxQuery{
		Caller: caller(r), Unread: q.flag("unread_only"), Since: q.text("since"), Limit: q.count("limit", service.DefaultInboxLimit),
	}
	query.Unread = q.flag("unread") || query.Unread
	if agent := q.text("agent_id"); agent != nil {
		query.AgentID = *agent
	}
	if q.err != nil {
		return q.err
	}
	page, err := a.service.Inbox(r.Context(), query)
	if err != nil {
		return err
	}
	messages, unread := make([]inboxMessage, len(page.Messages)), 0
	for i, m := range page.Messages {
		if messages[i] = newInboxMessage(m); !messages[i].Read {
			unread++
		}
	}
	return reply(w, http.StatusOK, map[string]any{
		"agent_id": page.AgentID, "count": len(messages), "messages": messages, "namespace": memory.Inbox(page.AgentID),
		"unread": unread, "unread_only": query.Unread,
	})
}

// inboxMessage is an InboxMessage of contract section 1.3; to, subject and body are beyond it.
type inboxMessage struct {
	AccessCount int64           `json:"access_count"`
	Body        json.RawMessage `json:"body"`
	CreatedAt   string          `json:"created_at"`
	From        string          `json:"from"`
	ID          string          `json:"id"`
	Payload     json.RawMessage `json:"payload"`
	Priority    int32           `json:"priority"`
	Read        bool            `json:"read"`
	Subject     string          `json:"subject"`
	Tier        memory.Tier     `json:"tier"`
	Title       string          `json:"title"`
	To          string          `json:"to"`
}

func newInboxMessage(row memory.Memory) inboxMessage {
	m := memory.MessageOf(row)
	return inboxMessage{
		AccessCount: row.AccessCount, Body: m.Payload, CreatedAt: row.CreatedAt, From: m.From, ID: row.ID, Payload: m.Payload,
		Priority: row.Priority, Read: row.AccessCount > 0, Subject: m.Subject, Tier: row.Tier, Title: m.Subject, To: m.To,
	}
}

// markRead answers POST /api/v1/inbox/{id}/read. Who reads is named in the query or the header.
func (a *api) markRead(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	q := parseQuery(r.URL.RawQuery)
	reader := caller(r)
	if agent := q.text("agent_id"); agent != nil {
		reader = *agent
	}
	if q.err != nil {
		return q.err
	}
	done, err := a.service.MarkRead(r.Context(), id, reader)
	if err != nil {
		return err
	}
	return settled(w, http.StatusOK, map[string]any{"id": done.ID, "read": true}, done.Quorum, "id")
}
