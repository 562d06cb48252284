package storetest

import (
	"errors"
	"testing"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// write runs a function that must not fail.
func write(t *testing.T, s store.Store, do func(store.Tx) error) []store.Change {
	t.Helper()
	changes, err := s.Write(t.Context(), do)
	return must(t, changes, err)
}

func link(source, target string, seconds int) memory.Record {
	l := memory.Link{SourceID: source, TargetID: target, Relation: memory.RelatedTo, CreatedAt: at(seconds)}
	return l.Record(when(seconds).UnixNano())
}

// wantLinks checks what a memory is linked to, on every node: source, then target.
func wantLinks(t *testing.T, id string, want [][2]string, nodes ...store.Store) {
	t.Helper()
	for _, s := range nodes {
		links, err := s.Links(t.Context(), id)
		got := [][2]string{}
		for _, l := range must(t, links, err) {
			got = append(got, [2]string{l.SourceID, l.TargetID})
		}
		diff(t, "links of "+id, want, got)
	}
}

// archived are the ids of what a node keeps in the archive.
func archived(t *testing.T, s store.Store) []string {
	t.Helper()
	records, err := s.Records(t.Context(), store.RecordQuery{Kind: memory.KindArchived})
	ids := []string{}
	for _, r := range must(t, records, err) {
		ids = append(ids, r.Key)
	}
	return ids
}

// testWrite has a transaction see what it wrote, and a failed one leave nothing.
func testWrite(t *testing.T, open Opener) {
	s := opened(t, open)
	changes := write(t, s, func(tx store.Tx) error {
		if _, err := tx.Create(row("a", 1)); err != nil {
			return err
		}
		if _, err := tx.Create(row("b", 1)); err != nil {
			return err
		}
		if err := tx.Put(link("id-a", "id-b", 2)); err != nil {
			return err
		}
		found, err := tx.Select(store.Filter{Namespace: pointer("n"), Match: pointer(`"content" "b"`)})
		diff(t, "selected", []string{"b"}, titles(must(t, found, err)))
		_, err = tx.Delete("id-b", when(3))
		return err
	})
	diff(t, "changes", 4, len(changes))
	wantRows(t, map[string]string{"a": "content of a"}, s)
	wantLinks(t, "id-a", [][2]string{}, s)
	before := vector(t, s)

	failure := errors.New("no")
	for name, do := range map[string]func(store.Tx) error{
		"its own": func(tx store.Tx) error {
			return errors.Join(tx.Put(link("id-a", "id-c", 4)), failure)
		},
		"of the store": func(tx store.Tx) error {
			_, err := tx.Create(row("c", 4))
			_, missing := tx.Get("nobody")
			return errors.Join(err, missing)
		},
	} {
		_, err := s.Write(t.Context(), do)
		if !errors.Is(err, failure) && !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	wantRows(t, map[string]string{"a": "content of a"}, s)
	diff(t, "vector", before, vector(t, s))
	if _, err := s.Record(t.Context(), memory.KindLink, link("id-a", "id-c", 4).Key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a record of a failed transaction: %v", err)
	}
}

// testRecords has nodes agree on records, however they meet.
func testRecords(t *testing.T, open Opener) {
	a, b, c := opened(t, open), opened(t, open), opened(t, open)
	create(t, a, row("x", 1))
	create(t, a, row("y", 1))
	settle(t, a, b, c)
	write(t, b, func(tx store.Tx) error { return tx.Put(link("id-x", "id-y", 2)) })
	write(t, c, func(tx store.Tx) error { return tx.Put(link("id-y", "id-x", 3)) })
	write(t, c, func(tx store.Tx) error { return tx.Put(link("id-x", "id-y", 4)) }) // the same link, later
	settle(t, a, b, c)
	wantLinks(t, "id-x", [][2]string{{"id-y", "id-x"}, {"id-x", "id-y"}}, a, b, c)

	gone := link("id-x", "id-y", 5)
	gone.Gone = true
	write(t, a, func(tx store.Tx) error { return tx.Put(gone) })
	write(t, b, func(tx store.Tx) error { return tx.Put(link("id-x", "id-y", 4)) }) // too late
	settle(t, a, b, c)
	wantLinks(t, "id-y", [][2]string{{"id-y", "id-x"}}, a, b, c)

	remove(t, b, "id-y", 6)
	settle(t, a, b, c)
	wantLinks(t, "id-x", [][2]string{}, a, b, c)
	for _, s := range []store.Store{a, b, c} {
		if stats, err := s.Stats(t.Context()); err != nil || stats.Links != 0 {
			t.Errorf("%d links, %v", stats.Links, err)
		}
	}
	counts, err := a.CountRecords(t.Context(), memory.KindLink)
	diff(t, "counts", []store.Count{{Name: "id-y", Count: 1}}, must(t, counts, err))
	for name, bad := range map[string]memory.Record{
		"kind":  {Kind: "nothing", Key: "k", Stamp: 1, Value: []byte("{}")},
		"stamp": {Kind: memory.KindLink, Key: "k", Value: []byte("{}")},
		"value": {Kind: memory.KindLink, Key: "k", Stamp: 1, Value: []byte("[]")},
		"key":   {Kind: memory.KindLink, Key: "k", Stamp: 1, Value: link("a", "b", 1).Value},
	} {
		merged := merge(t, a, store.Batch{Changes: []store.Change{{Record: &bad, Event: store.Event{Origin: "far", Seq: 1}}}})
		if merged.Errs[0] == nil {
			t.Errorf("a record with a bad %s was taken", name)
		}
	}
}

// testRelink has two nodes create one title: links of the id that loses are links of the one
// that stays.
func testRelink(t *testing.T, open Opener) {
	a, b := opened(t, open), opened(t, open)
	create(t, a, row("x", 1))
	create(t, b, row("x", 2, func(m *memory.Memory) { m.ID = "later" }))
	create(t, b, row("y", 2))
	write(t, b, func(tx store.Tx) error { return tx.Put(link("later", "id-y", 3)) })
	settle(t, a, b)
	wantLinks(t, "id-x", [][2]string{{"id-x", "id-y"}}, a, b)
}

// testArchive takes a row out and brings it back, on any node.
func testArchive(t *testing.T, open Opener) {
	a, b, c := opened(t, open), opened(t, open), opened(t, open)
	create(t, a, row("x", 1))
	create(t, a, row("y", 1))
	write(t, a, func(tx store.Tx) error { return tx.Put(link("id-x", "id-y", 2)) })
	settle(t, a, b, c)
	write(t, a, func(tx store.Tx) error { return tx.Archive("id-x", memory.ArchivedForgot, when(3)) })
	update(t, c, "id-x", memory.Patch{Content: pointer("of a node that does not know")}, 4)
	settle(t, a, b, c)
	wantRows(t, map[string]string{"y": "content of y"}, a, b, c)
	wantLinks(t, "id-y", [][2]string{}, a, b, c)

	write(t, b, func(tx store.Tx) error {
		r, err := tx.Record(memory.KindArchived, "id-x")
		if err != nil {
			return err
		}
		kept, err := memory.ArchivedOf(r)
		if err != nil {
			return err
		}
		diff(t, "reason", memory.ArchivedForgot, kept.ArchiveReason)
		r.Gone, r.Stamp = true, when(5).UnixNano()
		return errors.Join(tx.Put(r), tx.Restore(kept.Memory, when(5)))
	})
	settle(t, a, b, c)
	wantRows(t, map[string]string{"x": "content of x", "y": "content of y"}, a, b, c)
	wantLinks(t, "id-y", [][2]string{{"id-x", "id-y"}}, a, b, c)
	for _, s := range []store.Store{a, b, c} {
		diff(t, "archive", []string{}, archived(t, s))
		m := get(t, s, "id-x")
		_, err := s.Write(t.Context(), func(tx store.Tx) error { return tx.Restore(m, when(6)) })
		if !errors.Is(err, store.ErrIDInUse) {
			t.Errorf("restored once more: %v, want ErrIDInUse", err)
		}
		m.ID = "other"
		_, err = s.Write(t.Context(), func(tx store.Tx) error { return tx.Restore(m, when(6)) })
		if taken, is := errors.AsType[*store.TitleInUse](err); !is || taken.ID != "id-x" {
			t.Errorf("restored under a title in use: %v, want *TitleInUse", err)
		}
	}
}

// testExpiry has a node take out what has expired there, while another writes to it.
func testExpiry(t *testing.T, open Opener) {
	expiring := func(title string) memory.Memory {
		return row(title, 1, func(m *memory.Memory) { m.Tier, m.ExpiresAt = memory.Mid, pointer(at(10)) })
	}
	for name, order := range map[string]func(*testing.T, ...store.Store){
		"in any order": settle,
		"the write first": func(t *testing.T, n ...store.Store) {
			exchange(t, n[1], n[2])
			settle(t, n...)
		},
		"the deletion first": func(t *testing.T, n ...store.Store) {
			exchange(t, n[0], n[2])
			settle(t, n...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b, c := opened(t, open), opened(t, open), opened(t, open)
			for _, title := range []string{"kept", "lost", "purged"} {
				create(t, a, expiring(title))
			}
			settle(t, a, b, c)
			write(t, a, func(tx store.Tx) error {
				return errors.Join(
					tx.Archive("id-kept", memory.ArchivedExpired, when(20)),
					tx.Archive("id-lost", memory.ArchivedExpired, when(20)),
					tx.Expire("id-purged", when(20)))
			})
			update(t, b, "id-kept", memory.Patch{Content: pointer("k"), ExpiresAt: pointer(at(50))}, 9)
			update(t, b, "id-lost", memory.Patch{Content: pointer("l")}, 9)
			order(t, a, b, c)
			wantRows(t, map[string]string{"kept": "k"}, a, b, c)
			for _, s := range []store.Store{a, b, c} {
				diff(t, "the id", "id-kept", get(t, s, "id-kept").ID)
			}
		})
	}
}

// testAmend gives a row a state of which only a part is later.
func testAmend(t *testing.T, open Opener) {
	s, other := opened(t, open), opened(t, open)
	was := create(t, s, row("x", 1)).Memory
	settle(t, s, other)
	write(t, s, func(tx store.Tx) error {
		m := was
		m.AccessCount, m.Title, m.LastAccessedAt = 3, "not this", pointer(at(5))
		return tx.Amend(m)
	})
	settle(t, s, other)
	for _, n := range []store.Store{s, other} {
		m := get(t, n, "id-x")
		diff(t, "amended", []any{"x", int64(3), was.UpdatedAt}, []any{m.Title, m.AccessCount, m.UpdatedAt})
	}
	_, err := s.Write(t.Context(), func(tx store.Tx) error { return tx.Amend(row("nobody", 1)) })
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}
