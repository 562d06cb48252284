package service_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// shapes are groups as namespace, tag and ids.
func shapes(groups []service.Group) (all []string) {
	for _, g := range groups {
		var ids []string
		for _, m := range g.Members {
			ids = append(ids, m.ID)
		}
		all = append(all, g.Namespace+" "+g.Tag+": "+strings.Join(ids, " "))
	}
	return all
}

// tagged is a row with tags, the lower its number the earlier in a list.
func tagged(n int, change func(*memory.Memory), tags ...string) memory.Memory {
	return row(fmt.Sprintf("m%03d", n), func(m *memory.Memory) {
		m.Tags = append(m.Tags, tags...)
		m.UpdatedAt = memory.FormatTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(n) * time.Minute))
		if change != nil {
			change(m)
		}
	})
}

func TestGroups(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	other := func(m *memory.Memory) { m.Namespace = "a/b" }
	seed(t, s,
		tagged(1, nil, "x", "y"), tagged(2, nil, "y"), tagged(3, nil, "x"), tagged(4, nil), tagged(5, nil, "y", "x"),
		tagged(6, nil), tagged(7, func(m *memory.Memory) { m.Tier = memory.Short }, "x"), tagged(8, other, "x"), tagged(9, other, "x"),
		tagged(10, func(m *memory.Memory) { m.Namespace = "_agents" }, "x"), tagged(11, func(m *memory.Memory) { m.Namespace = "_agents" }, "x"),
		tagged(12, func(m *memory.Memory) { m.ExpiresAt = pointer("2026-01-02T00:00:00+00:00") }, "y"),
	)
	for name, test := range map[string]struct {
		g    service.Grouping
		want []string
	}{
		"of three":         {service.Grouping{MinCount: 3}, []string{"n x: m001 m003 m007"}},
		"of two":           {service.Grouping{MinCount: 2}, []string{"n x: m001 m003 m007", "n y: m002 m005", "n : m004 m006", "a/b x: m008 m009"}},
		"one makes none":   {service.Grouping{MinCount: 1}, []string{"n x: m001 m003 m007", "n y: m002 m005", "n : m004 m006", "a/b x: m008 m009"}},
		"of four":          {service.Grouping{MinCount: 4}, nil},
		"of a namespace":   {service.Grouping{MinCount: 2, Namespace: pointer("a/b")}, []string{"a/b x: m008 m009"}},
		"of the server's":  {service.Grouping{MinCount: 2, Namespace: pointer("_agents")}, []string{"_agents x: m010 m011"}},
		"of no namespace":  {service.Grouping{MinCount: 2, Namespace: pointer("none")}, nil},
		"of the short":     {service.Grouping{MinCount: 2, ShortOnly: true}, nil},
		"of a single tier": {service.Grouping{MinCount: 1, ShortOnly: true, Namespace: pointer("n")}, nil},
	} {
		groups, err := s.Groups(t.Context(), test.g)
		if d := cmp.Diff(test.want, shapes(groups)); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, d)
		}
	}
}

// TestAutoConsolidate makes the memories of contract section 7.2.
func TestAutoConsolidate(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	long := strings.Repeat("x", 199) + "ü" + "rest" // ü is bytes 199 and 200
	seed(t, s,
		tagged(1, func(m *memory.Memory) { m.Content, m.Priority = long, 7 }, "x", "b"), tagged(2, nil, "x", "a"),
		tagged(3, func(m *memory.Memory) { m.Content = strings.Repeat("é", 101) }), tagged(4, nil),
		tagged(5, nil, "alone"),
	)
	merged, err := s.AutoConsolidate(t.Context(), service.Grouping{MinCount: 2, Caller: "ann"})
	if err != nil || merged != 4 {
		t.Fatalf("merged %d, %v", merged, err)
	}
	rows, err := s.List(t.Context(), service.Query{Limit: 200})
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	contents := map[string]string{}
	for _, m := range rows {
		contents[m.Title] = m.Content
		if strings.HasPrefix(m.Title, "Cons") && (m.Tier != memory.Long || m.Source != "auto-consolidate" || m.Namespace != "n" || m.AgentID() != "ann" || m.ExpiresAt != nil) {
			t.Errorf("made %+v", m)
		}
	}
	if d := cmp.Diff(map[string]string{
		"Consolidated: x (2 memories)": "- title m001: " + strings.Repeat("x", 199) + "\n- title m002: c",
		"Consolidated: n (2 memories)": "- title m003: " + strings.Repeat("é", 100) + "\n- title m004: c",
		"title m005":                   "c",
	}, contents); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestAutoConsolidateALot makes several memories where one would be too much, and loses nothing.
func TestAutoConsolidateALot(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	namespace := strings.Repeat("ü", 400)
	wide := func(n int) func(*memory.Memory) {
		return func(m *memory.Memory) {
			m.Namespace, m.Content = namespace, strings.Repeat("語", 300)
			m.Title = fmt.Sprint(n, strings.Repeat("題", 150))
		}
	}
	var rows []memory.Memory
	for n := range 150 { // too many at once
		rows = append(rows, tagged(n, nil, "many"))
	}
	for n := 200; n < 203; n++ { // too many tags at once
		tags := []string{"tags"}
		for k := range 20 {
			tags = append(tags, fmt.Sprintf("t%d-%d", n, k))
		}
		rows = append(rows, tagged(n, func(m *memory.Memory) { m.Namespace = "tags" }, tags...))
	}
	for n := 300; n < 303; n++ { // too much metadata at once
		text := fmt.Sprintf(`{"k%d":%q}`, n, strings.Repeat("x", 30_000))
		rows = append(rows, tagged(n, func(m *memory.Memory) { m.Namespace, m.Metadata = "meta", json.RawMessage(text) }))
	}
	for n := 400; n < 480; n++ {
		rows = append(rows, tagged(n, wide(n)))
	}
	seed(t, s, rows...)
	groups, err := s.Groups(t.Context(), service.Grouping{MinCount: 2})
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string][]int{}
	for _, g := range groups {
		sizes[g.Namespace] = append(sizes[g.Namespace], len(g.Members))
	}
	if d := cmp.Diff(map[string][]int{"n": {100, 50}, "tags": {2}, "meta": {2}, namespace: {80}}, sizes); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	merged, err := s.AutoConsolidate(t.Context(), service.Grouping{MinCount: 2})
	if err != nil || merged != 150+2+2+80 {
		t.Fatalf("merged %d, %v", merged, err)
	}
	listed := 0
	all, err := s.List(t.Context(), service.Query{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if strings.HasPrefix(m.Title, "Consolidated: ") {
			listed += strings.Count(m.Content, "\n") + 1
		}
		if !utf8.ValidString(m.Title) || !utf8.ValidString(m.Content) {
			t.Errorf("no UTF-8: %q", m.Title)
		}
	}
	if listed != merged {
		t.Errorf("%d of %d are listed", listed, merged)
	}
}

// TestAutoConsolidateTitles finds titles that are free.
func TestAutoConsolidateTitles(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	for round := range 3 {
		seed(t, s, tagged(10*round, nil, "x"), tagged(10*round+1, nil, "x"))
		if merged, err := s.AutoConsolidate(t.Context(), service.Grouping{MinCount: 2}); err != nil || merged != 2+min(round, 1) {
			t.Fatalf("round %d: merged %d, %v", round, merged, err)
		}
		seed(t, s, tagged(100+round, func(m *memory.Memory) { m.Title = "Consolidated: x (3 memories)" }))
	}
	rows, err := s.List(t.Context(), service.Query{Limit: 200})
	titles := map[string]bool{}
	for _, m := range rows {
		titles[m.Title] = true
	}
	if want := map[string]bool{"Consolidated: x (3 memories)": true, "Consolidated: x (3 memories) #3": true}; err != nil || cmp.Diff(want, titles) != "" {
		t.Errorf("%v, %v", titles, err)
	}
}

// TestAutoConsolidateAsksThePolicies, and leaves standards where they are.
func TestAutoConsolidateAsksThePolicies(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	seed(t, s,
		tagged(1, func(m *memory.Memory) { m.Namespace, m.Metadata = "gov", json.RawMessage(`{"agent_id":"ann"}`) }),
		tagged(2, func(m *memory.Memory) { m.Namespace, m.Metadata = "gov", json.RawMessage(`{"agent_id":"ann"}`) }),
	)
	standard := govern(t, s, "owner", `"human"`)
	groups, err := s.Groups(t.Context(), service.Grouping{MinCount: 2})
	if d := cmp.Diff([]string{"gov : m001 m002"}, shapes(groups)); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	var denied *service.Denied
	if n, err := s.AutoConsolidate(t.Context(), service.Grouping{MinCount: 2, Caller: "bob"}); n != 0 || !errors.As(err, &denied) {
		t.Errorf("by bob: %d, %v", n, err)
	}
	if mustGet(t, s, "m001").ID != "m001" || mustGet(t, s, standard).ID != standard {
		t.Error("something is gone")
	}
}
