package storetest

import (
	"errors"
	"testing"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

func update(t *testing.T, s store.Store, id string, p memory.Patch, seconds int) store.Change {
	t.Helper()
	c, err := Update(t.Context(), s, id, p, when(seconds))
	return must(t, c, err)
}

func testUpdate(t *testing.T, open Opener) {
	s := opened(t, open)
	first := create(t, s, row("a", 1)).Memory
	create(t, s, row("b", 1))
	p := memory.Patch{Content: pointer("changed"), Priority: pointer[int32](2)}
	got := update(t, s, "id-a", p, 5)
	diff(t, "returned", store.Change{Memory: memory.Update(first, p, when(5)), Event: store.Event{Origin: s.Origin(), Seq: 3}}, got)
	diff(t, "stored", got.Memory, get(t, s, "id-a"))
	if got.Memory.Priority != 2 || got.Memory.UpdatedAt != at(5) || got.Memory.CreatedAt != at(1) {
		t.Errorf("got %+v", got.Memory)
	}
	for id, check := range map[string]func(error) bool{
		"no":  func(err error) bool { return errors.Is(err, store.ErrNotFound) },
		"id-": func(err error) bool { _, is := errors.AsType[*store.AmbiguousPrefix](err); return is },
		"id-b": func(err error) bool {
			taken, is := errors.AsType[*store.TitleInUse](err)
			return is && taken.ID == "id-a"
		},
	} {
		if _, err := Update(t.Context(), s, id, memory.Patch{Title: pointer("a")}, when(6)); !check(err) {
			t.Errorf("%s: got %v", id, err)
		}
	}
	diff(t, "the row that was refused the title", row("b", 1), get(t, s, "id-b"))
}

func testRename(t *testing.T, open Opener) {
	s, other := opened(t, open), opened(t, open)
	create(t, s, row("old", 1))
	exchange(t, s, other)
	got := update(t, s, "id-old", memory.Patch{Title: pointer("new"), Content: pointer("rare word")}, 5)
	diff(t, "event", store.Event{Origin: s.Origin(), Seq: 3}, got.Event)
	diff(t, "stored", got.Memory, get(t, s, "id-old"))
	changes, _, err := s.Own(t.Context(), 0, 10)
	diff(t, "events", []store.Change{
		{
			Deletion: &memory.Deletion{Title: "old", Namespace: "n", Generation: 1, DeletedAt: at(5)},
			Event:    store.Event{Origin: s.Origin(), Seq: 2},
		},
		got,
	}, must(t, changes, err))
	similar, err := s.Similar(t.Context(), "n", "new")
	diff(t, "similar", []string{"id-old"}, must(t, similar, err))

	exchange(t, s, other)
	wantRows(t, map[string]string{"new": "rare word"}, s, other)
	diff(t, "nothing new came of it", store.Vector{s.Origin(): 3}, vector(t, other))

	// There and back, to another namespace, and the old title for another memory.
	update(t, s, "id-old", memory.Patch{Title: pointer("old")}, 6)
	update(t, s, "id-old", memory.Patch{Namespace: pointer("m")}, 7)
	create(t, other, row("old", 8, func(m *memory.Memory) { m.ID, m.Content = "unaware", "gone" }))
	create(t, s, row("old", 9, func(m *memory.Memory) { m.ID, m.Content = "aware", "stays" }))
	settle(t, s, other)
	diff(t, "the memory that moved", "m", get(t, other, "id-old").Namespace)
	diff(t, "the other", "stays", get(t, other, "aware").Content)
	if _, err := s.Get(t.Context(), "unaware"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a write that did not know of the rename: %v", err)
	}
}

// testRenameSplit has the row arrive before the deletion of its former pair, and alone.
func testRenameSplit(t *testing.T, open Opener) {
	from, to := opened(t, open), opened(t, open)
	create(t, from, row("old", 1))
	exchange(t, from, to)
	update(t, to, "id-old", memory.Patch{Content: pointer("written by who did not know")}, 9)
	moved := update(t, from, "id-old", memory.Patch{Title: pointer("new")}, 5)
	got := merge(t, to, store.Batch{Changes: []store.Change{moved}})
	diff(t, "held", []string{"id-old"}, got.IDs)
	create(t, to, row("old", 10, func(m *memory.Memory) { m.ID, m.Content = "next", "knows of it" }))
	settle(t, from, to)
	wantRows(t, map[string]string{"new": "written by who did not know", "old": "knows of it"}, from, to)
}

// testConcurrentRenames has two nodes give one memory two titles: the later is the one.
func testConcurrentRenames(t *testing.T, open Opener) {
	a, b, c := opened(t, open), opened(t, open), opened(t, open)
	create(t, a, row("t", 1))
	settle(t, a, b, c)
	update(t, a, "id-t", memory.Patch{Title: pointer("one")}, 5)
	update(t, b, "id-t", memory.Patch{Title: pointer("two")}, 6)
	settle(t, a, c, b)
	wantRows(t, map[string]string{"two": "content of t"}, a, b, c)

	// And one that is deleted where it was, while it is renamed elsewhere, is gone.
	update(t, a, "id-t", memory.Patch{Title: pointer("three")}, 7)
	remove(t, b, "id-t", 8)
	settle(t, a, c, b)
	wantRows(t, map[string]string{}, a, b, c)
}
