package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

func testGet(t *testing.T, open Opener) {
	s := opened(t, open)
	for i, id := range []string{"b-2", "b-1", "b-10", "B-3", "c%d", "cxd", "c_e", "é-1", "exact", "exactly"} {
		create(t, s, row(fmt.Sprint("t", i), i, func(m *memory.Memory) { m.ID = id }))
	}
	found := func(text, want string) {
		t.Helper()
		m, err := s.Get(t.Context(), text)
		if err != nil || m.ID != want {
			t.Errorf("get %q: got %q, %v, want %q", text, m.ID, err, want)
		}
	}
	found("b-1", "b-1")
	found("exact", "exact")
	found("b-10", "b-10")
	found("b-2", "b-2")
	found("B-2", "b-2")
	found("EXACTL", "exactly")
	found("b-3", "B-3")
	found("c%", "c%d")
	found("c_", "c_e")
	found("é", "é-1")
	for _, text := range []string{"nobody", "", "%", "_", "b-1%", "c%d ", "xact", "É"} {
		if m, err := s.Get(t.Context(), text); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("get %q: got %q, %v, want ErrNotFound", text, m.ID, err)
		}
	}
	_, err := s.Get(t.Context(), "b-")
	ambiguous, ok := errors.AsType[*store.AmbiguousPrefix](err)
	if !ok {
		t.Fatalf("got %v, want *AmbiguousPrefix", err)
	}
	diff(t, "in storage order", []string{"b-2", "b-1", "b-10", "B-3"}, ambiguous.IDs)
	if _, err := s.Get(t.Context(), "EXACT"); err == nil {
		t.Error("an ambiguous prefix that equals an id but for its case was found")
	}
}

func testList(t *testing.T, open Opener) {
	s := opened(t, open)
	agent := func(id string) func(*memory.Memory) {
		return func(m *memory.Memory) { m.Metadata = []byte(`{"agent_id":"` + id + `"}`) }
	}
	create(t, s, row("a", 1, agent("ann"), func(m *memory.Memory) { m.Tags = []string{"x", "y"} }))
	create(t, s, row("b", 2, agent("bob"), func(m *memory.Memory) { m.Tier, m.Tags = memory.Short, []string{"x,y"} }))
	create(t, s, row("c", 3, agent("ann"), func(m *memory.Memory) { m.Namespace, m.Priority = "o", 9 }))
	create(t, s, row("d", 4, func(m *memory.Memory) { m.Namespace, m.Priority, m.Tags = "o/p", 3, []string{"X"} }))

	tests := []struct {
		name string
		q    store.Query
		want []string
	}{
		{"all", store.Query{}, []string{"c", "b", "a", "d"}},
		{"namespace", store.Query{Namespace: pointer("o")}, []string{"c"}},
		{"empty namespace", store.Query{Namespace: pointer("")}, []string{}},
		{"tier", store.Query{Tier: pointer(memory.Short)}, []string{"b"}},
		{"priority", store.Query{MinPriority: pointer[int32](5)}, []string{"c", "b", "a"}},
		{"tag", store.Query{Tag: pointer("x")}, []string{"a"}},
		{"tags, or one with a comma", store.Query{Tag: pointer("x,y")}, []string{"b", "a"}},
		{"tags with blanks", store.Query{Tag: pointer(" y , x,")}, []string{"a"}},
		{"tags of which one is missing", store.Query{Tag: pointer("x,z")}, []string{}},
		{"a comma alone", store.Query{Tag: pointer(",")}, []string{}},
		{"since, another offset", store.Query{Since: pointer("2026-01-01T01:00:02.5+01:00")}, []string{"c", "d"}},
		{"until, another offset", store.Query{Until: pointer("2025-12-31T16:00:01Z")}, []string{}},
		{"until, Z", store.Query{Until: pointer("2026-01-01T00:00:02Z")}, []string{"b", "a"}},
		{"until a year", store.Query{Until: pointer("2026")}, []string{}},
		{"empty tag", store.Query{Tag: pointer("")}, []string{}},
		{"agent", store.Query{AgentID: pointer("ann")}, []string{"c", "a"}},
		{"agent of none", store.Query{AgentID: pointer("an")}, []string{}},
		{"since, inclusive", store.Query{Since: pointer(at(3))}, []string{"c", "d"}},
		{"until, inclusive", store.Query{Until: pointer(at(2))}, []string{"b", "a"}},
		{"texts, not times", store.Query{Since: pointer("9")}, []string{}},
		{"together", store.Query{Namespace: pointer("n"), AgentID: pointer("ann"), Tag: pointer("y")}, []string{"a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.q.Limit = 10
			got, err := s.List(t.Context(), test.q)
			diff(t, "titles", test.want, titles(must(t, got, err)))
		})
	}
}

func testPages(t *testing.T, open Opener) {
	s := opened(t, open)
	var want []string
	for i := range 25 {
		title := fmt.Sprintf("t%02d", i)
		want = append(want, title)
		// Ten rows alike in priority and time, ten of rising priority, five of rising time.
		create(t, s, row(title, max(0, i-20), func(m *memory.Memory) {
			m.Priority = 1
			if i >= 10 && i < 20 {
				m.Priority = int32(i - 9) //nolint:gosec // small
			}
		}))
	}
	rank := func(title string) (priority, seconds int) {
		var i int
		fmt.Sscanf(title, "t%d", &i) //nolint:errcheck // made above
		if i >= 10 && i < 20 {
			return i - 9, 0
		}
		return 1, max(0, i-20)
	}
	slices.SortStableFunc(want, func(a, b string) int {
		pa, sa := rank(a)
		pb, sb := rank(b)
		if pa != pb {
			return pb - pa
		}
		return sb - sa
	})
	for limit := 1; limit <= 26; limit++ {
		got := []string{}
		for {
			page, err := s.List(t.Context(), store.Query{Limit: limit, Offset: len(got)})
			if len(must(t, page, err)) == 0 {
				break
			}
			if len(page) > limit {
				t.Fatalf("%d rows, limit %d", len(page), limit)
			}
			got = append(got, titles(page)...)
		}
		diff(t, fmt.Sprintf("by pages of %d", limit), want, got)
	}
	none, err := s.List(t.Context(), store.Query{Limit: 0})
	diff(t, "limit 0", []string{}, titles(must(t, none, err)))
}

func testSince(t *testing.T, open Opener) {
	s := opened(t, open)
	create(t, s, row("c", 3))
	create(t, s, row("a", 1, func(m *memory.Memory) { m.Tier, m.ExpiresAt = memory.Mid, pointer(at(2)) }))
	create(t, s, row("b", 2, func(m *memory.Memory) { m.UpdatedAt = "2025-12-31T16:00:02-08:00" })) // as late as at(2)
	for _, test := range []struct {
		since string
		limit int
		want  []string
	}{
		{"", 10, []string{"a", "b", "c"}},
		{"", 2, []string{"a", "b"}},
		{"", 0, []string{}},
		{at(1), 10, []string{"b", "c"}},
		{"2026-01-01T00:00:02Z", 10, []string{"c"}},
		{"2026-01-01T01:00:01.999+01:00", 10, []string{"b", "c"}},
		{at(3), 10, []string{}},
	} {
		got, err := s.UpdatedSince(t.Context(), test.since, test.limit)
		diff(t, fmt.Sprintf("since %q, at most %d", test.since, test.limit), test.want, titles(must(t, got, err)))
	}
}

func testExpired(t *testing.T, open Opener) {
	s := opened(t, open)
	expiring := func(title string, in time.Duration, zone *time.Location) {
		t.Helper()
		create(t, s, row(title, 1, func(m *memory.Memory) {
			m.Tier, m.ExpiresAt = memory.Mid, pointer(time.Now().Add(in).In(zone).Format(time.RFC3339Nano))
		}))
	}
	// As texts these would compare the other way round.
	expiring("past", -time.Minute, time.FixedZone("", 8*3600))
	expiring("soon", time.Minute, time.FixedZone("", -8*3600))
	expiring("later", 2*time.Hour, time.UTC)
	create(t, s, row("never", 1))

	rows, err := s.List(t.Context(), store.Query{Limit: 10})
	diff(t, "listed", []string{"soon", "later", "never"}, titles(must(t, rows, err)))
	namespaces, err := s.Namespaces(t.Context())
	diff(t, "namespaces", []store.Count{{Name: "n", Count: 3}}, must(t, namespaces, err))
	diff(t, "got by id", "past", get(t, s, "id-past").Title)
	rows, err = s.UpdatedSince(t.Context(), "", 10)
	diff(t, "updated since", []string{"past", "soon", "later", "never"}, titles(must(t, rows, err)))
	size, err := s.Size(t.Context())
	diff(t, "size", int64(4), must(t, size, err))
	stats, err := s.Stats(t.Context())
	diff(t, "expiring soon", int64(1), must(t, stats, err).ExpiringSoon)
	diff(t, "total", int64(4), stats.Total)
	similar, err := s.Similar(t.Context(), "n", "past")
	diff(t, "similar", []string{"id-past"}, must(t, similar, err))
}

func testSimilar(t *testing.T, open Opener) {
	s := opened(t, open)
	create(t, s, row("The quick brown fox", 1))
	create(t, s, row("Slow", 2, func(m *memory.Memory) { m.Content = "a quick one" }))
	create(t, s, row("Tagged", 3, func(m *memory.Memory) { m.Tags = []string{"Quick"} }))
	create(t, s, row("quick", 4, func(m *memory.Memory) { m.ID, m.Namespace = "elsewhere", "o" }))
	create(t, s, row("unlike", 5))

	similar := func(title string) []string {
		t.Helper()
		ids, err := s.Similar(t.Context(), "n", title)
		got := must(t, slices.Clone(ids), err)
		slices.Sort(got)
		return got
	}
	diff(t, "by title, content and tags", []string{"id-Slow", "id-Tagged", "id-The quick brown fox"}, similar("QUICK!"))
	diff(t, "any word", []string{"id-The quick brown fox"}, similar("fox or dog"))
	diff(t, "none", []string(nil), similar("nothing in common"))
	for _, hostile := range []string{
		"", " ", `"`, `' OR 1=1 --`, "*", "AND", "a AND", "NEAR(", "title:", "-", "^", "🙂", "日本語", "\x00",
		strings.Repeat("word ", 3000), strings.Repeat("x", 20000),
	} {
		similar(hostile)
	}
	fill(t, s, 60)
	if got := similar("row"); len(got) != 5 {
		t.Errorf("%d of 60 alike, want 5", len(got))
	}
	got, err := s.Similar(t.Context(), "n", "row 059 quick")
	if must(t, got, err); len(got) != 5 || got[0] != "id-row 059" {
		t.Errorf("got %v, want the one that shares most words first", got)
	}
}

func testStats(t *testing.T, open Opener) {
	s := opened(t, open)
	stats := func() store.Stats {
		t.Helper()
		got, err := s.Stats(t.Context())
		return must(t, got, err)
	}
	empty := stats()
	diff(t, "empty", store.Stats{
		ByTier: []store.Count{}, ByNamespace: []store.Count{}, DBSizeBytes: empty.DBSizeBytes,
	}, empty)
	fill(t, s, 3)
	create(t, s, row("x", 1, func(m *memory.Memory) { m.Namespace, m.Tier = "o", memory.Short }))
	create(t, s, row("y", 1, func(m *memory.Memory) { m.Namespace, m.Tier = "a", memory.Short }))
	got := stats()
	if got.DBSizeBytes <= 0 {
		t.Errorf("%d bytes", got.DBSizeBytes)
	}
	diff(t, "stats", store.Stats{
		Total:       5,
		ByTier:      []store.Count{{Name: "long", Count: 3}, {Name: "short", Count: 2}},
		ByNamespace: []store.Count{{Name: "n", Count: 3}, {Name: "a", Count: 1}, {Name: "o", Count: 1}},
		DBSizeBytes: got.DBSizeBytes,
	}, got)
	namespaces, err := s.Namespaces(t.Context())
	diff(t, "namespaces", got.ByNamespace, must(t, namespaces, err))
}

func testSyncState(t *testing.T, open Opener) {
	s := opened(t, open)
	clock := func(agent string) map[string]string {
		t.Helper()
		got, err := s.SyncClock(t.Context(), agent)
		return must(t, got, err)
	}
	diff(t, "empty", map[string]string{}, clock("me"))
	for _, note := range [][3]string{
		{"me", "p", at(5)}, {"me", "q", at(1)}, {"me", "p", at(3)}, {"me", "q", at(2)}, {"you", "p", at(9)},
	} {
		must(t, 0, s.NoteSync(t.Context(), note[0], note[1], note[2]))
	}
	diff(t, "mine", map[string]string{"p": at(5), "q": at(2)}, clock("me"))
	diff(t, "yours", map[string]string{"p": at(9)}, clock("you"))
}

func testHealthy(t *testing.T, open Opener) {
	s := opened(t, open)
	for _, title := range []string{"", "plain words", "日本語", "!?", "\u0301", "🙂 é x\u0301y"} {
		if title != "" {
			create(t, s, row(title, 1))
			create(t, s, row(title, 2)) // indexed anew
		}
		if err := s.Healthy(t.Context()); err != nil {
			t.Errorf("with %q newest: %v", title, err)
		}
	}
}
