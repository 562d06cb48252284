package storetest

import (
	"errors"
	"testing"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// imported stores a memory as it is.
func imported(t *testing.T, s store.Store, m memory.Memory, seconds int) memory.Memory {
	t.Helper()
	var out memory.Memory
	write(t, s, func(tx store.Tx) (err error) {
		out, err = tx.Import(m, when(seconds))
		return err
	})
	return out
}

// testImport stores memories as they are, older than what is there or not, and has all nodes hold
// the same.
func testImport(t *testing.T, open Opener) {
	a, b, c := opened(t, open), opened(t, open), opened(t, open)
	create(t, a, row("x", 100, func(m *memory.Memory) { m.Priority, m.AccessCount = 7, 2 }))
	settle(t, a, b, c)
	update(t, c, "id-x", memory.Patch{Content: pointer("of a node that does not know")}, 150)

	older := imported(t, a, row("x", 50, func(m *memory.Memory) { m.ID, m.Content = "another", "older" }), 200)
	diff(t, "an older one", []any{"id-x", "older", at(50), at(100), int32(7), int64(2)},
		[]any{older.ID, older.Content, older.UpdatedAt, older.CreatedAt, older.Priority, older.AccessCount})
	imported(t, b, row("y", 10), 201)
	settle(t, a, b, c)
	wantRows(t, map[string]string{"x": "older", "y": "content of y"}, a, b, c)
	for _, s := range []store.Store{a, b, c} {
		diff(t, "updated_at", at(50), get(t, s, "id-x").UpdatedAt)
	}
	newer := imported(t, b, row("x", 300, func(m *memory.Memory) { m.Content = "newer" }), 301)
	diff(t, "a newer one is a version", older.Generation, newer.Generation)
	update(t, c, "id-y", memory.Patch{Content: pointer("written since")}, 302)
	settle(t, a, b, c)
	wantRows(t, map[string]string{"x": "newer", "y": "written since"}, a, b, c)

	before := vector(t, a)
	imported(t, a, get(t, a, "id-x"), 303) // who asks again may do so because too few nodes held it
	if got := vector(t, a); got[a.Origin()] == before[a.Origin()] {
		t.Error("the same once more is no event, so nobody can wait for it")
	}
	_, err := a.Write(t.Context(), func(tx store.Tx) error {
		_, err := tx.Import(row("z", 1, func(m *memory.Memory) { m.ID = "id-x" }), when(304))
		return err
	})
	if !errors.Is(err, store.ErrIDInUse) {
		t.Errorf("the id of another memory: %v, want ErrIDInUse", err)
	}
}

// testImportOfTheGone imports what was deleted, and what was archived.
func testImportOfTheGone(t *testing.T, open Opener) {
	a, b := opened(t, open), opened(t, open)
	for _, title := range []string{"deleted", "archived"} {
		create(t, a, row(title, 1))
	}
	settle(t, a, b)
	remove(t, a, "id-deleted", 2)
	write(t, a, func(tx store.Tx) error { return tx.Archive("id-archived", memory.ArchivedForgot, when(2)) })
	back := imported(t, a, row("deleted", 1), 3)
	if back.ID == "id-deleted" || back.ID == "" {
		t.Errorf("what was deleted came back as %q", back.ID)
	}
	same := imported(t, a, row("moved", 1, func(m *memory.Memory) { m.ID = "id-archived" }), 3)
	diff(t, "the id of what was archived", "id-archived", same.ID)
	settle(t, a, b)
	wantRows(t, map[string]string{"deleted": "content of deleted", "moved": "content of moved"}, a, b)
	diff(t, "ids", get(t, a, back.ID).ID, get(t, b, back.ID).ID)
	for _, s := range []store.Store{a, b} {
		diff(t, "the archive while the memory is there", []string{}, archived(t, s))
		counts, err := s.CountRecords(t.Context(), memory.KindArchived)
		diff(t, "counts", []store.Count{}, must(t, counts, err))
		hidden, err := s.Records(t.Context(), store.RecordQuery{Kind: memory.KindArchived, Hidden: true})
		diff(t, "hidden", 1, len(must(t, hidden, err)))
	}
	write(t, b, func(tx store.Tx) error { return tx.Archive("id-archived", memory.ArchivedForgot, when(4)) })
	settle(t, a, b)
	diff(t, "the archive afterwards", []string{"id-archived"}, archived(t, a))
	remove(t, a, imported(t, a, row("moved", 1, func(m *memory.Memory) { m.ID = "id-archived" }), 5).ID, 6)
	settle(t, a, b)
	diff(t, "the archive once it is deleted", []string{}, archived(t, b))
}

// testSelections reads rows by filters and by ids.
func testSelections(t *testing.T, open Opener) {
	s := opened(t, open)
	create(t, s, row("late", 30))
	create(t, s, row("early", 10, func(m *memory.Memory) { m.Tier, m.ExpiresAt = memory.Mid, pointer(at(100)) }))
	create(t, s, row("elsewhere", 20, func(m *memory.Memory) { m.Namespace = "other" }))
	instant := func(seconds int) *int64 { return pointer(when(seconds).UnixNano()) }
	for name, test := range map[string]struct {
		filter store.Filter
		want   []string
	}{
		"all":        {store.Filter{}, []string{"id-early", "id-elsewhere", "id-late"}},
		"namespace":  {store.Filter{Namespace: pointer("n")}, []string{"id-early", "id-late"}},
		"tier":       {store.Filter{Tier: pointer(memory.Mid)}, []string{"id-early"}},
		"words":      {store.Filter{Match: pointer(`"early" OR "elsewhere"`)}, []string{"id-early", "id-elsewhere"}},
		"no words":   {store.Filter{Match: pointer("")}, nil},
		"live":       {store.Filter{LiveAt: instant(101)}, []string{"id-elsewhere", "id-late"}},
		"still live": {store.Filter{LiveAt: instant(100)}, []string{"id-early", "id-elsewhere", "id-late"}},
		"expired":    {store.Filter{ExpiredBefore: instant(101)}, []string{"id-early"}},
		"two":        {store.Filter{Limit: 2}, []string{"id-early", "id-elsewhere"}},
	} {
		got, err := s.IDs(t.Context(), test.filter)
		diff(t, name, test.want, must(t, got, err))
	}
	rows, err := s.Pick(t.Context(), []string{"id-late", "nobody", "id-", "id-early"})
	diff(t, "picked", []string{"late", "early"}, titles(must(t, rows, err)))

	write(t, s, func(tx store.Tx) error {
		return errors.Join(
			tx.Put(link("id-late", "id-early", 2)), tx.Put(link("id-early", "id-elsewhere", 1)),
			tx.Put(link("id-elsewhere", "id-late", 3)), tx.Put(link("id-early", "nobody", 4)))
	})
	links, err := s.LinksFrom(t.Context(), []string{"id-late", "id-early", "nobody"})
	var got [][2]string
	for _, l := range must(t, links, err) {
		got = append(got, [2]string{l.SourceID, l.TargetID})
	}
	diff(t, "links", [][2]string{{"id-early", "id-elsewhere"}, {"id-late", "id-early"}}, got)
}

// testCheckpoint writes the log back while the store is used.
func testCheckpoint(t *testing.T, open Opener) {
	s := opened(t, open)
	for i := range 3 {
		create(t, s, row("x", i))
		if err := s.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wantRows(t, map[string]string{"x": "content of x"}, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Checkpoint(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Close: %v, want ErrClosed", err)
	}
}
