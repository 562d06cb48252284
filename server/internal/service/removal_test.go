package service_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/sqlite"
)

// timed is a service whose clock and options are given.
func timed(t *testing.T, wall func() time.Time, o service.Options) *service.Service {
	t.Helper()
	database, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "m.db"), sqlite.Options{Now: wall})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := database.Close(); err != nil {
			t.Error(err)
		}
	})
	clock := memory.NewClock(wall)
	return service.New(service.Observed(database, clock), clock, nil, o, slog.New(slog.DiscardHandler))
}

// seed imports memories.
func seed(t *testing.T, s *service.Service, rows ...memory.Memory) {
	t.Helper()
	done, err := s.Import(t.Context(), service.Import{Memories: rows})
	if err != nil || done.Count != len(rows) {
		t.Fatalf("imported %d of %d: %v %v", done.Count, len(rows), done.Errors, err)
	}
}

// policed gives a namespace a policy, held by a memory of another namespace that belongs to the boss.
func policed(t *testing.T, s *service.Service, namespace, write, remove, promote string) {
	t.Helper()
	id := "policy-" + strings.ReplaceAll(namespace, "/", "-")
	seed(t, s, row(id, func(m *memory.Memory) {
		m.Namespace, m.Metadata = "policies", json.RawMessage(`{"agent_id":"boss"}`)
	}))
	_, err := s.SetStandard(t.Context(), service.StandardDraft{
		Namespace: namespace, MemoryID: id, Caller: "boss",
		Governance: fmt.Appendf(nil, `{"write":%q,"delete":%q,"promote":%q,"approver":"human"}`, write, remove, promote),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func size(t *testing.T, s *service.Service) int64 {
	t.Helper()
	n, err := s.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func archivedIDs(t *testing.T, s *service.Service) []string {
	t.Helper()
	found, err := s.Archive(t.Context(), nil, 1000, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, a := range found {
		out = append(out, a.ID)
	}
	return out
}

// TestForgetMany forgets more than goes into one transaction, and waits for each.
func TestForgetMany(t *testing.T) {
	t.Parallel()
	r := &spread{outcome: federation.Outcome{Acks: 2, Needed: 2}}
	s, _ := newService(t, r)
	rows := make([]memory.Memory, 450)
	for i := range rows {
		rows[i] = row(fmt.Sprint("m-", i), nil)
	}
	seed(t, s, rows...)
	seed(t, s, row("other", func(m *memory.Memory) { m.Namespace = "o" }))
	r.awaited = nil
	done, err := s.Forget(t.Context(), service.Forget{Namespace: pointer("n")})
	if err != nil || done.Count != 450 || done.Quorum == nil || !done.Met() {
		t.Errorf("forgot %+v, %v", done, err)
	}
	if len(r.awaited) != 450 || size(t, s) != 1 || len(archivedIDs(t, s)) != 450 {
		t.Errorf("%d awaited, %d left, %d archived", len(r.awaited), size(t, s), len(archivedIDs(t, s)))
	}

	seed(t, s, rows...)
	r.awaited, r.notices, r.outcome = nil, 0, federation.Outcome{Acks: 1, Needed: 2, Reason: federation.Unreachable}
	done, err = s.Forget(t.Context(), service.Forget{Namespace: pointer("n")})
	if err != nil || done.Count != 450 || done.Met() {
		t.Errorf("with too few nodes: %+v, %v", done, err)
	}
	if len(r.awaited) != 64 || r.notices != 7 {
		t.Errorf("%d awaited and %d told: the first lot should be waited for, the others not", len(r.awaited), r.notices)
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	for _, archive := range []bool{true, false} {
		options := service.DefaultOptions()
		options.ArchiveOnGC = archive
		s := timed(t, time.Now, options)
		seed(t, s,
			row("a", func(m *memory.Memory) {
				m.Title, m.Tier, m.Metadata = "a well-known lion", memory.Short, []byte(`{"k":1}`)
			}),
			row("b", func(m *memory.Memory) { m.Title, m.ExpiresAt = "tiger", pointer("2020-01-01T00:00:00Z") }),
			row("c", func(m *memory.Memory) { m.Namespace = "o" }))
		for _, test := range []struct {
			filter service.Forget
			want   int
		}{
			{service.Forget{Pattern: pointer(" - ")}, 0},
			{service.Forget{Pattern: pointer("AND")}, 0},
			{service.Forget{Namespace: pointer("")}, 0},
			{service.Forget{Namespace: pointer("o"), Pattern: pointer("lion")}, 0},
			{service.Forget{Pattern: pointer("nothing well-known"), Tier: pointer(memory.Short)}, 1},
			{service.Forget{Pattern: pointer(`"tiger`)}, 1}, // expired
		} {
			done, err := s.Forget(t.Context(), test.filter)
			if err != nil || done.Count != test.want {
				t.Errorf("forgot %+v, want %d (%v)", done, test.want, err)
			}
		}
		if size(t, s) != 1 {
			t.Errorf("%d left", size(t, s))
		}
		want := []string{}
		if archive {
			want = []string{"b", "a"}
		}
		if diff := cmp.Diff(want, archivedIDs(t, s)); diff != "" {
			t.Errorf("archive, archiving %v (-want +got):\n%s", archive, diff)
		}
		_, err := s.Forget(t.Context(), service.Forget{})
		if invalid, is := errors.AsType[*service.Invalid](err); !is || invalid.Message != "at least one of namespace, pattern, or tier is required" {
			t.Errorf("no filter: %v", err)
		}
	}
}

// TestForgetGoverned meets policies: what one forbids keeps all, what one wants approved is left.
func TestForgetGoverned(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	owned := func(id, namespace, owner string) memory.Memory {
		return row(id, func(m *memory.Memory) {
			m.Namespace, m.Metadata = namespace, fmt.Appendf(nil, `{"agent_id":%q}`, owner)
		})
	}
	seed(t, s, owned("a", "held", "ann"), owned("b", "held", "bob"), owned("q", "asked", "ann"), owned("f", "free", "ann"))
	policed(t, s, "held", "any", "owner", "any")
	policed(t, s, "asked", "any", "approve", "any")

	_, err := s.Forget(t.Context(), service.Forget{Tier: pointer(memory.Mid), Caller: "ann"})
	if denied, is := errors.AsType[*service.Denied](err); !is || denied.Action != service.ActionDelete {
		t.Errorf("a row of another: %v, want *Denied", err)
	}
	pending, err := s.Pending(t.Context(), nil, 10)
	if size(t, s) != 6 || err != nil || len(pending) != 0 {
		t.Errorf("%d left, %d queued, although it was denied (%v)", size(t, s), len(pending), err)
	}
	_, err = s.Forget(t.Context(), service.Forget{Namespace: pointer("policies"), Caller: "eve"})
	if _, is := errors.AsType[*service.Denied](err); !is {
		t.Errorf("the policies: %v, want *Denied", err)
	}
	done, err := s.Forget(t.Context(), service.Forget{Namespace: pointer("asked"), Caller: "eve"})
	if err != nil || done.Count != 0 || len(done.Queued) != 1 {
		t.Fatalf("to be approved: %+v, %v", done, err)
	}
	if _, err := s.Approve(t.Context(), done.Queued[0], "hans"); err != nil {
		t.Error(err)
	}
	if _, err := s.Get(t.Context(), "q"); !errors.Is(err, service.ErrNotFound) {
		t.Errorf("after the approval: %v", err)
	}

	if _, err := s.Register(t.Context(), "ann", "human", nil); err != nil {
		t.Fatal(err)
	}
	_, err = s.Forget(t.Context(), service.Forget{Namespace: pointer(memory.AgentsNamespace), Caller: "ann"})
	if _, is := errors.AsType[*service.Denied](err); !is {
		t.Errorf("registrations: %v, want *Denied", err)
	}
	if done, err := s.Forget(t.Context(), service.Forget{Pattern: pointer("ann")}); err != nil || done.Count != 0 {
		t.Errorf("a word of a registration: %+v, %v", done, err)
	}
}

// TestCollect archives what has expired, or deletes it, and purges the archive when it is old.
func TestCollect(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, archive := range []bool{true, false} {
		at := now
		options := service.DefaultOptions()
		options.ArchiveOnGC, options.ArchiveMaxDays = archive, 30
		s := timed(t, func() time.Time { return at }, options)
		rows := []memory.Memory{row("stays", func(m *memory.Memory) { m.ExpiresAt = pointer("2026-05-01T00:00:01Z") })}
		for i := range 230 {
			rows = append(rows, row(fmt.Sprint("m-", i), func(m *memory.Memory) { m.ExpiresAt = pointer("2026-04-30T23:59:59Z") }))
		}
		seed(t, s, rows...)
		done, err := s.Collect(t.Context())
		if err != nil || done.Count != 230 || size(t, s) != 1 {
			t.Errorf("collected %+v, %d left: %v", done, size(t, s), err)
		}
		kept := 0
		if archive {
			kept = 230
		}
		if n := len(archivedIDs(t, s)); n != kept {
			t.Errorf("%d archived, want %d", n, kept)
		}
		for _, step := range []struct {
			after             time.Duration
			collected, purged int
		}{{0, 0, 0}, {29 * 24 * time.Hour, 1, 0}, {2 * 24 * time.Hour, 0, kept}} {
			at = at.Add(step.after)
			collected, purged, err := s.Maintain(t.Context())
			if collected != step.collected || purged != step.purged || err != nil {
				t.Errorf("after %v: collected %d, purged %d (%v), want %+v", step.after, collected, purged, err, step)
			}
		}
		if archive && !slices.Equal(archivedIDs(t, s), []string{"stays"}) {
			t.Errorf("archive: %v", archivedIDs(t, s))
		}
	}
}

// TestCollectWithoutAnArchive has nothing that another node could acknowledge, and tells them.
func TestCollectWithoutAnArchive(t *testing.T) {
	t.Parallel()
	r := &spread{}
	database, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "m.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	s := service.New(database, memory.NewClock(time.Now), r, service.Options{}, slog.New(slog.DiscardHandler))
	seed(t, s, row("a", func(m *memory.Memory) { m.ExpiresAt = pointer("2026-04-30T23:59:59Z") }))
	r.awaited = nil
	done, err := s.Collect(t.Context())
	if err != nil || done.Count != 1 || done.Quorum != nil || len(r.awaited) != 0 || r.notices != 1 {
		t.Errorf("%+v, %v; %d awaited, %d told", done, err, len(r.awaited), r.notices)
	}
}

func TestRestore(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	s := timed(t, func() time.Time { return at }, service.DefaultOptions())
	expiring := func(id string, tier memory.Tier, expires string) memory.Memory {
		return row(id, func(m *memory.Memory) {
			m.Tier, m.ExpiresAt, m.Tags, m.AccessCount = tier, &expires, []string{"x"}, 3
			m.Metadata = json.RawMessage(`{"agent_id":"ann","k":1}`)
		})
	}
	before := []memory.Memory{
		expiring("past", memory.Short, "2026-05-01T01:00:00Z"),
		expiring("long", memory.Long, "2026-05-01T01:00:00Z"),
		expiring("future", memory.Mid, "2026-06-01T00:00:00+02:00"),
	}
	seed(t, s, before...)
	if _, err := s.Link(t.Context(), "past", "future", memory.Supersedes, ""); err != nil {
		t.Fatal(err)
	}
	if done, err := s.Forget(t.Context(), service.Forget{Namespace: pointer("n")}); err != nil || done.Count != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	at = at.Add(2 * time.Hour)
	for i, expires := range []*string{pointer("2026-05-01T08:00:00"), nil, pointer("2026-06-01T00:00:00+02:00")} {
		want := before[i]
		done, err := s.Restore(t.Context(), want.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		got := done.Memory
		switch {
		case expires == nil && got.ExpiresAt != nil, expires != nil && (got.ExpiresAt == nil || !strings.HasPrefix(*got.ExpiresAt, *expires)):
			t.Errorf("%s expires at %v", want.ID, got.ExpiresAt)
		case !strings.HasPrefix(got.UpdatedAt, "2026-05-01T02:00:00"):
			t.Errorf("%s is of %s", want.ID, got.UpdatedAt)
		}
		want.ExpiresAt, want.UpdatedAt = got.ExpiresAt, got.UpdatedAt
		got, err = s.Get(t.Context(), want.ID)
		got.Generation, got.Moved = 0, 0
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("restored (-want +got):\n%s%v", diff, err)
		}
	}
	if links, err := s.Links(t.Context(), "future"); err != nil || len(links) != 1 || links[0].SourceID != "past" {
		t.Errorf("links %v, %v", links, err)
	}
	if ids := archivedIDs(t, s); len(ids) != 0 {
		t.Errorf("archive %v", ids)
	}
}

// TestRestoreClashes restores what cannot be.
func TestRestoreClashes(t *testing.T) {
	t.Parallel()
	s, database := newService(t, nil)
	seed(t, s, row("a", nil), row("b", nil), row("c", nil))
	if _, err := s.Forget(t.Context(), service.Forget{Namespace: pointer("n")}); err != nil {
		t.Fatal(err)
	}
	seed(t, s, row("a", nil), row("other", func(m *memory.Memory) { m.Title = "title b" }), row("c", nil))
	if _, err := s.Delete(t.Context(), "c", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Restore(t.Context(), "a", ""); !errors.Is(err, service.ErrActive) {
		t.Errorf("an id in use: %v", err)
	}
	_, err := s.Restore(t.Context(), "b", "")
	if taken, is := errors.AsType[*service.TitleInUse](err); !is || taken.ID != "other" {
		t.Errorf("a title in use: %v", err)
	}
	for _, id := range []string{"c", "unknown"} { // deleted for ever, and never there
		if _, err := s.Restore(t.Context(), id, ""); !errors.Is(err, service.ErrNotArchived) {
			t.Errorf("%s: %v", id, err)
		}
	}
	if _, err := s.Restore(t.Context(), " ", ""); err == nil {
		t.Error("a blank id was restored")
	}
	if diff := cmp.Diff([]string{"b"}, archivedIDs(t, s)); diff != "" {
		t.Errorf("archive (-want +got):\n%s", diff)
	}
	done, err := s.Purge(t.Context(), nil)
	if err != nil || done.Count != 1 {
		t.Errorf("purged %d, %v: what is there again, or deleted, is not counted", done.Count, err)
	}
	left, err := database.Records(t.Context(), store.RecordQuery{Kind: memory.KindArchived, Hidden: true})
	if err != nil || len(left) != 0 {
		t.Errorf("%d entries are left, %v", len(left), err)
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	s := timed(t, func() time.Time { return at }, service.DefaultOptions())
	for i := range 3 {
		seed(t, s, row(fmt.Sprint("m-", i), nil))
		if _, err := s.Forget(t.Context(), service.Forget{Namespace: pointer("n")}); err != nil {
			t.Fatal(err)
		}
		at = at.Add(24 * time.Hour)
	}
	if diff := cmp.Diff([]string{"m-2", "m-1", "m-0"}, archivedIDs(t, s)); diff != "" {
		t.Errorf("newest first (-want +got):\n%s", diff)
	}
	second, err := s.Archive(t.Context(), pointer("n"), 1, 1)
	if err != nil || len(second) != 1 || second[0].ID != "m-1" || second[0].ArchiveReason != memory.ArchivedForgot {
		t.Errorf("the second page is %v, %v", second, err)
	}
	at = at.Add(time.Hour)
	if none, err := s.Archive(t.Context(), nil, 0, 0); err != nil || len(none) != 0 {
		t.Errorf("limit 0: %v, %v", none, err)
	}
	for _, test := range []struct {
		days  *int64
		count int
		err   string
	}{
		{pointer(int64(-1)), 0, "older_than_days must be non-negative (got -1)"},
		{pointer(int64(1) << 62), 0, ""},
		{pointer(int64(4)), 0, ""},
		{pointer(int64(3)), 1, ""},
		{pointer(int64(2)), 1, ""},
		{pointer(int64(0)), 1, ""},
		{nil, 0, ""},
	} {
		done, err := s.Purge(t.Context(), test.days)
		if done.Count != test.count || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
			t.Errorf("purged %d, %v, want %d, %s", done.Count, err, test.count, test.err)
		}
	}
	total, byNamespace, err := s.ArchiveStats(t.Context())
	if total != 0 || len(byNamespace) != 0 || err != nil {
		t.Errorf("stats %d %v %v", total, byNamespace, err)
	}
}
