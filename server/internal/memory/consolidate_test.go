package memory_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
)

func source(id, metadata string, change func(*memory.Memory)) memory.Memory {
	m := memory.Memory{
		ID: id, Tier: memory.Mid, Namespace: "n", Title: "t " + id, Content: "c", Tags: []string{},
		Priority: 1, Confidence: 0.5, Source: memory.SourceAPI, Metadata: json.RawMessage(metadata),
		CreatedAt: "2026-01-01T00:00:00+00:00", UpdatedAt: "2026-01-01T00:00:00+00:00",
	}
	if change != nil {
		change(&m)
	}
	return m
}

func TestConsolidate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	request := memory.Consolidation{
		ID: "new", Title: "sum", Summary: "all", Namespace: "m", Tier: memory.Short, Source: memory.SourceCLI, AgentID: "carl",
	}
	got, err := memory.Consolidate([]memory.Memory{
		source("a", `{"agent_id":"ann","k":1,"n":12345678901234567890}`, func(m *memory.Memory) {
			m.Tags, m.AccessCount, m.Priority = []string{"y", "x"}, 3, 9
		}),
		source("b", `{"agent_id":"bob","k":{"deep":[2]},"consolidated_from_agents":["old"]}`, func(m *memory.Memory) {
			m.Tags, m.AccessCount = []string{"x", "a"}, 4
		}),
		source("c", `{"agent_id":"ann","derived_from":["z"]}`, nil),
	}, request, now)
	if err != nil {
		t.Fatal(err)
	}
	want := memory.Memory{
		ID: "new", Tier: memory.Short, Namespace: "m", Title: "sum", Content: "all", Tags: []string{"a", "x", "y"},
		Priority: 9, Confidence: 1, Source: memory.SourceCLI, AccessCount: 7,
		CreatedAt: "2026-05-01T00:00:00+00:00", UpdatedAt: "2026-05-01T00:00:00+00:00",
		Metadata: json.RawMessage(`{"agent_id":"carl","consolidated_from_agents":["ann","bob"],"derived_from":["a","b","c"],"k":{"deep":[2]},"n":12345678901234567890}`),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	low, err := memory.Consolidate([]memory.Memory{source("a", "{}", nil), source("b", "{}", nil)}, request, now)
	if err != nil || low.Priority != 5 || string(low.Metadata) != `{"agent_id":"carl","derived_from":["a","b"]}` {
		t.Errorf("without authors: priority %d, metadata %s, %v", low.Priority, low.Metadata, err)
	}
}

func TestConsolidateTooMuch(t *testing.T) {
	t.Parallel()
	tags := func(from int) []string {
		out := make([]string, 30)
		for i := range out {
			out[i] = fmt.Sprint("tag ", from+i)
		}
		return out
	}
	large := func(key string) string { return `{"` + key + `":"` + strings.Repeat("x", 40_000) + `"}` }
	for name, test := range map[string]struct {
		sources []memory.Memory
		want    string
	}{
		"tags": {[]memory.Memory{
			source("a", "{}", func(m *memory.Memory) { m.Tags = tags(0) }),
			source("b", "{}", func(m *memory.Memory) { m.Tags = tags(30) }),
		}, "too many tags (max 50)"},
		"metadata": {[]memory.Memory{source("a", large("a"), nil), source("b", large("b"), nil)}, "metadata exceeds max size of 65536 bytes"},
	} {
		_, err := memory.Consolidate(test.sources, memory.Consolidation{AgentID: "x"}, time.Now())
		if _, is := errors.AsType[*memory.Invalid](err); !is || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func TestCloneTo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	original := source("a", `{"agent_id":"ann"}`, func(m *memory.Memory) {
		m.Namespace, m.AccessCount, m.Generation, m.Moved = "org/team/x", 4, 2, 3
		m.ExpiresAt, m.LastAccessedAt = new("2099-01-01T00:00:00Z"), new("2026-02-01T00:00:00Z")
	})
	want := original
	want.ID, want.Namespace, want.AccessCount, want.LastAccessedAt, want.Generation, want.Moved = "b", "org", 0, nil, 0, 0
	want.CreatedAt, want.UpdatedAt = "2026-05-01T00:00:00+00:00", "2026-05-01T00:00:00+00:00"
	if diff := cmp.Diff(want, original.CloneTo("b", "org", now)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for ancestor, ok := range map[string]bool{
		"org": true, "org/team": true, "org/team/x": false, "or": false, "org/t": false, "other": false, "": false, "org/": false,
	} {
		if err := memory.ValidateAncestor(ancestor, "org/team/x"); (err == nil) != ok {
			t.Errorf("ancestor %q: %v", ancestor, err)
		}
	}
}

func TestImportOverARow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	existing := source("a", `{"agent_id":"ann"}`, func(m *memory.Memory) {
		m.AccessCount, m.Priority, m.UpdatedAt, m.ExpiresAt = 3, 8, "2026-04-01T00:00:00+00:00", new("2099-01-01T00:00:00+00:00")
	})
	older := source("b", `{"agent_id":"eve","k":1}`, func(m *memory.Memory) {
		m.Title, m.Content, m.CreatedAt, m.AccessCount = "t a", "older", "2020-01-01T00:00:00+00:00", 9
	})
	want := existing
	want.Content, want.UpdatedAt, want.Metadata = "older", older.UpdatedAt, json.RawMessage(`{"agent_id":"ann","k":1}`)
	if diff := cmp.Diff(want, memory.Import(existing, older, now)); diff != "" {
		t.Errorf("an older one (-want +got):\n%s", diff)
	}
	expired := existing
	expired.ExpiresAt = new("2026-04-30T00:00:00+00:00")
	if got := memory.Import(expired, older, now); got.ExpiresAt != nil {
		t.Errorf("a past expiry stays: %v", *got.ExpiresAt)
	}
	long := older
	long.Tier, long.ExpiresAt = memory.Long, nil
	if got := memory.Import(existing, long, now); got.Tier != memory.Long || got.ExpiresAt != nil {
		t.Errorf("a long one: %s, %v", got.Tier, got.ExpiresAt)
	}
}
