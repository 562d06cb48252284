package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

func testOwn(t *testing.T, open Opener) {
	s, other := opened(t, open), opened(t, open)
	if s.Origin() == "" || s.Origin() == other.Origin() {
		t.Fatalf("origins %q and %q", s.Origin(), other.Origin())
	}
	own := func(after int64, limit int) ([]string, int64) {
		t.Helper()
		changes, upto, err := s.Own(t.Context(), after, limit)
		return changedTitles(must(t, changes, err)), upto
	}
	expect := func(after int64, limit int, want []string, wantUpto int64) {
		t.Helper()
		got, upto := own(after, limit)
		diff(t, fmt.Sprintf("own after %d, at most %d", after, limit), want, got)
		diff(t, "up to", wantUpto, upto)
	}
	expect(0, 10, []string{}, 0)
	for _, title := range []string{"a", "b", "c"} {
		create(t, s, row(title, 1))
	}
	create(t, s, row("a", 2))
	merge(t, s, numbered("far", 1, row("x", 1)))
	expect(0, 10, []string{"b", "c", "a"}, 4)
	expect(0, 2, []string{"b", "c"}, 3)
	expect(3, 2, []string{"a"}, 4)
	expect(3, 1, []string{"a"}, 4)
	expect(4, 10, []string{}, 4)
	expect(2, 0, []string{}, 2)
	// Another node's version takes the place of a; its own number 4 stays counted.
	merge(t, s, numbered("far", 2, row("a", 9, func(m *memory.Memory) { m.CreatedAt = at(1) })))
	expect(0, 10, []string{"b", "c"}, 4)
	expect(3, 10, []string{}, 4)
}

func testLabels(t *testing.T, open Opener) {
	s := opened(t, open)
	mine := func(seq int64) store.Event { return store.Event{Origin: s.Origin(), Seq: seq} }
	create(t, s, row("t", 10))

	step := func(what string, m memory.Memory, incoming store.Event, changed int, want store.Event) {
		t.Helper()
		got := merge(t, s, store.Batch{Changes: []store.Change{{Memory: m, Event: incoming}}})
		diff(t, what+": ids", []string{"id-t"}, got.IDs)
		diff(t, what+": changed", changed, got.Changed)
		diff(t, what+": event", want, event(t, s, "id-t"))
	}
	older := row("t", 9, func(m *memory.Memory) { m.CreatedAt = at(10) })
	step("an older version says nothing new", older, store.Event{Origin: "far", Seq: 3}, 0, mine(1))
	newer := row("t", 11, func(m *memory.Memory) { m.CreatedAt = at(10) })
	step("a newer one keeps its event", newer, store.Event{Origin: "far", Seq: 4}, 1, store.Event{Origin: "far", Seq: 4})
	step("once more is nothing", newer, store.Event{Origin: "far", Seq: 4}, 0, store.Event{Origin: "far", Seq: 4})
	step("the same state by another event, too", newer, store.Event{Origin: "near", Seq: 1}, 0, store.Event{Origin: "far", Seq: 4})
	older.AccessCount = 9
	step("a mixture is a new event of this node", older, store.Event{Origin: "near", Seq: 2}, 1, mine(2))
	want := newer
	want.AccessCount = 9
	diff(t, "the mixture", want, get(t, s, "id-t"))
	changes, _, err := s.Own(t.Context(), 1, 10)
	diff(t, "and is passed on", []string{"t"}, changedTitles(must(t, changes, err)))
}

func testUnnumbered(t *testing.T, open Opener) {
	s := opened(t, open)
	push := func(m memory.Memory) store.Merged {
		t.Helper()
		return merge(t, s, store.Batch{Changes: []store.Change{{Memory: m}}})
	}
	first := row("t", 10, func(m *memory.Memory) { m.Tier, m.ExpiresAt = memory.Mid, pointer("2099-01-01T00:00:00+00:00") })
	got := push(first)
	diff(t, "ids", []string{"id-t"}, got.IDs)
	diff(t, "vector", store.Vector{s.Origin(): 1}, got.Vector)
	diff(t, "event", store.Event{Origin: s.Origin(), Seq: 1}, event(t, s, "id-t"))

	got = push(first)
	diff(t, "nothing new: changed", 0, got.Changed)
	diff(t, "nothing new: vector", store.Vector{s.Origin(): 1}, got.Vector)

	newer := row("t", 11, func(m *memory.Memory) { m.Tier, m.ID = memory.Mid, "id-of-sender" })
	got = push(newer)
	diff(t, "newer: id stays", []string{"id-t"}, got.IDs)
	diff(t, "newer: event", store.Event{Origin: s.Origin(), Seq: 2}, event(t, s, "id-t"))
	diff(t, "newer: row", memory.Receive(first, newer), get(t, s, "id-t"))
	if get(t, s, "id-t").ExpiresAt == nil {
		t.Error("a push without expires_at took it away")
	}
}

func testVector(t *testing.T, open Opener) {
	s := opened(t, open)
	diff(t, "of an empty store", store.Vector{}, vector(t, s))
	b := numbered("far", 1, row("a", 1), row("b", 2))
	merge(t, s, b)
	diff(t, "without a span nothing is followed", store.Vector{}, vector(t, s))

	steps := []struct {
		what string
		span store.Span
		want int64
	}{
		{"a gap is not skipped", store.Span{Origin: "far", After: 1, Upto: 5}, 0},
		{"from the start", store.Span{Origin: "far", After: 0, Upto: 2}, 2},
		{"overlapping", store.Span{Origin: "far", After: 1, Upto: 4}, 4},
		{"never back", store.Span{Origin: "far", After: 0, Upto: 3}, 4},
		{"adjoining, without rows", store.Span{Origin: "far", After: 4, Upto: 6}, 6},
		{"a gap again", store.Span{Origin: "far", After: 7, Upto: 9}, 6},
	}
	for _, step := range steps {
		got := merge(t, s, store.Batch{Span: &step.span})
		diff(t, step.what, step.want, got.Vector["far"])
		diff(t, step.what+", stored", got.Vector, vector(t, s))
	}
	got := merge(t, s, store.Batch{Have: store.Vector{"far": 5, "near": 7}})
	diff(t, "the greater of each", store.Vector{"far": 6, "near": 7}, got.Vector)
	create(t, s, row("c", 3))
	diff(t, "own changes", store.Vector{"far": 6, "near": 7, s.Origin(): 1}, vector(t, s))
}

func testNumbers(t *testing.T, open Opener) {
	dir := t.TempDir()
	s := open(t, dir)
	create(t, s, row("a", 1))
	create(t, s, row("a", 2))
	// Now no row bears an own number.
	merge(t, s, numbered("far", 1, row("a", 3, func(m *memory.Memory) { m.CreatedAt = at(1) })))
	must(t, 0, s.Close())

	s = open(t, dir)
	defer func() { must(t, 0, s.Close()) }()
	diff(t, "after opening again", int64(3), create(t, s, row("b", 4)).Event.Seq)
	// A row comes back that this node has numbered and forgotten.
	merge(t, s, numbered(s.Origin(), 9, row("c", 5)))
	diff(t, "after own events came back", int64(10), create(t, s, row("d", 6)).Event.Seq)
}

func testLacking(t *testing.T, open Opener) {
	s := opened(t, open)
	merge(t, s, numbered("~far", 1, row("f1", 1), row("f2", 2), row("f3", 3)))
	merge(t, s, numbered("!near", 4, row("n4", 1), row("n5", 2)))
	for _, title := range []string{"m1", "m2", "m3"} {
		create(t, s, row(title, 1))
	}
	me := s.Origin()
	for _, test := range []struct {
		have store.Vector
		want []string
	}{
		{nil, []string{"n4", "n5", "m1", "m2", "m3", "f1", "f2", "f3"}},
		{store.Vector{me: 2, "~far": 3}, []string{"n4", "n5", "m3"}},
		{store.Vector{"!near": 4, me: 9, "~far": 1, "who": 5}, []string{"n5", "f2", "f3"}},
		{store.Vector{"!near": 5, me: 3, "~far": 3}, []string{}},
	} {
		for limit := 1; limit < 10; limit++ {
			got, after := []string{}, store.Event{}
			for {
				page, v, err := s.Lacking(t.Context(), test.have, after, limit)
				got = append(got, changedTitles(must(t, page, err))...)
				diff(t, "vector", store.Vector{me: 3}, v)
				if len(page) < limit {
					break
				}
				after = page[limit-1].Event
			}
			diff(t, fmt.Sprintf("lacking to %v, by pages of %d", test.have, limit), test.want, got)
		}
	}
}

// testLackingMoves changes a row between two pages, so that it is in neither.
func testLackingMoves(t *testing.T, open Opener) {
	from, to := opened(t, open), opened(t, open)
	merge(t, from, numbered("~far", 1, row("a", 1), row("b", 2), row("c", 3)))
	create(t, from, row("z", 1))
	page, have, err := from.Lacking(t.Context(), nil, store.Event{}, 2)
	diff(t, "first page", []string{"z", "a"}, changedTitles(must(t, page, err)))
	merge(t, to, store.Batch{Changes: page})
	create(t, from, row("b", 9)) // its event now sorts before the page that would have had it
	page, _, err = from.Lacking(t.Context(), nil, page[1].Event, 2)
	diff(t, "second page", []string{"c"}, changedTitles(must(t, page, err)))
	merge(t, to, store.Batch{Changes: page, Have: have})

	page, _, err = from.Lacking(t.Context(), vector(t, to), store.Event{}, 10)
	if changed := changedTitles(must(t, page, err)); len(changed) == 0 || changed[0] != "b" {
		t.Errorf("still lacking %v: the row that moved is lost", changed)
	}
}

// testConvergence lets three nodes write the same few rows and exchange what they lack in
// random order, with servers that do not number in between, until no node lacks anything.
func testConvergence(t *testing.T, open Opener) {
	nodes := []store.Store{opened(t, open), opened(t, open), opened(t, open)}
	r := rand.New(rand.NewPCG(5, 6))
	for step := range 120 {
		i, j := r.IntN(3), r.IntN(3)
		m := row(fmt.Sprint("t", r.IntN(8)), r.IntN(4), func(m *memory.Memory) {
			m.ID = fmt.Sprintf("%d-%d", i, step)
			m.Content = fmt.Sprint("content ", r.IntN(3))
			m.Priority = int32(1 + r.IntN(10)) //nolint:gosec // small
			m.Tier = memory.Tiers()[r.IntN(2)]
			m.ExpiresAt = []*string{nil, pointer(at(1e9)), pointer(at(2e9))}[r.IntN(3)]
			m.Metadata = []byte(fmt.Sprintf(`{"agent_id":"agent %d"}`, r.IntN(3)))
		})
		switch r.IntN(3) {
		case 0:
			create(t, nodes[i], m)
		case 1:
			merge(t, nodes[i], store.Batch{Changes: []store.Change{{Memory: m}}})
		default:
			exchange(t, nodes[i], nodes[j])
		}
	}
	for round := 0; ; round++ {
		moved := 0
		for _, from := range nodes {
			for _, to := range nodes {
				moved += exchange(t, from, to)
			}
		}
		if moved == 0 {
			break
		}
		if round == 10 {
			t.Fatal("nodes go on changing each other's rows")
		}
	}
	want := everything(t, nodes[0])
	for _, node := range nodes[1:] {
		diff(t, "rows of another node", want, everything(t, node))
	}
	if len(want) != 8 {
		t.Errorf("%d rows, want 8", len(want))
	}
}

// exchange sends what one node lacks and the other has; it returns how many rows changed.
func exchange(t *testing.T, from, to store.Store) int {
	t.Helper()
	var have store.Vector
	var after store.Event
	changed := 0
	for {
		page, v, err := from.Lacking(t.Context(), vector(t, to), after, 3)
		must(t, page, err)
		if have == nil {
			have = v
		}
		b := store.Batch{Changes: page}
		if len(page) < 3 {
			b.Have = have
		}
		changed += merge(t, to, b).Changed
		if len(page) < 3 {
			return changed
		}
		after = page[2].Event
	}
}

// inNamespace tells namespaces other than n apart.
func inNamespace(m memory.Memory) string {
	if m.Namespace == "n" {
		return ""
	}
	return " in " + m.Namespace
}

// everything returns all rows by title.
func everything(t *testing.T, s store.Store) map[string]memory.Memory {
	t.Helper()
	changes, _, err := s.Lacking(context.Background(), nil, store.Event{}, 100_000)
	rows := map[string]memory.Memory{}
	for _, c := range must(t, changes, err) {
		if c.IsRow() {
			rows[c.Memory.Title+inNamespace(c.Memory)] = c.Memory
		}
	}
	return rows
}
