package memory_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
)

// pick draws from a few values, so that ties are frequent.
func pick[T any](r *rand.Rand, among ...T) T { return among[r.IntN(len(among))] }

// random is some version of one memory, with many values shared with other such versions.
func random(r *rand.Rand) memory.Memory {
	text := func(s string) *string { return &s }
	stamp := func() string {
		return pick(r, "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00",
			"2026-01-01T00:00:00.000000001+00:00", "2025-12-31T20:00:00-08:00", "2027-01-01T00:00:00+00:00")
	}
	optional := func() *string { return pick(r, nil, text(stamp()), text(stamp())) }
	return memory.Memory{
		ID: pick(r, "a", "b", "c"), Title: "t", Namespace: "n", CreatedAt: stamp(), UpdatedAt: stamp(),
		Content: pick(r, "x", "y"), Tags: pick(r, []string{}, []string{"a"}, []string{"a", "b"}),
		Source: pick(r, "api", "chaos"), Tier: pick(r, memory.Short, memory.Mid, memory.Long),
		Priority: pick[int32](r, 1, 5, 10), Confidence: pick(r, 0, 0.5, 1), AccessCount: pick[int64](r, 0, 3),
		LastAccessedAt: optional(), ExpiresAt: optional(),
		Metadata: json.RawMessage(pick(r, `{}`, `{"agent_id":"ann"}`, `{"agent_id":"bob","k":1}`, `{"k":1}`,
			`{"agent_id":""}`, `{"agent_id":7}`, `{"agent_id":null,"k":1}`)),
		Generation: pick[int64](r, 0, 0, 0, 1), Moved: pick[int64](r, 0, 1, 2),
	}.Normalized()
}

func TestMergeIsAJoin(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5_000 {
		a, b, c := random(r), random(r), random(r)
		same(t, "idempotent", a, memory.Merge(a, a))
		ab := memory.Merge(a, b)
		same(t, "commutative", ab, memory.Merge(b, a))
		same(t, "associative", memory.Merge(ab, c), memory.Merge(a, memory.Merge(b, c)))
		same(t, "absorbs what went in", ab, memory.Merge(ab, a))
		if t.Failed() {
			t.Logf("a %+v", a)
			t.Logf("b %+v", b)
			t.Fatalf("c %+v", c)
		}
	}
}

// TestLocalRulesAreSteps checks that what a node makes of a row by its own rules is a later
// state of the row, which wins on every node that had the row before.
func TestLocalRulesAreSteps(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5_000 {
		existing, write := random(r), random(r)
		upserted := memory.Upsert(existing, write)
		same(t, "upsert", upserted, memory.Merge(existing, upserted))
		if upserted.Content != write.Content {
			t.Fatalf("a write was lost: %+v over %+v is %+v", write, existing, upserted)
		}
		patch := randomPatch(r)
		updated := memory.Update(existing, patch, pick(r, time.Unix(0, 0), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
		same(t, "update", updated, memory.Merge(existing, updated))
		if patch.Priority != nil && updated.Priority != *patch.Priority || patch.ExpiresAt != nil && updated.ExpiresAt != patch.ExpiresAt {
			t.Fatalf("%+v was lost: %+v is now %+v", patch, existing, updated)
		}
		received := memory.Receive(existing, write)
		same(t, "receive", received, memory.Merge(existing, received))
		if t.Failed() {
			t.Fatalf("%+v over %+v", write, existing)
		}
	}
}

// randomPatch changes some fields of one title and namespace.
func randomPatch(r *rand.Rand) memory.Patch {
	m := random(r)
	p := memory.Patch{
		Content: pick(r, nil, &m.Content), Tier: pick(r, nil, &m.Tier), Priority: pick(r, nil, &m.Priority),
		Confidence: pick(r, nil, &m.Confidence), ExpiresAt: pick(r, nil, m.ExpiresAt),
	}
	if r.IntN(2) == 0 {
		p.Metadata, p.Tags = m.Metadata, m.Tags
	}
	return p
}

func same(t *testing.T, law string, want, got memory.Memory) {
	t.Helper()
	if !memory.Equal(want, got) {
		t.Errorf("%s (-want +got):\n%s", law, cmp.Diff(want, got))
	}
}

// with is a valid memory, changed.
func with(change func(*memory.Memory)) memory.Memory {
	m := valid()
	change(&m)
	return m.Normalized()
}

func TestEqualSeesEveryField(t *testing.T) {
	one := "2020-01-01T00:00:00Z"
	for name, change := range map[string]func(*memory.Memory){
		"access_count": func(m *memory.Memory) { m.AccessCount = 1 },
		"confidence":   func(m *memory.Memory) { m.Confidence = 0.5 },
		"content":      func(m *memory.Memory) { m.Content = "d" },
		"created_at":   func(m *memory.Memory) { m.CreatedAt = one },
		"expires_at":   func(m *memory.Memory) { m.ExpiresAt = &one },
		"id":           func(m *memory.Memory) { m.ID = "m-2" },
		"accessed":     func(m *memory.Memory) { m.LastAccessedAt = &one },
		"metadata":     func(m *memory.Memory) { m.Metadata = []byte(`{"a":1}`) },
		"namespace":    func(m *memory.Memory) { m.Namespace = "o" },
		"priority":     func(m *memory.Memory) { m.Priority = 6 },
		"source":       func(m *memory.Memory) { m.Source = "cli" },
		"tags":         func(m *memory.Memory) { m.Tags = []string{"a"} },
		"tier":         func(m *memory.Memory) { m.Tier = memory.Long },
		"title":        func(m *memory.Memory) { m.Title = "u" },
		"updated_at":   func(m *memory.Memory) { m.UpdatedAt = one },
	} {
		if memory.Equal(valid(), with(change)) {
			t.Errorf("a change of %s is not seen", name)
		}
	}
	if !memory.Equal(valid(), valid()) {
		t.Error("a memory does not equal itself")
	}
}

func TestMerge(t *testing.T) {
	early, late := "2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"
	a := with(func(m *memory.Memory) {
		m.ID, m.CreatedAt, m.UpdatedAt, m.Content = "old", early, early, "first"
		m.Tags, m.Source, m.Priority, m.Confidence = []string{"a"}, "cli", 9, 0.1
		m.Tier, m.AccessCount, m.LastAccessedAt, m.ExpiresAt = memory.Mid, 7, &late, &late
		m.Metadata = []byte(`{"agent_id":"ann","k":1}`)
	})
	b := with(func(m *memory.Memory) {
		m.ID, m.CreatedAt, m.Content = "new", late, "second"
		m.UpdatedAt = "2026-01-01T23:00:00-08:00" // later, though less as text than late
		m.Priority, m.Confidence, m.Tier, m.LastAccessedAt = 3, 0.9, memory.Short, &early
		m.Metadata = []byte(`{"agent_id":"bob","z":2}`)
	})
	want := b
	want.ID, want.CreatedAt, want.Metadata = "old", early, []byte(`{"agent_id":"ann","z":2}`)
	want.Tier, want.AccessCount, want.LastAccessedAt = memory.Mid, 7, &late
	same(t, "merge", want, memory.Merge(a, b))

	b.Tier = memory.Long
	if got := memory.Merge(a, b); got.Tier != memory.Long || got.ExpiresAt != nil {
		t.Errorf("with a long one: tier %s, expires %v", got.Tier, got.ExpiresAt)
	}
}

// TestUpsert holds contract section 4.1 against a write that is older than the row.
func TestUpsert(t *testing.T) {
	soon, later := "2026-02-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00"
	existing := with(func(m *memory.Memory) {
		m.ID, m.CreatedAt, m.UpdatedAt, m.Tier = "kept", "2026-01-01T00:00:00+00:00", "2026-01-05T00:00:00+00:00", memory.Mid
		m.AccessCount, m.LastAccessedAt, m.ExpiresAt, m.Priority, m.Confidence = 4, &soon, &later, 8, 0.2
		m.Tags, m.Metadata = []string{"old"}, []byte(`{"agent_id":"zoe","k":1}`)
	})
	write := with(func(m *memory.Memory) {
		m.ID, m.CreatedAt, m.UpdatedAt = "other", "2019-01-01T00:00:00+00:00", "2026-01-03T00:00:00+00:00"
		m.Content, m.Source, m.Tags, m.Tier, m.ExpiresAt = "written", "cli", []string{"new"}, memory.Short, &soon
		m.AccessCount, m.Metadata = 99, []byte(`{"agent_id":"bob"}`)
	})
	want := write
	want.ID, want.CreatedAt, want.AccessCount, want.LastAccessedAt = "kept", existing.CreatedAt, 4, &soon
	want.Priority, want.Tier, want.Metadata = 8, memory.Mid, []byte(`{"agent_id":"zoe"}`)
	want.ExpiresAt = &later // the write is of a lower tier
	want.UpdatedAt = "2026-01-05T00:00:00.000000001+00:00"
	same(t, "upsert", want, memory.Upsert(existing, write))

	tests := []struct {
		name      string
		have, new memory.Tier
		had, give *string
		want      *string
	}{
		{"the write's", memory.Mid, memory.Mid, &later, &soon, &soon},
		{"the row's when the write has none", memory.Mid, memory.Mid, &later, nil, &later},
		{"none once long", memory.Long, memory.Mid, nil, &soon, nil},
		{"none when it becomes long", memory.Mid, memory.Long, &later, &soon, nil},
		{"none when both are long", memory.Long, memory.Long, &soon, &soon, nil},
		{"not one that is past", memory.Mid, memory.Mid, &existing.CreatedAt, nil, nil},
		{"the row's when a lower tier would shorten it", memory.Mid, memory.Short, &later, &soon, &later},
		{"none when a lower tier would end it", memory.Mid, memory.Short, nil, &soon, nil},
		{"the write's when a lower tier prolongs it", memory.Mid, memory.Short, &soon, &later, &later},
		{"the write's when a higher tier shortens it", memory.Short, memory.Mid, &later, &soon, &soon},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			existing, write := existing, write
			existing.Tier, write.Tier, existing.ExpiresAt, write.ExpiresAt = test.have, test.new, test.had, test.give
			if diff := cmp.Diff(test.want, memory.Upsert(existing, write).ExpiresAt); diff != "" {
				t.Errorf("expires_at (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUpsertGivesAnAgentToARowWithout(t *testing.T) {
	write := with(func(m *memory.Memory) { m.Metadata = []byte(`{"agent_id":"ann"}`) })
	if got := memory.Upsert(valid(), write); got.AgentID() != "ann" {
		t.Errorf("got agent %q, want ann", got.AgentID())
	}
}

// TestUpsertAfterTheEndOfTime checks that a row dated as late as can be written over.
func TestUpsertAfterTheEndOfTime(t *testing.T) {
	row := with(func(m *memory.Memory) { m.UpdatedAt = "9999-12-31T23:59:59.999999999-23:59" })
	for range 3 {
		write := with(func(m *memory.Memory) { m.Content = row.Content + "x" })
		next := memory.Upsert(row, write).Normalized()
		if next.Content != write.Content || memory.ValidateStored(next) != nil {
			t.Fatalf("got %+v", next)
		}
		row = next
	}
}

// TestReceive holds contract section 6.5, what is mended there (F2, F12, F14) aside.
func TestReceive(t *testing.T) {
	expires := "2026-03-01T00:00:00+00:00"
	existing := with(func(m *memory.Memory) {
		m.ID, m.UpdatedAt, m.ExpiresAt = "a", "2026-01-05T00:00:00+00:00", &expires
	})
	incoming := with(func(m *memory.Memory) {
		m.ID, m.UpdatedAt, m.Content = "b", "2026-01-05T00:00:00.000000001Z", "newer"
		m.Metadata = []byte(`{"agent_id":"ann"}`)
	})
	want := incoming
	want.ID, want.ExpiresAt = "a", &expires
	same(t, "newer", want, memory.Receive(existing, incoming))

	incoming.UpdatedAt, incoming.Priority = "2026-01-04T00:00:00Z", 9
	want = existing
	want.Priority = 9
	same(t, "older", want, memory.Receive(existing, incoming))
}

func TestNormalized(t *testing.T) {
	m := valid()
	m.Tags, m.Metadata = nil, []byte(` { "b" : 1.0, "a" : "<é>", "b" : 12345678901234567890 } `)
	got := m.Normalized()
	if diff := cmp.Diff(`{"a":"<é>","b":12345678901234567890}`, string(got.Metadata)); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if got.Tags == nil {
		t.Error("tags are nil")
	}
	same(t, "twice", got, got.Normalized())
	m.Metadata = nil
	if got := string(m.Normalized().Metadata); got != "{}" {
		t.Errorf("no metadata became %s", got)
	}
}
