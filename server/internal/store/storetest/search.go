package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// found searches and returns titles, the best first.
func found(t *testing.T, s store.Store, q store.SearchQuery) []string {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 50
	}
	got, err := s.Search(t.Context(), q)
	out := []string{}
	for i, f := range must(t, got, err) {
		if i > 0 && f.Score > got[i-1].Score {
			t.Errorf("%q: the score rises from %v to %v", q.Text, got[i-1].Score, f.Score)
		}
		out = append(out, f.Title)
	}
	return out
}

func sorted(texts []string) []string {
	slices.Sort(texts)
	return texts
}

func testSearch(t *testing.T, open Opener) {
	s := opened(t, open)
	content := func(text string) func(*memory.Memory) { return func(m *memory.Memory) { m.Content = text } }
	create(t, s, row("alpha beta", 1, content("one two")))
	create(t, s, row("beta", 2, content("alpha well-known"), func(m *memory.Memory) { m.Tags = []string{"Red"} }))
	create(t, s, row("gamma", 3, content("Ünïcode wellknown 日本語")))
	for _, test := range []struct {
		text     string
		all, any []string // of the rows, without order
	}{
		{"alpha", []string{"alpha beta", "beta"}, []string{"alpha beta", "beta"}},
		{"ALPHA  beta", []string{"alpha beta", "beta"}, []string{"alpha beta", "beta"}},
		{"alpha two", []string{"alpha beta"}, []string{"alpha beta", "beta"}},
		{"alpha gamma", nil, []string{"alpha beta", "beta", "gamma"}},
		{"alpha omega", nil, []string{"alpha beta", "beta"}},
		{"alphas", nil, nil},
		{"alph", nil, nil},
		{"red", []string{"beta"}, []string{"beta"}},
		{"well-known", []string{"beta", "gamma"}, []string{"beta", "gamma"}},
		{"well.known", []string{"beta"}, []string{"beta"}},
		{"known-well", nil, nil},
		{"unicode", []string{"gamma"}, []string{"gamma"}},
		{"日本語", []string{"gamma"}, []string{"gamma"}},
		{"alpha AND NOT beta", []string{"alpha beta", "beta"}, []string{"alpha beta", "beta"}},
		{"title:alpha", nil, nil},
		{"alpha 🙂 …", []string{"alpha beta", "beta"}, []string{"alpha beta", "beta"}},
		{"AND or not NEAR", nil, nil},
		{"", nil, nil},
		{" \x00 \"\" ** 🙂", nil, nil},
	} {
		diff(t, "all of "+test.text, append([]string{}, test.all...), sorted(found(t, s, store.SearchQuery{Text: test.text})))
		diff(t, "any of "+test.text, append([]string{}, test.any...), sorted(found(t, s, store.SearchQuery{Text: test.text, Recall: true})))
	}
	got, err := s.Search(t.Context(), store.SearchQuery{Text: "gamma", Query: store.Query{Limit: 1}})
	if must(t, got, err); len(got) != 1 {
		t.Fatalf("%d rows", len(got))
	}
	diff(t, "the whole row", get(t, s, "id-gamma"), got[0].Memory)
	none, err := s.Search(t.Context(), store.SearchQuery{Text: "gamma"})
	diff(t, "limit 0", 0, len(must(t, none, err)))
	for _, hostile := range []string{
		`"`, `""`, `" OR 1=1 --`, "*", "^", "a AND", "NEAR(a b, 2)", "title:", "{title content}:x", "- title : x", "(((", "a + b",
		"\x00", "\xff\xfe", "\u202e", "\u0301", strings.Repeat("word ", 3000), strings.Repeat(`"x`, 5000), strings.Repeat("語", 5000), strings.Repeat("a.", 5000),
	} {
		found(t, s, store.SearchQuery{Text: hostile})
		found(t, s, store.SearchQuery{Text: hostile, Recall: true})
	}
}

func testSearchAmong(t *testing.T, open Opener) {
	s := opened(t, open)
	create(t, s, row("a", 1, func(m *memory.Memory) {
		m.Tags, m.Tier, m.Metadata = []string{"x", "y"}, memory.Short, []byte(`{"agent_id":"ann"}`)
	}))
	create(t, s, row("b", 2, func(m *memory.Memory) { m.Namespace, m.Priority, m.Tags = "n/o", 9, []string{"x"} }))
	create(t, s, row("c", 3, func(m *memory.Memory) { m.Namespace, m.CreatedAt = "n/o/p", "2026-01-01T01:00:03.5+01:00" }))
	create(t, s, row("d", 4, func(m *memory.Memory) { m.Namespace = "n/q" }))
	create(t, s, row("gone", 5, func(m *memory.Memory) {
		m.ExpiresAt = pointer(memory.FormatTime(time.Now().Add(-time.Minute)))
	}))
	for name, test := range map[string]struct {
		q    store.Query
		want []string
	}{
		"all":           {store.Query{}, []string{"a", "b", "c", "d"}},
		"namespace":     {store.Query{Namespace: pointer("n/o")}, []string{"b"}},
		"no namespace":  {store.Query{Namespace: pointer("")}, []string{}},
		"tier":          {store.Query{Tier: pointer(memory.Short)}, []string{"a"}},
		"priority":      {store.Query{MinPriority: pointer[int32](6)}, []string{"b"}},
		"tag":           {store.Query{Tag: pointer("x")}, []string{"a", "b"}},
		"tags":          {store.Query{Tag: pointer("y,x")}, []string{"a"}},
		"agent":         {store.Query{AgentID: pointer("ann")}, []string{"a"}},
		"since":         {store.Query{Since: pointer("2026-01-01T00:00:03.2Z")}, []string{"c", "d"}},
		"until":         {store.Query{Until: pointer("2026-01-01T00:00:03.2Z")}, []string{"a", "b"}},
		"until a month": {store.Query{Until: pointer("2026-02")}, []string{"a", "b", "c", "d"}},
		"together":      {store.Query{Tag: pointer("x"), MinPriority: pointer[int32](5), Until: pointer(at(1))}, []string{"a"}},
	} {
		diff(t, name, test.want, sorted(found(t, s, store.SearchQuery{Text: "content", Query: test.q})))
	}
	for namespace, want := range map[string][]string{
		"n": {"a"}, "n/o": {"a", "b"}, "n/o/p": {"a", "b", "c"}, "n/o/p/z/y": {"a", "b", "c"}, "n/": {"a"}, "o": {}, "n//o": {"a"},
	} {
		q := store.SearchQuery{Text: "content", Recall: true, Query: store.Query{Namespace: pointer(namespace)}}
		diff(t, "recalled in "+namespace, want, sorted(found(t, s, q)))
	}
}

func testSearchAsAgent(t *testing.T, open Opener) {
	s := opened(t, open)
	for i, scope := range []string{"", "private", "team", "unit", "org", "collective", "other", "null"} {
		for _, namespace := range []string{"a/b/c/d", "a/b/c", "a/b", "a", "z"} {
			create(t, s, row(namespace+" "+scope, i, func(m *memory.Memory) {
				m.Namespace = namespace
				switch scope {
				case "":
				case "null":
					m.Metadata = []byte(`{"scope":null}`)
				default:
					m.Metadata = []byte(`{"scope":"` + scope + `"}`)
				}
			}))
		}
	}
	for agent, want := range map[string]int{
		"a/b/c/d": 5 + 3 + 2 + 3 + 4, // collective everywhere; private, absent, null; team, unit, org
		"z":       5 + 3,
		"zz":      5,
	} {
		q := store.SearchQuery{Text: "content", AsAgent: pointer(agent)}
		diff(t, "as "+agent, want, len(found(t, s, q)))
	}
	diff(t, "as nobody", 40, len(found(t, s, store.SearchQuery{Text: "content"})))
}

// testSearchOrder has pairs of rows that differ in one thing only.
func testSearchOrder(t *testing.T, open Opener) {
	s := opened(t, open)
	pair := func(word string, first, second func(*memory.Memory)) {
		t.Helper()
		// The second is stored first: of two rows alike, that one would come first.
		for i, change := range []func(*memory.Memory){second, first} {
			create(t, s, row(fmt.Sprint(word, "-", 2-i), 1, func(m *memory.Memory) { m.Content = word + " and so on" }, change))
		}
		for _, recall := range []bool{false, true} {
			q := store.SearchQuery{Text: word, Recall: recall}
			diff(t, word, []string{word + "-1", word + "-2"}, found(t, s, q))
		}
	}
	same := func(*memory.Memory) {}
	for i := range 20 { // so that a word is rare
		create(t, s, row(fmt.Sprint("filler ", i), 1))
	}
	pair("often", func(m *memory.Memory) { m.Content = "often and often" }, func(m *memory.Memory) { m.Content = "often and never" })
	pair("shorter", func(m *memory.Memory) { m.Content = "shorter" }, func(m *memory.Memory) { m.Content = "shorter by two words" })
	pair("important", func(m *memory.Memory) { m.Priority = 6 }, same)
	pair("sure", same, func(m *memory.Memory) { m.Confidence = 0.9 })
	pair("used", func(m *memory.Memory) { m.AccessCount = 1 }, same)
	pair("recent", func(m *memory.Memory) { m.UpdatedAt = at(2) }, same)
	pair("ahead", func(m *memory.Memory) { m.UpdatedAt = memory.FormatTime(time.Now()) }, func(m *memory.Memory) { m.UpdatedAt = memory.FormatTime(time.Now().AddDate(0, 0, 10)) })
	pair("better", func(m *memory.Memory) { m.Content = "better better better" }, func(m *memory.Memory) { m.Priority = 7 })

	create(t, s, row("both", 1, func(m *memory.Memory) { m.Content = "often recent" }))
	q := store.SearchQuery{Text: "often recent", Recall: true}
	if got := found(t, s, q); len(got) != 5 || got[0] != "both" {
		t.Errorf("got %v, want first what has both words", got)
	}
	q.Limit = 2
	diff(t, "limit", 2, len(found(t, s, q)))
}

// testSearchFollows changes rows: what is found is what is stored.
func testSearchFollows(t *testing.T, open Opener) {
	s := opened(t, open)
	create(t, s, row("a", 1, func(m *memory.Memory) { m.Content = "before" }))
	one := func(text string, want ...string) {
		t.Helper()
		diff(t, text, append([]string{}, want...), found(t, s, store.SearchQuery{Text: text}))
	}
	one("before", "a")
	create(t, s, row("a", 2, func(m *memory.Memory) { m.Content = "after" }))
	one("before")
	one("after", "a")
	_, err := Update(t.Context(), s, "id-a", memory.Patch{Title: pointer("renamed")}, epoch.Add(time.Minute))
	must(t, 0, err)
	one("a")
	one("renamed after", "renamed")
	merge(t, s, numbered("far", 1, row("b", 3, func(m *memory.Memory) { m.Content = "merged" })))
	one("merged", "b")
	_, err = Delete(t.Context(), s, "id-a", epoch.Add(time.Hour))
	must(t, 0, err)
	one("after")
}

// testSearchMany has more rows with a word than any store would rank.
func testSearchMany(t *testing.T, open Opener) {
	s := opened(t, open)
	const many = 3000
	for i := 0; i < many; i += 500 {
		var rows []memory.Memory
		for j := i; j < i+500; j++ {
			rows = append(rows, row(fmt.Sprintf("common %d", j), j, func(m *memory.Memory) {
				switch j {
				case 3:
					m.Content, m.Namespace = "an old common one in a small place", "small"
				case 7:
					m.Content = "the word is seldom"
				case 11:
					m.Tags = []string{"marked"}
				}
			}))
		}
		merge(t, s, numbered("far", int64(i+1), rows...))
	}
	for _, recall := range []bool{false, true} {
		ask := func(text string, q store.Query) []string {
			t.Helper()
			q.Limit = 10
			return found(t, s, store.SearchQuery{Text: text, Recall: recall, Query: q})
		}
		if got := ask("common", store.Query{}); len(got) != 10 {
			t.Errorf("%d of many, want 10", len(got))
		}
		diff(t, "in a small namespace", []string{"common 3"}, ask("common", store.Query{Namespace: pointer("small")}))
		diff(t, "with a tag few have", []string{"common 11"}, ask("common", store.Query{Tag: pointer("marked")}))
		diff(t, "until a time long ago", []string{"common 0", "common 1"}, sorted(ask("common", store.Query{Until: pointer(at(1))})))
		if got := ask("common seldom", store.Query{}); len(got) == 0 || got[0] != "common 7" {
			t.Errorf("got %v, want first the one with the rare word", got)
		}
	}
}

// testTouch touches rows in one transaction, as a recall does.
func testTouch(t *testing.T, open Opener) {
	dir := t.TempDir()
	s := open(t, dir)
	soon, lifetimes := memory.FormatTime(time.Now().Add(time.Minute)), memory.DefaultLifetimes()
	expiring := func(m *memory.Memory) { m.Tier, m.ExpiresAt = memory.Mid, &soon }
	ids := []string{"id-a", "id-b", "id-c"}
	create(t, s, row("a", 1, expiring))
	create(t, s, row("b", 2, expiring, func(m *memory.Memory) { m.AccessCount = 4 }))
	create(t, s, row("c", 3, func(m *memory.Memory) { m.AccessCount = 9 }))
	want := map[string]memory.Memory{}
	touch := func(now time.Time) []store.Change {
		t.Helper()
		changes, err := s.Write(t.Context(), func(tx store.Tx) error {
			for _, id := range ids {
				m, err := tx.Get(id)
				if err != nil {
					return err
				}
				want[id] = memory.Touch(m, now, lifetimes)
				if err := tx.Amend(want[id]); err != nil {
					return err
				}
			}
			return nil
		})
		return must(t, changes, err)
	}
	check := func() {
		t.Helper()
		for _, id := range ids {
			diff(t, id, want[id], get(t, s, id))
		}
	}
	now := time.Now()
	for i, c := range touch(now) {
		diff(t, "event", store.Event{Origin: s.Origin(), Seq: int64(4 + i)}, c.Event)
		diff(t, "change", want[ids[i]], c.Memory)
	}
	check()
	diff(t, "an event of a touch", store.Event{Origin: s.Origin(), Seq: 4}, event(t, s, "id-a"))
	changes, _, err := s.Own(t.Context(), 3, 10)
	diff(t, "told to others", []string{"a", "b", "c"}, changedTitles(must(t, changes, err)))
	diff(t, "found", []string{"a", "b", "c"}, sorted(found(t, s, store.SearchQuery{Text: "content"})))

	// The expiry is prolonged for whoever looks for expired rows, too.
	before := now.Add(time.Hour).UnixNano()
	_, err = s.Write(t.Context(), func(tx store.Tx) error {
		rows, err := tx.Select(store.Filter{ExpiredBefore: &before})
		diff(t, "expired in an hour", []string{}, titles(rows))
		return err
	})
	must(t, 0, err)
	touch(now.Add(time.Minute))
	check()

	// Another node's touches are joined.
	far := want["id-a"]
	far.AccessCount, far.LastAccessedAt = 40, pointer(memory.FormatTime(now.Add(time.Hour)))
	far.ExpiresAt = pointer(memory.FormatTime(now.Add(48 * time.Hour)))
	merge(t, s, numbered("far", 1, far))
	want["id-a"] = far
	check()
	must(t, 0, s.Close())
	s = open(t, dir)
	check()
	must(t, 0, s.Close())
}
