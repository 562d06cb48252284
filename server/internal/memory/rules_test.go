package memory_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"chaosctl/server/internal/memory"
)

// valid is a memory that breaks no rule.
func valid() memory.Memory {
	return memory.Memory{
		ID: "m-1", Tier: memory.Mid, Namespace: "n", Title: "t", Content: "c", Tags: []string{},
		Priority: 5, Confidence: 1, Source: memory.SourceAPI, Metadata: []byte("{}"),
		CreatedAt: "2020-01-01T00:00:00+00:00", UpdatedAt: "2020-01-01T00:00:00+00:00",
	}
}

// TestValidateNewOrder breaks every rule of create and mends them one by one: the first broken
// one must be named each time.
func TestValidateNewOrder(t *testing.T) {
	past, ttl := "2020-01-01T00:00:00Z", int64(0)
	m := memory.Memory{Tier: memory.Mid, Confidence: 2, ExpiresAt: &past, Tags: []string{""}, Metadata: []byte("1")}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		field string
		mend  func()
	}{
		{"title", func() { m.Title = "t" }},
		{"content", func() { m.Content = "c" }},
		{"namespace", func() { m.Namespace = "n" }},
		{"source", func() { m.Source = "api" }},
		{"tags", func() { m.Tags = nil }},
		{"priority", func() { m.Priority = 5 }},
		{"confidence", func() { m.Confidence = 1 }},
		{"expires_at", func() { m.ExpiresAt = nil }},
		{"ttl_secs", func() { ttl = 1 }},
		{"metadata", func() { m.Metadata = nil }},
	} {
		err := memory.ValidateNew(m, &ttl, now)
		invalid, ok := err.(*memory.Invalid) //nolint:errorlint // it must be bare
		if !ok || invalid.Field != step.field {
			t.Fatalf("got %v, want a broken %s", err, step.field)
		}
		step.mend()
	}
	says(t, memory.ValidateNew(m, &ttl, now), "")
	says(t, memory.ValidateNew(m, nil, now), "")
}

func TestValidateStored(t *testing.T) {
	text := func(s string) *string { return &s }
	full := `"k":"` + strings.Repeat("x", 65536-8) + `"`
	tests := []struct {
		name  string
		spoil func(*memory.Memory)
		want  string
	}{
		{"as it is", func(*memory.Memory) {}, ""},
		{"expiry past", func(m *memory.Memory) { m.ExpiresAt = text("1999-01-01T00:00:00Z") }, ""},
		{"any agent and scope", func(m *memory.Memory) { m.Metadata = []byte(`{"agent_id":"a b","scope":1}`) }, ""},
		{"what the server adds does not count", func(m *memory.Memory) {
			m.Metadata = []byte(`{"agent_id":"ann","scope":"team",` + full + "}")
		}, ""},
		{"what a client adds does", func(m *memory.Memory) { m.Metadata = []byte(`{"agent":"ann",` + full + "}") },
			"metadata exceeds max size of 65536 bytes (got 65550)"},
		{"metadata null", func(m *memory.Memory) { m.Metadata = []byte("null") }, "metadata must be a JSON object"},
		{"id", func(m *memory.Memory) { m.ID = "" }, "id cannot be empty"},
		{"tier", func(m *memory.Memory) { m.Tier = "" }, "invalid tier '' — must be one of: short, mid, long"},
		{"source", func(m *memory.Memory) { m.Source = "robot" },
			"invalid source 'robot' — must be one of: " + sourceList},
		{"a server's own source", func(m *memory.Memory) { m.Source = "notify" }, ""},
		{"another", func(m *memory.Memory) { m.Source = "mine-claude" }, ""},
		{"nearly another", func(m *memory.Memory) { m.Source = "mine-\r" }, "invalid source 'mine-\r' — must be one of: " + sourceList},
		{"created", func(m *memory.Memory) { m.CreatedAt = "x" }, "created_at is not valid RFC3339"},
		{"updated", func(m *memory.Memory) { m.UpdatedAt = "" }, "updated_at is not valid RFC3339"},
		{"accessed", func(m *memory.Memory) { m.LastAccessedAt = text("x") }, "last_accessed_at is not valid RFC3339"},
		{"expires", func(m *memory.Memory) { m.ExpiresAt = text("2020-13-01T00:00:00Z") },
			"expires_at is not valid RFC3339"},
		{"count", func(m *memory.Memory) { m.AccessCount = -1 }, "access_count cannot be negative"},
		{"priority", func(m *memory.Memory) { m.Priority = 0 }, "priority must be between 1 and 10 (got 0)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := valid()
			test.spoil(&m)
			says(t, memory.ValidateStored(m), test.want)
		})
	}
}

// TestListsAreTheCallersOwn changes what a caller was given.
func TestListsAreTheCallersOwn(t *testing.T) {
	want := fmt.Sprint(memory.Sources(), memory.Tiers(), memory.Scopes(), memory.Relations(), memory.AgentTypes())
	memory.Sources()[0], memory.Tiers()[0], memory.Scopes()[0] = "x", "x", "x"
	memory.Relations()[0], memory.AgentTypes()[0] = "x", "x"
	got := fmt.Sprint(memory.Sources(), memory.Tiers(), memory.Scopes(), memory.Relations(), memory.AgentTypes())
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
