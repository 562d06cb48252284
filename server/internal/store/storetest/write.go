package storetest

import (
	"errors"
	"testing"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

func testCreate(t *testing.T, open Opener) {
	s := opened(t, open)
	full := row("full", 1, func(m *memory.Memory) {
		m.Tier, m.Tags, m.Priority, m.Confidence, m.AccessCount = memory.Mid, []string{"a", "é\"", "a"}, 9, 0.25, 7
		m.Content, m.Source = "two\nlines and ‘quotes’", memory.SourceChaos
		m.LastAccessedAt, m.ExpiresAt = pointer("2026-01-02T03:04:05Z"), pointer("2099-01-01T00:00:00-08:00")
		m.Metadata = []byte(`{"agent_id":"ann","n":1.50,"scope":"team"}`)
	})
	want := store.Change{Memory: full, Event: store.Event{Origin: s.Origin(), Seq: 1}}
	diff(t, "returned", want, create(t, s, full))
	diff(t, "stored", full, get(t, s, full.ID))

	loose := row("loose", 2, func(m *memory.Memory) { m.Tags, m.Metadata = nil, []byte(` {"b":1, "a":2} `) })
	stored := create(t, s, loose).Memory
	loose.Tags, loose.Metadata = []string{}, []byte(`{"a":2,"b":1}`)
	diff(t, "normalized", loose, stored)
	diff(t, "normalized and stored", loose, get(t, s, loose.ID))
}

func testUpsert(t *testing.T, open Opener) {
	s := opened(t, open)
	first := create(t, s, row("t", 10, func(m *memory.Memory) { m.Priority, m.Metadata = 8, []byte(`{"agent_id":"zoe"}`) }))
	// Another namespace or another case is another row.
	create(t, s, row("t", 10, func(m *memory.Memory) { m.ID, m.Namespace = "other", "o" }))
	create(t, s, row("T", 10))

	write := row("t", 5, func(m *memory.Memory) {
		m.ID, m.Content, m.Tags, m.Metadata = "not kept", "older, yet written", []string{"x"}, []byte(`{"agent_id":"ann"}`)
	})
	got := create(t, s, write)
	diff(t, "returned", memory.Upsert(first.Memory, write), got.Memory)
	diff(t, "event", store.Event{Origin: s.Origin(), Seq: 4}, got.Event)
	diff(t, "stored", got.Memory, get(t, s, "id-t"))
	if got.Memory.ID != "id-t" || got.Memory.Content != write.Content || got.Memory.Priority != 8 || got.Memory.AgentID() != "zoe" {
		t.Errorf("got %+v", got.Memory)
	}
	if n, err := s.Size(t.Context()); n != 3 || err != nil {
		t.Errorf("%d rows, %v, want 3", n, err)
	}
	if _, err := s.Get(t.Context(), "not kept"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the id of the write: got %v, want ErrNotFound", err)
	}
}

func testIDInUse(t *testing.T, open Opener) {
	s := opened(t, open)
	first := create(t, s, row("a", 1))
	if _, err := s.Create(t.Context(), row("b", 2, func(m *memory.Memory) { m.ID = "id-a" })); !errors.Is(err, store.ErrIDInUse) {
		t.Fatalf("got %v, want ErrIDInUse", err)
	}
	diff(t, "the row that has the id", first.Memory, get(t, s, "id-a"))
	create(t, s, row("b", 3))
	rows, err := s.List(t.Context(), store.Query{Limit: 9})
	diff(t, "rows", []string{"b", "a"}, titles(must(t, rows, err)))
}

func testRefusals(t *testing.T, open Opener) {
	s := opened(t, open)
	create(t, s, row("mine", 1))
	b := numbered("far", 1,
		row("good", 2),
		row("bad source", 3, func(m *memory.Memory) { m.Source = "robot" }),
		row("bad time", 4, func(m *memory.Memory) { m.UpdatedAt = "yesterday" }),
		row("stolen id", 5, func(m *memory.Memory) { m.ID = "id-mine" }),
		row("mine", 6, func(m *memory.Memory) { m.ID, m.CreatedAt = "id-good", at(0) }),
		row("also good", 7),
	)
	b.Span = &store.Span{Origin: "far", After: 0, Upto: 6}
	got := merge(t, s, b)
	diff(t, "ids", []string{"id-good", "", "", "", "", "id-also good"}, got.IDs)
	diff(t, "changed", 2, got.Changed)
	diff(t, "what is refused is refused for good", int64(6), got.Vector["far"])
	for i, check := range []func(error) bool{
		func(err error) bool { return err == nil },
		func(err error) bool { _, ok := errors.AsType[*memory.Invalid](err); return ok },
		func(err error) bool { _, ok := errors.AsType[*memory.Invalid](err); return ok },
		func(err error) bool { return errors.Is(err, store.ErrIDInUse) },
		func(err error) bool { return errors.Is(err, store.ErrIDInUse) },
		func(err error) bool { return err == nil },
	} {
		if !check(got.Errs[i]) {
			t.Errorf("%s: got %v", b.Changes[i].Memory.Title, got.Errs[i])
		}
	}
	diff(t, "the row with the id", row("mine", 1), get(t, s, "id-mine"))
	if n, err := s.Size(t.Context()); n != 3 || err != nil {
		t.Errorf("%d rows, %v, want 3", n, err)
	}
}

func testTwoVersions(t *testing.T, open Opener) {
	s := opened(t, open)
	got := merge(t, s, numbered("far", 1,
		row("t", 5, func(m *memory.Memory) { m.ID = "younger" }),
		row("t", 3, func(m *memory.Memory) { m.ID = "older" }),
	))
	diff(t, "both have the id the row has now", []string{"older", "older"}, got.IDs)
	diff(t, "content of the later version, id of the older", row("t", 5, func(m *memory.Memory) {
		m.ID, m.CreatedAt = "older", at(3)
	}), get(t, s, "older"))
}
