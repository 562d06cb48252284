package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// when is the instant some seconds after epoch.
func when(seconds int) time.Time { return epoch.Add(time.Duration(seconds) * time.Second) }

func remove(t *testing.T, s store.Store, id string, seconds int) store.Change {
	t.Helper()
	c, err := Delete(t.Context(), s, id, when(seconds))
	return must(t, c, err)
}

// settle has nodes exchange what they lack until no row changes.
func settle(t *testing.T, nodes ...store.Store) {
	t.Helper()
	for range 12 {
		moved := 0
		for _, from := range nodes {
			for _, to := range nodes {
				moved += exchange(t, from, to)
			}
		}
		if moved == 0 {
			return
		}
	}
	t.Fatal("nodes go on changing each other's rows")
}

// wantRows checks what every node holds: titles to contents.
func wantRows(t *testing.T, want map[string]string, nodes ...store.Store) {
	t.Helper()
	first := everything(t, nodes[0])
	got := map[string]string{}
	for title, m := range first {
		got[title] = m.Content
	}
	diff(t, "rows", want, got)
	for _, s := range nodes {
		diff(t, "rows of another node", first, everything(t, s))
		must(t, 0, s.Healthy(t.Context()))
	}
}

func testDelete(t *testing.T, open Opener) {
	s := opened(t, open)
	create(t, s, row("aa", 1))
	create(t, s, row("ab", 1))
	_, err := Delete(t.Context(), s, "id-a", when(2))
	if ambiguous, is := errors.AsType[*store.AmbiguousPrefix](err); !is || len(ambiguous.IDs) != 2 {
		t.Errorf("got %v, want *AmbiguousPrefix of both", err)
	}
	if _, err := Delete(t.Context(), s, "no", when(2)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	want := store.Change{
		Deletion: &memory.Deletion{ID: "id-aa", Title: "aa", Namespace: "n", Generation: 1, DeletedAt: at(3)},
		Event:    store.Event{Origin: s.Origin(), Seq: 3},
	}
	diff(t, "returned", want, remove(t, s, "ID-AA", 3)) // prefixes fold case
	if _, err := s.Get(t.Context(), "id-aa"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the deleted row: %v", err)
	}
	if _, err := Delete(t.Context(), s, "id-aa", when(4)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("once more: %v, want ErrNotFound", err)
	}
	changes, upto, err := s.Own(t.Context(), 1, 10)
	diff(t, "own events", []store.Change{{Memory: row("ab", 1), Event: store.Event{Origin: s.Origin(), Seq: 2}}, want}, must(t, changes, err))
	diff(t, "up to", int64(3), upto)
	similar, err := s.Similar(t.Context(), "n", "content of aa")
	diff(t, "similar", []string{"id-ab"}, must(t, similar, err))
	must(t, 0, s.Healthy(t.Context()))

	// The title is free, for a new memory only.
	if _, err := s.Create(t.Context(), row("aa", 5)); !errors.Is(err, store.ErrIDInUse) {
		t.Errorf("a deleted id again: %v, want ErrIDInUse", err)
	}
	again := create(t, s, row("aa", 5, func(m *memory.Memory) { m.ID = "new" })).Memory
	if again.ID != "new" || again.CreatedAt != at(5) || again.Generation != 1 {
		t.Errorf("created again: %+v", again)
	}
	diff(t, "stored", again, get(t, s, "new"))
	if n, err := s.Size(t.Context()); n != 2 || err != nil {
		t.Errorf("%d rows, %v, want 2", n, err)
	}
}

// testKilledElsewhere has a memory deleted by nodes that did not know its last title: what is written
// there by one that does is a new memory, also where the deleted one still stands.
func testKilledElsewhere(t *testing.T, open Opener) {
	next := row("k", 20, func(m *memory.Memory) { m.ID = "next" })
	for name, deleted := range map[string]func(a, p, q store.Store){
		"the deletion comes to the row": func(a, p, q store.Store) {
			update(t, p, "id-t", memory.Patch{Title: pointer("k")}, 5)
			exchange(t, p, q)
			remove(t, a, "id-t", 6)
			exchange(t, a, p)
		},
		"the row comes to the deletion": func(a, p, q store.Store) {
			update(t, q, "id-t", memory.Patch{Title: pointer("k")}, 5)
			remove(t, a, "id-t", 6)
			exchange(t, a, p)
			exchange(t, q, p)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, p, q := opened(t, open), opened(t, open), opened(t, open)
			create(t, a, row("t", 1))
			settle(t, a, p, q)
			deleted(a, p, q)
			wantRows(t, map[string]string{}, p)
			merge(t, q, store.Batch{Changes: []store.Change{create(t, p, next)}})
			settle(t, q, p, a)
			wantRows(t, map[string]string{"k": next.Content}, a, p, q)
			get(t, q, "next")
		})
	}
	t.Run("the row comes to a later title", func(t *testing.T) {
		a, b, c := opened(t, open), opened(t, open), opened(t, open)
		create(t, a, row("t", 1))
		settle(t, a, b, c)
		update(t, a, "id-t", memory.Patch{Title: pointer("k")}, 5)
		update(t, b, "id-t", memory.Patch{Title: pointer("later")}, 6)
		exchange(t, b, c)
		exchange(t, a, c)
		merge(t, a, store.Batch{Changes: []store.Change{create(t, c, next)}})
		settle(t, a, b, c)
		wantRows(t, map[string]string{"k": next.Content, "later": "content of t"}, a, b, c)
		get(t, a, "next")
	})
}

// testAway has a node away while a row is deleted. What it holds, and what is done to it there,
// does not bring the row back; a new memory of the same title has nothing of the old one.
func testAway(t *testing.T, open Opener) {
	near, far, away := opened(t, open), opened(t, open), opened(t, open)
	create(t, near, row("t", 1, func(m *memory.Memory) {
		m.AccessCount, m.Priority, m.Metadata = 7, 9, []byte(`{"agent_id":"ann"}`)
	}))
	settle(t, near, far, away)
	remove(t, near, "id-t", 5)
	exchange(t, near, far)
	update(t, away, "id-t", memory.Patch{Content: pointer("touched while away")}, 50)
	again := row("t", 9, func(m *memory.Memory) { m.ID, m.Metadata = "new", []byte(`{"agent_id":"bob"}`) })
	created := create(t, far, again).Memory

	old, _, err := away.Lacking(t.Context(), nil, store.Event{}, 10)
	got := merge(t, far, store.Batch{Changes: must(t, old, err)})
	diff(t, "an older copy is not held", []string{""}, got.IDs)
	if !errors.Is(got.Errs[0], store.ErrDeleted) {
		t.Errorf("got %v, want ErrDeleted", got.Errs[0])
	}
	settle(t, away, near, far)
	for _, s := range []store.Store{near, far, away} {
		diff(t, "the new memory", created, get(t, s, "new"))
		if _, err := s.Get(t.Context(), "id-t"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the deleted one: %v", err)
		}
	}
}

// testDeletedTwice has two nodes delete one memory; what one of them writes afterwards stays.
func testDeletedTwice(t *testing.T, open Opener) {
	a, b := opened(t, open), opened(t, open)
	create(t, a, row("t", 1))
	settle(t, a, b)
	remove(t, a, "id-t", 5)
	create(t, a, row("t", 6, func(m *memory.Memory) { m.ID = "new" }))
	c := remove(t, b, "id-t", 9)
	got := merge(t, a, store.Batch{Changes: []store.Change{c}})
	diff(t, "held", []string{"id-t"}, got.IDs)
	settle(t, a, b)
	wantRows(t, map[string]string{"t": "content of t"}, a, b)
	get(t, b, "new")
}

// testUnnumberedDeletions takes ids and rows of servers that know no generations.
func testUnnumberedDeletions(t *testing.T, open Opener) {
	s := opened(t, open)
	create(t, s, row("t", 1))
	gone := func(id string) store.Change {
		return store.Change{Deletion: &memory.Deletion{ID: id, Generation: 1, DeletedAt: at(5)}}
	}
	got := merge(t, s, store.Batch{Changes: []store.Change{gone("id-t"), gone("never seen"), gone(" ")}})
	diff(t, "ids", []string{"id-t", "never seen", ""}, got.IDs)
	diff(t, "changed", 2, got.Changed)
	if got.Errs[2] == nil {
		t.Error("a blank id was taken")
	}
	wantRows(t, map[string]string{}, s)

	push := func(m memory.Memory) error {
		return merge(t, s, store.Batch{Changes: []store.Change{{Memory: m}}}).Errs[0]
	}
	for name, m := range map[string]memory.Memory{
		"the row":                             row("t", 1),
		"the row, written later":              row("t", 1, func(m *memory.Memory) { m.UpdatedAt = at(9) }),
		"one as old under another id":         row("t", 1, func(m *memory.Memory) { m.ID, m.UpdatedAt = "b", at(9) }),
		"the row under another title":         row("u", 9, func(m *memory.Memory) { m.ID = "id-t" }),
		"one that was deleted before it came": row("v", 9, func(m *memory.Memory) { m.ID = "never seen" }),
	} {
		if err := push(m); !errors.Is(err, store.ErrDeleted) {
			t.Errorf("%s: got %v, want ErrDeleted", name, err)
		}
	}
	must(t, 0, push(row("t", 9, func(m *memory.Memory) { m.ID = "new" })))
	wantRows(t, map[string]string{"t": "content of t"}, s)
}

// testRefusedDeletions has deletions that say nothing.
func testRefusedDeletions(t *testing.T, open Opener) {
	s := opened(t, open)
	create(t, s, row("t", 1))
	for name, spoil := range map[string]func(*memory.Deletion){
		"no title":      func(d *memory.Deletion) { d.Title = "" },
		"no namespace":  func(d *memory.Deletion) { d.Namespace = " " },
		"no generation": func(d *memory.Deletion) { d.Generation = 0 },
		"no end":        func(d *memory.Deletion) { d.Generation = 1<<53 + 1 },
		"no time":       func(d *memory.Deletion) { d.DeletedAt = "now" },
		"a bad id":      func(d *memory.Deletion) { d.ID = "a\x00" },
	} {
		d := memory.Deletion{ID: "id-t", Title: "t", Namespace: "n", Generation: 1, DeletedAt: at(2)}
		spoil(&d)
		got := merge(t, s, store.Batch{Changes: []store.Change{{Deletion: &d, Event: store.Event{Origin: "far", Seq: 1}}}})
		if _, is := errors.AsType[*memory.Invalid](got.Errs[0]); !is || got.IDs[0] != "" || got.Changed != 0 {
			t.Errorf("%s: %v, %v", name, got.Errs, got.IDs)
		}
	}
	for _, spoil := range []func(*memory.Memory){
		func(m *memory.Memory) { m.Generation = -1 },
		func(m *memory.Memory) { m.Generation = 1 << 53 },
		func(m *memory.Memory) { m.Moved = -1 },
	} {
		if got := merge(t, s, numbered("far", 1, row("t", 9, spoil))); got.Errs[0] == nil {
			t.Errorf("a row was taken: %+v", got)
		}
	}
	diff(t, "the row", row("t", 1), get(t, s, "id-t"))
}

// testLackingDeletions pages through rows and deletions.
func testLackingDeletions(t *testing.T, open Opener) {
	s, to := opened(t, open), opened(t, open)
	for i := range 9 {
		create(t, s, row(fmt.Sprint(i), 1))
	}
	for i := range 4 {
		remove(t, s, fmt.Sprint("id-", 2*i), 2)
		create(t, s, row(fmt.Sprint("more ", i), 3))
	}
	for limit := 1; limit < 15; limit++ {
		var ids []string
		after := store.Event{}
		for {
			page, _, err := s.Lacking(t.Context(), nil, after, limit)
			for _, c := range must(t, page, err) {
				ids = append(ids, c.ID())
			}
			if len(page) < limit {
				break
			}
			after = page[limit-1].Event
		}
		diff(t, fmt.Sprintf("pages of %d", limit), []string{
			"id-1", "id-3", "id-5", "id-7", "id-8",
			"id-0", "id-more 0", "id-2", "id-more 1", "id-4", "id-more 2", "id-6", "id-more 3",
		}, ids)
	}
	exchange(t, s, to)
	diff(t, "rows", everything(t, s), everything(t, to))
}

// testDeletionsConverge lets three nodes create, update, rename and delete memories of a few
// titles, and exchange what they lack in random order, until no node lacks anything. Nothing that
// was deleted is left.
func testDeletionsConverge(t *testing.T, open Opener) {
	nodes := []store.Store{opened(t, open), opened(t, open), opened(t, open)}
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 7))
		deleted := map[string]bool{}
		for step := range 120 {
			i := r.IntN(3)
			s, now := nodes[i], when(step+r.IntN(40))
			var ids []string
			some, err := s.List(t.Context(), store.Query{Limit: 100})
			for _, m := range must(t, some, err) {
				ids = append(ids, m.ID)
			}
			kind := r.IntN(5)
			if kind > 1 && len(ids) == 0 {
				kind = 0
			}
			switch kind {
			case 0:
				create(t, s, row(fmt.Sprint("t", r.IntN(6)), step+r.IntN(40), func(m *memory.Memory) {
					m.ID, m.Content = fmt.Sprintf("%d-%d-%d", seed, i, step), fmt.Sprint("content ", r.IntN(3))
				}))
			case 1:
				exchange(t, s, nodes[r.IntN(3)])
			case 2:
				c, err := Delete(t.Context(), s, ids[r.IntN(len(ids))], now)
				deleted[must(t, c, err).ID()] = true
			case 3:
				p := memory.Patch{Content: pointer(fmt.Sprint("content ", r.IntN(3)))}
				update(t, s, ids[r.IntN(len(ids))], p, step)
			default:
				p := memory.Patch{Title: pointer(fmt.Sprint("t", r.IntN(6)))}
				_, err := Update(t.Context(), s, ids[r.IntN(len(ids))], p, now)
				if _, taken := errors.AsType[*store.TitleInUse](err); err != nil && !taken {
					t.Fatal(err)
				}
			}
		}
		settle(t, nodes...)
		want := everything(t, nodes[0])
		for _, s := range nodes {
			diff(t, fmt.Sprintf("seed %d: rows of another node", seed), want, everything(t, s))
			must(t, 0, s.Healthy(t.Context()))
		}
		for _, m := range want {
			if deleted[m.ID] {
				t.Errorf("seed %d: %s was deleted and is there", seed, m.ID)
			}
		}
		if t.Failed() {
			return
		}
	}
}
