package memory_test

import (
	"errors"
	"testing"
	"time"

	"chaosctl/server/internal/memory"
)

// TestUpdate holds contract section 4.2.
func TestUpdate(t *testing.T) {
	at := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	expires := "2030-01-01T00:00:00Z"
	row := with(func(m *memory.Memory) {
		m.Tier, m.ExpiresAt, m.Priority, m.Metadata = memory.Mid, &expires, 9, []byte(`{"agent_id":"ann","k":1}`)
		m.UpdatedAt, m.Generation, m.Moved = "2026-01-01T00:00:00+00:00", 3, 4
	})
	for name, test := range map[string]struct {
		patch memory.Patch
		want  func(*memory.Memory)
	}{
		"nothing":              {memory.Patch{}, func(*memory.Memory) {}},
		"content":              {memory.Patch{Content: new("d")}, func(m *memory.Memory) { m.Content = "d" }},
		"title and namespace":  {memory.Patch{Title: new("d"), Namespace: new("e")}, func(m *memory.Memory) { m.Title, m.Namespace = "d", "e" }},
		"tags":                 {memory.Patch{Tags: []string{"x"}}, func(m *memory.Memory) { m.Tags = []string{"x"} }},
		"no tags":              {memory.Patch{Tags: []string{}}, func(m *memory.Memory) { m.Tags = []string{} }},
		"less":                 {memory.Patch{Priority: new(int32(1)), Confidence: new(0.0)}, func(m *memory.Memory) { m.Priority, m.Confidence = 1, 0 }},
		"past expiry":          {memory.Patch{ExpiresAt: new("2001-01-01T00:00:00Z")}, func(m *memory.Memory) { m.ExpiresAt = new("2001-01-01T00:00:00Z") }},
		"lower tier":           {memory.Patch{Tier: new(memory.Short)}, func(*memory.Memory) {}},
		"long no longer ends":  {memory.Patch{Tier: new(memory.Long)}, func(m *memory.Memory) { m.Tier, m.ExpiresAt = memory.Long, nil }},
		"long with its expiry": {memory.Patch{Tier: new(memory.Long), ExpiresAt: &expires}, func(m *memory.Memory) { m.Tier = memory.Long }},
		"metadata": {memory.Patch{Metadata: []byte(`{"z":1, "agent_id":"eve"}`)}, func(m *memory.Memory) {
			m.Metadata = []byte(`{"agent_id":"ann","z":1}`)
		}},
		"empty metadata": {memory.Patch{Metadata: []byte(`{}`)}, func(m *memory.Memory) { m.Metadata = []byte(`{"agent_id":"ann"}`) }},
	} {
		want := row
		test.want(&want)
		want.UpdatedAt = memory.FormatTime(at)
		same(t, name, want, memory.Update(row, test.patch, at))
	}
	if got := memory.Update(row, memory.Patch{}, at.AddDate(-9, 0, 0)).UpdatedAt; got != "2026-01-01T00:00:00.000000001+00:00" {
		t.Errorf("by a clock that is behind, updated_at is %s", got)
	}
	without := with(func(m *memory.Memory) { m.Metadata = []byte(`{}`) })
	if got := memory.Update(without, memory.Patch{Metadata: []byte(`{"agent_id":"eve"}`)}, at).AgentID(); got != "eve" {
		t.Errorf("a row without agent_id has got %q, want eve", got)
	}
}

// TestPatchValidate has all wrong, and puts right what is told, one by one.
func TestPatchValidate(t *testing.T) {
	p := memory.Patch{
		Title: new(" "), Content: new(""), Tier: new(memory.Tier("epic")), Namespace: new("a b"), Tags: []string{""},
		Priority: new(int32(11)), Confidence: new(2.0), ExpiresAt: new(""), Metadata: []byte("[]"),
	}
	for _, step := range []struct {
		field string
		mend  func()
	}{
		{"title", func() { p.Title = nil }},
		{"content", func() { p.Content = new("c") }},
		{"tier", func() { p.Tier = new(memory.Long) }},
		{"namespace", func() { p.Namespace = nil }},
		{"tags", func() { p.Tags = nil }},
		{"priority", func() { p.Priority = nil }},
		{"confidence", func() { p.Confidence = new(1.0) }},
		{"expires_at", func() { p.ExpiresAt = new("2001-01-01T00:00:00Z") }},
		{"metadata", func() { p.Metadata = []byte("{}") }},
	} {
		var invalid *memory.Invalid
		if err := p.Validate(); !errors.As(err, &invalid) || invalid.Field != step.field {
			t.Errorf("got %v, want something about %s", err, step.field)
		}
		step.mend()
	}
	if err := p.Validate(); err != nil {
		t.Errorf("a good patch: %v", err)
	}
}
