package service_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

func TestCreateAll(t *testing.T) {
	t.Parallel()
	r := &spread{outcome: federation.Outcome{Acks: 2, Needed: 2}}
	s, _ := newService(t, r)
	titled := func(title string, change func(*service.Draft)) service.Draft {
		return draft(func(d *service.Draft) {
			d.Title, d.AgentID, d.Scope = title, "not looked at", pointer("nonsense")
			if change != nil {
				change(d)
			}
		})
	}
	done, err := s.CreateAll(t.Context(), []service.Draft{
		titled("a", nil), titled(" ", nil), titled("b", func(d *service.Draft) { d.Priority = 11 }),
		titled("a", func(d *service.Draft) { d.Content = "again" }), titled("c", func(d *service.Draft) { d.TTLSecs = pointer(int64(60)) }),
	}, "not an agent id")
	if err != nil {
		t.Fatal(err)
	}
	wantErrors := []string{" : title cannot be empty", "b: priority must be between 1 and 10 (got 11)"}
	if diff := cmp.Diff(wantErrors, done.Errors); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	if len(done.IDs) != 3 || done.IDs[0] != done.IDs[1] || size(t, s) != 2 || !done.Met() {
		t.Errorf("ids %v, %d rows", done.IDs, size(t, s))
	}
	if len(r.awaited) != 2 {
		t.Errorf("%d changes awaited: the first state of a is nobody's any more", len(r.awaited))
	}
	a, errA := s.Get(t.Context(), done.IDs[0])
	c, errC := s.Get(t.Context(), done.IDs[2])
	if err := errors.Join(errA, errC); err != nil || a.Content != "again" || a.CreatedAt != c.CreatedAt || string(a.Metadata) != "{}" {
		t.Errorf("a %+v, c %+v, %v", a, c, err)
	}
	many := make([]service.Draft, service.MaxBulk+1)
	_, err = s.CreateAll(t.Context(), many, "")
	if invalid, is := errors.AsType[*service.Invalid](err); !is || invalid.Message != "bulk operations limited to 1000 items" {
		t.Errorf("too many: %v", err)
	}
	if none, err := s.CreateAll(t.Context(), nil, ""); err != nil || none.Errors == nil || len(none.IDs) != 0 || none.Quorum != nil {
		t.Errorf("none: %+v, %v", none, err)
	}
}

// TestCreateAllGoverned has policies forbid one memory and queue another.
func TestCreateAllGoverned(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	policed(t, s, "held", "owner", "any", "any")
	policed(t, s, "asked", "approve", "any", "any")
	in := func(namespace string) service.Draft {
		return draft(func(d *service.Draft) { d.Title, d.Namespace = "t", namespace })
	}
	done, err := s.CreateAll(t.Context(), []service.Draft{in("held"), in("asked"), in("free"), in(memory.AgentsNamespace)}, "ann")
	if err != nil || len(done.IDs) != 1 || len(done.Errors) != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	pending, err := s.Pending(t.Context(), nil, 10)
	if err != nil || len(pending) != 1 {
		t.Fatalf("%v, %v", pending, err)
	}
	for i, want := range []string{
		"t: store denied by governance: governance: caller 'ann' is not the owner ('boss')",
		"t: queued for approval: pending_id=" + pending[0].ID,
		"t: store denied by governance: ",
	} {
		if !strings.HasPrefix(done.Errors[i], want) {
			t.Errorf("error %q, want %q", done.Errors[i], want)
		}
	}
	over := row("policy-held", func(m *memory.Memory) { m.Namespace, m.Content = "policies", "lifted" })
	imported, err := s.Import(t.Context(), service.Import{Memories: []memory.Memory{
		over, row("h", func(m *memory.Memory) { m.Namespace = "held" }), row("f", nil),
	}, Caller: "ann"})
	if err != nil || imported.Count != 1 || len(imported.Errors) != 2 || !strings.HasPrefix(imported.Errors[0], "policy-held: store denied") ||
		!strings.HasPrefix(imported.Errors[1], "h: store denied") && !strings.HasPrefix(imported.Errors[0], "h: ") {
		t.Errorf("import: %+v, %v", imported, err)
	}
}

func TestPromote(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	seed(t, s, row("abc", func(m *memory.Memory) {
		m.Namespace, m.ExpiresAt, m.AccessCount = "org/team/x", pointer("2099-01-01T00:00:00Z"), 4
		m.Metadata = json.RawMessage(`{"agent_id":"ann"}`)
	}))
	for _, bad := range []string{"org/team/x", "else", "or", ""} {
		_, err := s.Promote(t.Context(), "abc", "ann", &bad)
		if _, is := errors.AsType[*service.Invalid](err); !is {
			t.Errorf("to %q: %v, want *Invalid", bad, err)
		}
	}
	up, err := s.Promote(t.Context(), "ab", "ann", pointer("org"))
	if err != nil {
		t.Fatal(err)
	}
	clone, err := s.Get(t.Context(), up.Memory.ID)
	if err != nil || clone.Namespace != "org" || clone.Tier != memory.Mid || clone.ExpiresAt == nil || clone.AccessCount != 0 ||
		clone.AgentID() != "ann" || up.Source != "abc" || clone.ID == "abc" {
		t.Errorf("clone %+v of %s, %v", clone, up.Source, err)
	}
	links, err := s.Links(t.Context(), "abc")
	if err != nil || len(links) != 1 || links[0].SourceID != clone.ID || links[0].Relation != memory.DerivedFrom {
		t.Errorf("links %v, %v", links, err)
	}
	again, err := s.Promote(t.Context(), "abc", "ann", pointer("org"))
	if err != nil || again.Memory.ID != clone.ID {
		t.Errorf("once more: %s, %v, want the same clone", again.Memory.ID, err)
	}
	long, err := s.Promote(t.Context(), "abc", "", nil)
	if err != nil || long.Memory.Tier != memory.Long || long.Memory.ExpiresAt != nil || long.Memory.ID != "abc" {
		t.Errorf("long: %+v, %v", long, err)
	}
	if _, err := s.Promote(t.Context(), "zzz", "", nil); !errors.Is(err, service.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	if _, err := s.Promote(t.Context(), "abc", "a b", nil); err == nil || !strings.HasPrefix(err.Error(), "invalid agent_id: ") {
		t.Errorf("a bad caller: %v", err)
	}

	policed(t, s, "org/team/x", "any", "any", "owner")
	if _, err := s.Promote(t.Context(), "abc", "eve", nil); err == nil || !strings.HasPrefix(err.Error(), "promote denied by governance: ") {
		t.Errorf("another's: %v", err)
	}
	policed(t, s, "org", "any", "any", "approve")
	queued, err := s.Promote(t.Context(), clone.ID, "eve", nil)
	if err != nil || queued.Queued == nil || queued.Queued.MemoryID != clone.ID {
		t.Errorf("to be approved: %+v, %v", queued, err)
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	r := &spread{outcome: federation.Outcome{Acks: 2, Needed: 2}}
	s, _ := newService(t, r)
	seed(t, s, row("aa", nil), row("ab", nil))
	for want, ids := range map[string][2]string{
		"source memory not found: a":  {"a", "ab"}, // no prefixes
		"target memory not found: zz": {"aa", "zz"},
		"source memory not found: yy": {"yy", "zz"},
	} {
		_, err := s.Link(t.Context(), ids[0], ids[1], memory.RelatedTo, "")
		if unknown, is := errors.AsType[*service.Unknown](err); !is || unknown.Error() != want {
			t.Errorf("%v: %v, want %q", ids, err, want)
		}
	}
	for _, bad := range [][3]string{{"aa", "aa", "related_to"}, {"aa", "ab", "likes"}, {" ", "ab", "related_to"}} {
		_, err := s.Link(t.Context(), bad[0], bad[1], bad[2], "")
		if _, is := errors.AsType[*service.Invalid](err); !is {
			t.Errorf("%v: %v, want *Invalid", bad, err)
		}
	}
	first, err := s.Link(t.Context(), "aa", "ab", memory.RelatedTo, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Link(t.Context(), "ab", "aa", memory.Contradicts, ""); err != nil {
		t.Fatal(err)
	}
	r.awaited = nil
	again, err := s.Link(t.Context(), "aa", "ab", memory.RelatedTo, "")
	if err != nil || again.Link != first.Link || len(r.awaited) != 1 {
		t.Errorf("once more: %+v, %v, %d awaited, want %+v and one", again, err, len(r.awaited), first)
	}
	links, err := s.Links(t.Context(), "ab")
	if err != nil || len(links) != 2 || links[0] != first.Link {
		t.Errorf("links %v, %v, want the oldest first", links, err)
	}
}

func TestConsolidate(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	seed(t, s, row("a", nil), row("b", nil), row("c", func(m *memory.Memory) { m.Namespace = "held" }))
	request := func(ids ...string) service.Consolidation {
		return service.Consolidation{
			IDs: ids, Title: "sum", Summary: "all", Namespace: "n", Tier: memory.Long, Source: memory.SourceConsolidation, Caller: "carl",
		}
	}
	for want, c := range map[string]service.Consolidation{
		"need at least 2 memory IDs to consolidate": request("a"),
		"duplicate memory ID: a":                    request("a", "a"),
		"consolidate 2 memories: memory not found: z": request(
			"a", "z"),
		"invalid agent_id: agent_id contains invalid character ' ' (allowed: alphanumeric, _-:@./)": func() service.Consolidation {
			c := request("a", "b")
			c.AgentID = "a b"
			return c
		}(),
		"consolidate 2 memories: title 'title a' already exists in namespace 'n' (memory a)": func() service.Consolidation {
			c := request("a", "b")
			c.Title = "title a"
			return c
		}(),
	} {
		if _, err := s.Consolidate(t.Context(), c); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	policed(t, s, "held", "any", "approve", "any")
	_, err := s.Consolidate(t.Context(), request("a", "c"))
	if _, is := errors.AsType[*service.Denied](err); !is {
		t.Errorf("a source whose deletion must be approved: %v, want *Denied", err)
	}
	if pending, err := s.Pending(t.Context(), nil, 1); err != nil || len(pending) != 0 {
		t.Errorf("%v is queued, %v", pending, err)
	}
	if size(t, s) != 4 {
		t.Fatalf("%d rows", size(t, s))
	}
	done, err := s.Consolidate(t.Context(), request("a", "b"))
	if err != nil || done.Memory.Content != "all" || done.Memory.AgentID() != "carl" || size(t, s) != 3 {
		t.Errorf("%+v, %v, %d rows", done, err, size(t, s))
	}
	if ids := archivedIDs(t, s); len(ids) != 0 {
		t.Errorf("the sources are in the archive: %v", ids)
	}
}

// TestExportImport takes all that one service exports into another.
func TestExportImport(t *testing.T) {
	t.Parallel()
	from, _ := newService(t, nil)
	var rows []memory.Memory
	for i := range 430 {
		rows = append(rows, row(fmt.Sprintf("m-%03d", i), func(m *memory.Memory) {
			m.CreatedAt = fmt.Sprintf("2026-01-01T00:%02d:%02d+00:00", (430-i)/60, (430-i)%60)
		}))
	}
	seed(t, from, rows...)
	seed(t, from, row("expired", func(m *memory.Memory) { m.ExpiresAt = pointer("2026-01-02T00:00:00Z") }),
		row("message", func(m *memory.Memory) { m.Source = memory.SourceNotify })) // F17
	for _, l := range [][2]string{{"m-000", "m-429"}, {"m-429", "m-000"}, {"m-001", "expired"}} {
		if _, err := from.Link(t.Context(), l[0], l[1], memory.RelatedTo, ""); err != nil {
			t.Fatal(err)
		}
	}
	e, err := from.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var exported service.Import
	err = errors.Join(
		e.Memories(t.Context(), func(m memory.Memory) error { exported.Memories = append(exported.Memories, m); return nil }),
		e.Links(t.Context(), func(l memory.Link) error { exported.Links = append(exported.Links, l); return nil }))
	if err != nil || len(exported.Memories) != 431 || len(exported.Links) != 2 {
		t.Fatalf("%d memories, %d links, %v", len(exported.Memories), len(exported.Links), err)
	}
	for i := 1; i < 431; i++ {
		if exported.Memories[i-1].CreatedAt > exported.Memories[i].CreatedAt {
			t.Fatalf("%s before %s", exported.Memories[i-1].CreatedAt, exported.Memories[i].CreatedAt)
		}
	}
	failure := errors.New("no")
	if err := e.Memories(t.Context(), func(memory.Memory) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}

	to, _ := newService(t, nil)
	done, err := to.Import(t.Context(), exported)
	if err != nil || done.Count != 431 || len(done.Errors) != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	for _, want := range exported.Memories {
		got, err := to.Get(t.Context(), want.ID)
		got.Generation, got.Moved, want.Moved = 0, 0, 0
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("(-want +got):\n%s%v", diff, err)
		}
	}
	if links, err := to.Links(t.Context(), "m-000"); err != nil || len(links) != 2 {
		t.Errorf("links %v, %v", links, err)
	}
}

// TestImportAfterDeletion brings memories back from an export that were deleted since: as others.
func TestImportAfterDeletion(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	kept := service.Import{
		Memories: []memory.Memory{row("a", nil), row("b", nil)},
		Links: []memory.Link{
			{SourceID: "a", TargetID: "b", Relation: memory.RelatedTo, CreatedAt: "2020-01-01T00:00:00Z"},
			{SourceID: "a", TargetID: "nobody", Relation: memory.RelatedTo},
			{SourceID: "a", TargetID: "b", Relation: "likes"},
			{SourceID: "a", TargetID: "a", Relation: memory.RelatedTo},
		},
	}
	for range 2 {
		done, err := s.Import(t.Context(), kept)
		if err != nil || done.Count != 2 {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	links, err := s.Links(t.Context(), "a")
	if err != nil || len(links) != 1 || strings.HasPrefix(links[0].CreatedAt, "2020") {
		t.Errorf("links %v, %v: the time of a link is not imported", links, err)
	}
	if _, err := s.Delete(t.Context(), "a", ""); err != nil {
		t.Fatal(err)
	}
	if done, err := s.Import(t.Context(), kept); err != nil || done.Count != 2 || size(t, s) != 2 {
		t.Errorf("%+v, %v, %d rows", done, err, size(t, s))
	}
	if _, err := s.Get(t.Context(), "a"); !errors.Is(err, service.ErrNotFound) {
		t.Errorf("a deleted id is back: %v", err)
	}
	links, err = s.Links(t.Context(), "b")
	if err != nil || len(links) != 1 || links[0].SourceID == "a" {
		t.Errorf("links %v, %v", links, err)
	}
	_, err = s.Import(t.Context(), service.Import{Memories: make([]memory.Memory, service.MaxBulk+1)})
	if invalid, is := errors.AsType[*service.Invalid](err); !is || invalid.Message != "import limited to 1000 memories" {
		t.Errorf("too many: %v", err)
	}
	clash, err := s.Import(t.Context(), service.Import{Memories: []memory.Memory{
		row("b", func(m *memory.Memory) { m.Title = "another" }), row("x", func(m *memory.Memory) { m.AccessCount = -1 }),
	}})
	want := []string{"b: UNIQUE constraint failed: memories.id", "x: access_count cannot be negative"}
	if diff := cmp.Diff(want, clash.Errors); diff != "" || err != nil || clash.Count != 0 {
		t.Errorf("clashes (-want +got):\n%s%v", diff, err)
	}
}
