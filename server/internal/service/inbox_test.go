package service_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

func message(subject string) memory.Message {
	return memory.Message{To: "bob", Subject: subject, Payload: json.RawMessage(`"text"`), Priority: 5, Tier: memory.Mid}
}

func notify(t *testing.T, s *service.Service, m memory.Message) string {
	t.Helper()
	n, err := s.Notify(t.Context(), m, "ann")
	if err != nil {
		t.Fatal(err)
	}
	return n.Memory.ID
}

// inbox is the ids of bob's messages.
func inbox(t *testing.T, s *service.Service, q service.InboxQuery) []string {
	t.Helper()
	q.AgentID = "bob"
	page, err := s.Inbox(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, m := range page.Messages {
		ids = append(ids, m.ID)
	}
	return ids
}

// TestInbox is H26: a subject may come twice, and unread ones are not hidden behind read ones.
func TestInbox(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	first, second := notify(t, s, message("hi")), notify(t, s, message("hi"))
	urgent := message("now")
	urgent.Priority = 99
	third := notify(t, s, urgent)
	if diff := cmp.Diff([]string{third, second, first}, inbox(t, s, service.InboxQuery{Limit: 10})); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	m, err := s.Get(t.Context(), first)
	if err != nil || m.ExpiresAt == nil || m.Source != memory.SourceNotify || m.AgentID() != "ann" || m.AccessCount != 0 {
		t.Errorf("row %+v (%v)", m, err)
	}
	for _, id := range []string{third, second} {
		if done, err := s.MarkRead(t.Context(), id, "bob"); err != nil || done.ID != id {
			t.Errorf("marked %+v, %v", done, err)
		}
	}
	if diff := cmp.Diff([]string{first}, inbox(t, s, service.InboxQuery{Unread: true, Limit: 1})); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	if got := inbox(t, s, service.InboxQuery{Limit: 0}); len(got) != 0 {
		t.Errorf("limit 0: %q", got)
	}
	if got := inbox(t, s, service.InboxQuery{Limit: 10, Since: pointer("2999-01-01T00:00:00Z")}); len(got) != 0 {
		t.Errorf("since then: %q", got)
	}
	other, err := s.Inbox(t.Context(), service.InboxQuery{Caller: "eve", Limit: 10})
	if err != nil || other.AgentID != "eve" || len(other.Messages) != 0 {
		t.Errorf("another's: %+v, %v", other, err)
	}
}

// TestLongInbox finds the one unread message behind more read ones than a page holds.
func TestLongInbox(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	low := message("low")
	low.Priority = 1
	want := notify(t, s, low)
	for i := range service.MaxInboxLimit + 5 {
		if _, err := s.MarkRead(t.Context(), notify(t, s, message(fmt.Sprint("m", i))), "bob"); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{want}, inbox(t, s, service.InboxQuery{Unread: true, Limit: 10})); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	if got := inbox(t, s, service.InboxQuery{Limit: 100_000}); len(got) != service.MaxInboxLimit {
		t.Errorf("%d messages, want the limit", len(got))
	}
}

func TestMessagesThatAreNone(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	for text, spoil := range map[string]func(*memory.Message){
		"agent_id contains invalid character ' ' (allowed: alphanumeric, _-:@./)": func(m *memory.Message) { m.To = "a b" },
		"title cannot be empty":                           func(m *memory.Message) { m.Subject = "" },
		"title exceeds max length of 512 characters":      func(m *memory.Message) { m.Subject = strings.Repeat("x", 513) },
		"content cannot be empty":                         func(m *memory.Message) { m.Payload = json.RawMessage(`" "`) },
		"content exceeds max size of 65536 bytes":         func(m *memory.Message) { m.Payload = json.RawMessage(`"` + strings.Repeat("x", 65_537) + `"`) },
		"namespace segments '.' and '..' are not allowed": func(m *memory.Message) { m.To = "a/../b" },
	} {
		m := message("hi")
		spoil(&m)
		var invalid *service.Invalid
		if _, err := s.Notify(t.Context(), m, "ann"); !errors.As(err, &invalid) || invalid.Message != text {
			t.Errorf("got %v, want %s", err, text)
		}
	}
	id := notify(t, s, message("hi"))
	var forbidden *service.Forbidden
	if _, err := s.MarkRead(t.Context(), id, "eve"); !errors.As(err, &forbidden) || forbidden.Message != "the message is to 'bob'; got 'eve'" {
		t.Errorf("eve reads: %v", err)
	}
	for _, what := range []string{"nope", create(t, s, nil).ID, id[:20]} {
		if _, err := s.MarkRead(t.Context(), what, "bob"); !errors.Is(err, service.ErrNotFound) {
			t.Errorf("%s is no message: %v", what, err)
		}
	}
	if _, err := s.Inbox(t.Context(), service.InboxQuery{AgentID: "a b", Limit: 1}); err == nil {
		t.Error("an inbox of nobody was read")
	}
}

func TestGrantsAreTheOwners(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	id := create(t, s, func(d *service.Draft) { d.AgentID, d.Metadata = "ann", json.RawMessage(`{"k":1}`) }).ID
	var forbidden *service.Forbidden
	_, err := s.Grant(t.Context(), id, "eve", memory.MayAdmin, "eve")
	if !errors.As(err, &forbidden) || forbidden.Message != "grant denied: governance: caller 'eve' is not the owner ('ann')" {
		t.Errorf("eve grants herself: %v", err)
	}
	if _, err := s.Grant(t.Context(), id, "bob", memory.MayAdmin, "ann"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Grant(t.Context(), id[:20], "cy", memory.MayRead, "bob"); err != nil {
		t.Errorf("an admin grants: %v", err)
	}
	if _, err := s.Update(t.Context(), id, memory.Patch{Metadata: json.RawMessage(`{"grants":{"eve":"admin"}}`)}, "eve"); err != nil {
		t.Fatal(err)
	}
	m, err := s.Get(t.Context(), id)
	if err != nil || string(m.Metadata) != `{"agent_id":"ann","grants":{"bob":"admin","cy":"read"}}` {
		t.Errorf("metadata %s (%v)", m.Metadata, err)
	}
	for _, had := range []bool{true, false} {
		if done, err := s.Revoke(t.Context(), id, "bob", "ann"); err != nil || done.Had != had || done.ID != id {
			t.Errorf("revoked %+v, %v; want %v", done, err, had)
		}
	}
	if _, err := s.Revoke(t.Context(), id, "cy", "bob"); !errors.As(err, &forbidden) {
		t.Errorf("no longer an admin: %v", err)
	}
	for what, err := range map[string]error{
		"permission": func() error { _, err := s.Grant(t.Context(), id, "bob", "king", "ann"); return err }(),
		"agent":      func() error { _, err := s.Grant(t.Context(), id, "b b", memory.MayRead, "ann"); return err }(),
		"id":         func() error { _, err := s.Revoke(t.Context(), " ", "bob", "ann"); return err }(),
	} {
		var invalid *service.Invalid
		if !errors.As(err, &invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := s.Revoke(t.Context(), "nope", "bob", "ann"); !errors.Is(err, service.ErrNotFound) {
		t.Errorf("of nothing: %v", err)
	}
}

func TestAgents(t *testing.T) {
	t.Parallel()
	s, database := newService(t, nil)
	// An import may have left a row that is none, or another's.
	if _, err := database.Create(t.Context(), row("m-f", func(m *memory.Memory) {
		m.Namespace, m.Title, m.Metadata = memory.AgentsNamespace, "agent:bob", json.RawMessage(`{"agent_id":"mallory"}`)
	})); err != nil {
		t.Fatal(err)
	}
	register(t, s, "ann", "bob")
	first, err := s.Agents(t.Context())
	if err != nil || len(first) != 2 || first[0].AgentID != "ann" || first[1].AgentID != "bob" {
		t.Fatalf("agents %+v (%v)", first, err)
	}
	again, err := s.Register(t.Context(), "ann", "ai:x", []string{"read"})
	if err != nil || again.Registration.RegisteredAt != first[0].RegisteredAt || again.Registration.LastSeenAt <= first[0].LastSeenAt {
		t.Errorf("registered again: %+v, %v", again, err)
	}
	for message, try := range map[string][3]string{
		"agent_id cannot be empty":                 {"", "human", "c"},
		"agent_type cannot be empty":               {"x", "", "c"},
		"tags cannot contain empty strings":        {"x", "human", " "},
		"agent_id exceeds max length of 128 bytes": {strings.Repeat("a", 129), "human", "c"},
	} {
		var invalid *service.Invalid
		if _, err := s.Register(t.Context(), try[0], try[1], try[2:]); !errors.As(err, &invalid) || invalid.Message != message {
			t.Errorf("got %v, want %s", err, message)
		}
	}
}
