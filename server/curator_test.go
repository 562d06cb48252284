package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chaosctl/server"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// language answers like a language model that finds two texts contradicting when both have the word "claim".
type language struct {
	mu    sync.Mutex
	asked map[string]int // by the first word of the question
	fails bool
	then  func(question string) // before it answers
}

func (l *language) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		return
	}
	var body struct {
		Messages []struct{ Content string } `json:"messages"`
	}
	text, _ := io.ReadAll(r.Body)
	json.Unmarshal(text, &body)
	question := body.Messages[len(body.Messages)-1].Content
	kind, _, _ := strings.Cut(question, " ")
	l.mu.Lock()
	l.asked[kind]++
	fails, then := l.fails, l.then
	l.mu.Unlock()
	if fails {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if then != nil {
		then(question)
	}
	answer := map[string]string{"Tags": "alpha\nbeta", "Sum": "the model's summary of all of it", "Do": "no"}[kind]
	if kind == "Do" && strings.Count(question, "claim") >= 2 {
		answer = "yes"
	}
	said, _ := json.Marshal(map[string]any{"choices": []any{map[string]any{"message": map[string]any{"content": answer}}}})
	w.Write(said)
}

func (l *language) count(kind string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked[kind]
}

func newLanguage(t *testing.T) (*language, server.Model) {
	t.Helper()
	l := &language{asked: map[string]int{}}
	s := httptest.NewServer(l)
	t.Cleanup(s.Close)
	return l, server.Model{URL: s.URL, Name: "m"}
}

func openMemories(t *testing.T, rows ...memory.Memory) *server.Memories {
	t.Helper()
	m, err := server.Open(t.Context(), server.Config{DB: filepath.Join(t.TempDir(), "m.db"), LongPages: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	seedRows(t, m, rows...)
	return m
}

func seedRows(t *testing.T, m *server.Memories, rows ...memory.Memory) {
	t.Helper()
	done, err := m.Import(t.Context(), service.Import{Memories: rows})
	if err != nil || done.Count != len(rows) {
		t.Fatalf("imported %d of %d: %v %v", done.Count, len(rows), done.Errors, err)
	}
}

// said is a memory that is worth curating.
func said(id, content string, change func(*memory.Memory)) memory.Memory {
	at := memory.FormatTime(time.Now().Add(-time.Hour).Truncate(time.Second))
	m := memory.Memory{
		ID: id, Tier: memory.Mid, Namespace: "n", Title: "title of " + id, Content: content, Tags: []string{"of-" + id}, Priority: 5, Confidence: 1,
		Source: "api", CreatedAt: at, UpdatedAt: at, Metadata: json.RawMessage(`{"agent_id":"ann"}`),
	}
	if change != nil {
		change(&m)
	}
	return m
}

// long makes a content of words of its own that is long enough.
func long(word string) string {
	var all []string
	for i := range 8 {
		all = append(all, fmt.Sprint(word, i))
	}
	return strings.Join(all, " ") + strings.Repeat(" ", 50) + "."
}

func run(t *testing.T, m *server.Memories, c server.Curator) server.CuratorReport {
	t.Helper()
	if c.MaxOps == 0 {
		c.MaxOps = 100
	}
	r, err := m.RunCurator(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// counts is a report without its times.
func counts(t *testing.T, want, got server.CuratorReport) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(server.CuratorReport{}, "StartedAt", "CompletedAt", "CycleDurationMS"),
		cmpopts.EquateEmpty()); d != "" {
		t.Errorf("report (-want +got):\n%s", d)
	}
}

// everything is all rows of all namespaces that are the users', by id.
func everything(t *testing.T, m *server.Memories) map[string]memory.Memory {
	t.Helper()
	e, err := m.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]memory.Memory{}
	if err := e.Memories(t.Context(), func(row memory.Memory) error {
		if !memory.Reserved(row.Namespace) {
			rows[row.ID] = row
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

// in is what is in a namespace, newest first.
func in(t *testing.T, m *server.Memories, namespace string) []memory.Memory {
	t.Helper()
	rows, err := m.List(t.Context(), service.Query{Namespace: &namespace, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(rows, func(a, b memory.Memory) int { return strings.Compare(b.CreatedAt, a.CreatedAt) })
	return rows
}

func keys(t *testing.T, m memory.Memory) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(m.Metadata, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func get(t *testing.T, m *server.Memories, id string) memory.Memory {
	t.Helper()
	row, err := m.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// TestCuratorWithoutModel counts, says so once, and does nothing (contract section 9.2.3).
func TestCuratorWithoutModel(t *testing.T) {
	t.Parallel()
	m := openMemories(t,
		said("a", long("x"), nil),
		said("twin", long("x"), func(m *memory.Memory) { m.Tier = memory.Long }),
		said("fleeting", long("y"), func(m *memory.Memory) { m.Tier = memory.Short }),
		said("small", "small", nil),
		said("own", long("z"), func(m *memory.Memory) { m.Namespace = "_own" }),
		said("tagged", long("w"), func(m *memory.Memory) { m.Metadata = json.RawMessage(`{"auto_tags":["x"]}`) }),
		said("untagged", long("v"), func(m *memory.Memory) { m.Namespace, m.Metadata = "other", json.RawMessage(`{"auto_tags":[]}`) }),
	)
	before := everything(t, m)
	want := server.CuratorReport{MemoriesScanned: 6, MemoriesEligible: 3, Errors: []string{"no LLM client configured"}}
	counts(t, want, run(t, m, server.Curator{}))
	want.DryRun = true
	counts(t, want, run(t, m, server.Curator{DryRun: true}))
	for _, test := range []struct {
		include, exclude []string
		want             int
	}{{[]string{"other"}, nil, 1}, {nil, []string{"n"}, 1}, {[]string{"n", "other"}, []string{"other"}, 2}, {[]string{"none"}, nil, 0}} {
		if got := run(t, m, server.Curator{Include: test.include, Exclude: test.exclude}).MemoriesEligible; got != test.want {
			t.Errorf("include %v, exclude %v: %d eligible, want %d", test.include, test.exclude, got, test.want)
		}
	}
	if got := run(t, m, server.Curator{MaxOps: 1}); len(got.Errors) != 1 || got.MemoriesScanned != 5 {
		t.Errorf("with a cap: %+v", got)
	}
	text, err := json.Marshal(run(t, m, server.Curator{}))
	if err != nil || strings.Contains(string(text), "null") {
		t.Errorf("report %s, %v", text, err)
	}
	if d := cmp.Diff(before, everything(t, m)); d != "" {
		t.Errorf("it has changed memories (-before +after):\n%s", d)
	}
	if own := append(in(t, m, memory.ReportsNamespace), in(t, m, memory.RollbackNamespace)...); len(own) != 0 {
		t.Errorf("it has written %v", own)
	}
	unreachable := server.Model{URL: refusing(t), Name: "m"}
	counts(t, server.CuratorReport{MemoriesScanned: 6, MemoriesEligible: 3, Errors: []string{"no LLM client configured"}},
		run(t, m, server.Curator{Model: unreachable}))
}

// TestCuratorTags has the tags, and the contradictions, in the metadata together (U2), with what was there.
func TestCuratorTags(t *testing.T) {
	t.Parallel()
	l, model := newLanguage(t)
	m := openMemories(t,
		said("a", long("x")+" claim", func(m *memory.Memory) {
			m.Metadata = json.RawMessage(`{"agent_id":"ann","mine":1,"grants":{"bob":"write"}}`)
		}),
		said("b", long("y")+" claim", func(m *memory.Memory) { m.Confidence = 0.5 }),
		said("c", long("z"), func(m *memory.Memory) { m.Namespace = "alone" }),
	)
	want := server.CuratorReport{MemoriesScanned: 3, MemoriesEligible: 3, AutoTagged: 3, ContradictionsFound: 2, OperationsAttempted: 3}
	dry := want
	dry.DryRun = true
	counts(t, dry, run(t, m, server.Curator{Model: model, DryRun: true}))
	if keys(t, get(t, m, "a"))["auto_tags"] != nil || len(in(t, m, memory.ReportsNamespace)) != 0 {
		t.Error("a dry run has written")
	}
	counts(t, want, run(t, m, server.Curator{Model: model}))
	if n := l.count("Do"); n != 2 { // one in each run: a pair is asked about once
		t.Errorf("asked %d times about contradictions", n)
	}
	got := keys(t, get(t, m, "a"))
	delete(got, "curated_at")
	if d := cmp.Diff(map[string]any{
		"agent_id": "ann", "mine": 1.0, "grants": map[string]any{"bob": "write"},
		"auto_tags": []any{"alpha", "beta"}, "confirmed_contradictions": []any{"b"},
	}, got); d != "" {
		t.Errorf("metadata (-want +got):\n%s", d)
	}
	counts(t, server.CuratorReport{MemoriesScanned: 4}, run(t, m, server.Curator{Model: model})) // its report is a candidate, too

	reports := in(t, m, memory.ReportsNamespace)
	if len(reports) != 2 {
		t.Fatalf("%d reports", len(reports))
	}
	report := reports[1]
	if report.Tier != memory.Mid || report.ExpiresAt != nil || report.Priority != 2 || report.Source != memory.SourceCurator ||
		!slices.Equal(report.Tags, []string{"_curator", "_report"}) || !strings.HasPrefix(report.Title, "curator cycle @ 20") || report.AgentID() != "ai:curator" {
		t.Errorf("report %+v", report)
	}
	var content map[string]any
	if err := json.Unmarshal([]byte(report.Content), &content); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"cycle_ts", "cycle_duration_ms", "auto_tagged", "contradictions_found", "clusters_formed", "memories_consolidated",
		"memories_forgotten", "priority_adjustments", "rollback_entries_written", "errors_total", "operations_attempted",
	} {
		if content[key] == nil {
			t.Errorf("the report has no %s", key)
		}
	}
	if content["auto_tagged"] != 3.0 {
		t.Errorf("report %v", content)
	}
}

// three are two memories that say much the same, and one that does not, in two tiers.
func three() []memory.Memory {
	const common = "the deployment pipeline builds images pushes them and restarts every replica one after another"
	return []memory.Memory{
		said("a", common+" slowly. First thing.", func(m *memory.Memory) { m.Priority = 7 }),
		said("b", common+" gently. First thing.", func(m *memory.Memory) {
			m.Tier, m.AccessCount, m.Metadata = memory.Long, 3, json.RawMessage(`{"agent_id":"bob"}`)
		}),
		said("c", long("z"), nil),
	}
}

// TestCuratorMerges makes one memory of two, with and without a model, and has them back as they were.
func TestCuratorMerges(t *testing.T) {
	t.Parallel()
	for _, with := range []string{"model", "passes"} {
		t.Run(with, func(t *testing.T) {
			t.Parallel()
			m := openMemories(t, three()...)
			if _, err := m.Link(t.Context(), "a", "b", memory.RelatedTo, ""); err != nil {
				t.Fatal(err)
			}
			before := everything(t, m)
			c := server.Curator{Passes: []string{"clusters"}}
			summary := "the deployment pipeline builds images pushes them and restarts every replica one after another slowly. First thing.\n" +
				"the deployment pipeline builds images pushes them and restarts every replica one after another gently."
			want := server.CuratorReport{MemoriesScanned: 3, MemoriesEligible: 3}
			if with == "model" {
				_, c.Model = newLanguage(t)
				summary, want.AutoTagged, want.OperationsAttempted = "the model's summary of all of it", 3, 3
			}
			want.Autonomy.ClustersFormed, want.Autonomy.MemoriesConsolidated = 1, 2
			dry := want
			dry.DryRun, c.DryRun = true, true
			counts(t, dry, run(t, m, c))
			if d := cmp.Diff(before, everything(t, m)); d != "" {
				t.Fatalf("a dry run has changed (-before +after):\n%s", d)
			}
			want.Autonomy.RollbackEntriesWritten, c.DryRun = 1, false
			counts(t, want, run(t, m, c))
			rows := everything(t, m)
			delete(rows, "c")
			if len(rows) != 1 {
				t.Fatalf("left are %v", rows)
			}
			for _, made := range rows {
				if made.Title != "[consolidated] title of a" || made.Content != summary || made.Tier != memory.Long || made.ExpiresAt != nil ||
					made.AgentID() != "ai:curator" || made.Source != memory.SourceCurator || made.Priority != 7 || !slices.Equal(made.Tags, []string{"of-a", "of-b"}) {
					t.Errorf("made %+v", made)
				}
				if d := cmp.Diff([]any{"a", "b"}, keys(t, made)["derived_from"]); d != "" {
					t.Errorf("derived_from (-want +got):\n%s", d)
				}
			}
			if kept, err := m.Archive(t.Context(), nil, 10, 0); err != nil || len(kept) != 0 {
				t.Errorf("archive %v, %v", kept, err)
			}
			entry := in(t, m, memory.RollbackNamespace)[0]
			if entry.Tier != memory.Long || entry.Priority != 3 || !slices.Equal(entry.Tags, []string{"_curator", "_rollback", "consolidate"}) ||
				!strings.HasPrefix(entry.Title, "curator consolidate @ 20") || entry.Source != memory.SourceCurator ||
				string(entry.Metadata) != `{"action":"consolidate","agent_id":"ai:curator"}` {
				t.Errorf("entry %+v", entry)
			}
			for _, applied := range []bool{true, false} { // U12: once
				if done, err := m.RollBack(t.Context(), entry.ID); err != nil || done.Applied != applied {
					t.Errorf("rolled back: %+v, %v", done, err)
				}
			}
			after := everything(t, m)
			if with == "model" { // they were tagged before
				for id, row := range after {
					row.Metadata, row.UpdatedAt = before[id].Metadata, before[id].UpdatedAt
					after[id] = row
				}
			}
			if d := cmp.Diff(before, after, cmpopts.IgnoreFields(memory.Memory{}, "Generation", "Moved")); d != "" {
				t.Errorf("rolled back (-before +after):\n%s", d)
			}
			if links, err := m.Links(t.Context(), "a"); err != nil || len(links) != 1 {
				t.Errorf("links %v, %v", links, err)
			}
			if got := get(t, m, entry.ID); !got.Reversed() {
				t.Errorf("tags %v", got.Tags)
			}
		})
	}
}

// TestCuratorMergesAgain makes one of what it has made, under a title that is free (U7), and has all back.
func TestCuratorMergesAgain(t *testing.T) {
	t.Parallel()
	m := openMemories(t, three()...)
	first := everything(t, m)
	c := server.Curator{Passes: []string{"clusters"}}
	run(t, m, c)
	more := three()[0]
	more.ID, more.Title = "d", "[consolidated] title of a (2)"
	other := said("e", long("q"), nil)
	seedRows(t, m, more, other)
	got := run(t, m, c)
	if got.Autonomy.MemoriesConsolidated != 2 || len(got.Errors) != 0 {
		t.Fatalf("report %+v", got)
	}
	if done, err := m.RollBackLast(t.Context(), 2); err != nil || done != 2 {
		t.Fatalf("rolled back %d, %v", done, err)
	}
	rows := everything(t, m)
	delete(rows, "d")
	delete(rows, "e")
	if d := cmp.Diff(first, rows, cmpopts.IgnoreFields(memory.Memory{}, "Generation", "Moved")); d != "" {
		t.Errorf("rolled back (-before +after):\n%s", d)
	}
}

// TestCuratorLeavesAlone what must not become one memory.
func TestCuratorLeavesAlone(t *testing.T) {
	t.Parallel()
	same := long("word")
	for name, change := range map[string]func(*memory.Memory){
		"namespace": func(m *memory.Memory) { m.Namespace = "elsewhere" },
		"scope":     func(m *memory.Memory) { m.Metadata = json.RawMessage(`{"scope":"collective"}`) },
		"grants":    func(m *memory.Memory) { m.Metadata = json.RawMessage(`{"agent_id":"ann","grants":{"bob":"admin"}}`) },
		"policy": func(m *memory.Memory) {
			m.Metadata = json.RawMessage(`{"governance":{"write":"owner","promote":"any","delete":"any","approver":"human"}}`)
		},
		"contradiction": func(m *memory.Memory) { m.Metadata = json.RawMessage(`{"confirmed_contradictions":["a"]}`) },
		"tier":          func(m *memory.Memory) { m.Tier = memory.Short },
		"metadata": func(m *memory.Memory) {
			m.Metadata, _ = json.Marshal(map[string]string{"x": strings.Repeat("x", 65_000)})
		},
	} {
		m := openMemories(t, said("a", same, nil), said("b", same, change))
		if got := run(t, m, server.Curator{Passes: []string{"dedupe", "clusters"}}); got.Autonomy.ClustersFormed != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	m := openMemories(t, said("a", same, nil), said("b", same, nil), said("rules", same, nil))
	if _, err := m.SetStandard(t.Context(), service.StandardDraft{Namespace: "any", MemoryID: "rules", Caller: "ann"}); err != nil {
		t.Fatal(err)
	}
	got := run(t, m, server.Curator{Passes: []string{"dedupe"}})
	if got.Autonomy.MemoriesConsolidated != 0 || len(got.Autonomy.Errors) != 1 || !strings.Contains(got.Autonomy.Errors[0], "standard of a namespace") ||
		!slices.Equal(got.Errors, got.Autonomy.Errors) || len(everything(t, m)) != 3 {
		t.Errorf("a standard: %+v", got)
	}
}

// TestCuratorForgets what a newer memory contradicts; what was forgotten comes back.
func TestCuratorForgets(t *testing.T) {
	t.Parallel()
	_, model := newLanguage(t)
	at := memory.FormatTime(time.Now().Add(-2 * time.Hour))
	m := openMemories(t,
		said("old", long("x")+" claim", func(m *memory.Memory) { m.CreatedAt, m.UpdatedAt = at, at }),
		said("new", long("y")+" claim", nil),
	)
	got := run(t, m, server.Curator{Model: model})
	if got.ContradictionsFound != 2 || got.Autonomy.MemoriesForgotten != 1 || got.Autonomy.RollbackEntriesWritten != 1 || len(got.Errors) != 0 {
		t.Fatalf("report %+v", got)
	}
	rows := everything(t, m)
	if _, is := rows["new"]; len(rows) != 1 || !is {
		t.Fatalf("left are %v", rows)
	}
	if left := keys(t, rows["new"])["confirmed_contradictions"]; left != nil { // U8
		t.Errorf("it still names what is gone: %v", left)
	}
	entry := in(t, m, memory.RollbackNamespace)[0]
	if done, err := m.RollBack(t.Context(), entry.ID); err != nil || !done.Applied {
		t.Errorf("rolled back: %+v, %v", done, err)
	}
	if back := get(t, m, "old"); back.CreatedAt != at || back.AgentID() != "ann" {
		t.Errorf("came back %+v", back)
	}
}

// TestCuratorKeepsWhatIsNotSuperseded because it is newer, or more certain.
func TestCuratorKeepsWhatIsNotSuperseded(t *testing.T) {
	t.Parallel()
	names := func(m *memory.Memory) { m.Metadata = json.RawMessage(`{"confirmed_contradictions":["b"]}`) }
	for name, change := range map[string]func(*memory.Memory){
		"older": func(m *memory.Memory) {
			m.CreatedAt, m.UpdatedAt = "2020-01-01T00:00:00+00:00", "2020-01-01T00:00:00+00:00"
		},
		"less certain": func(m *memory.Memory) { m.UpdatedAt, m.Confidence = memory.FormatTime(time.Now()), 0.5 },
		"curated": func(m *memory.Memory) {
			m.UpdatedAt, m.Metadata = memory.FormatTime(time.Now()), json.RawMessage(`{"curated_at":"`+memory.FormatTime(time.Now())+`"}`)
		},
	} {
		m := openMemories(t, said("a", long("x"), names), said("b", long("y"), change))
		if got := run(t, m, server.Curator{Passes: []string{"forget"}}); got.Autonomy.MemoriesForgotten != 0 || len(got.Errors) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	m := openMemories(t, said("a", long("x"), names), said("b", long("y"), func(m *memory.Memory) { m.UpdatedAt = memory.FormatTime(time.Now()) }))
	if got := run(t, m, server.Curator{Passes: []string{"forget"}}); got.Autonomy.MemoriesForgotten != 1 {
		t.Errorf("superseded: %+v", got)
	}
}

// TestCuratorPriority raises what is used and lowers what is not, one step, also when cycles follow each other.
func TestCuratorPriority(t *testing.T) {
	t.Parallel()
	ago := func(days float64) string {
		return memory.FormatTime(time.Now().Add(-time.Duration(days * 24 * float64(time.Hour))))
	}
	used := func(count int64, last string, priority int32) func(*memory.Memory) {
		return func(m *memory.Memory) { m.AccessCount, m.LastAccessedAt, m.Priority = count, &last, priority }
	}
	unused := func(created string, priority int32) func(*memory.Memory) {
		return func(m *memory.Memory) { m.CreatedAt, m.Priority = created, priority }
	}
	want := map[string]int32{}
	var rows []memory.Memory
	for i, test := range []struct {
		change func(*memory.Memory)
		want   int32
	}{
		{used(10, ago(6.9), 5), 6},
		{used(10, ago(7.1), 5), 5},
		{used(9, ago(1), 5), 5},
		{used(99, ago(1), 10), 10},
		{unused(ago(30.1), 5), 4},
		{unused(ago(29.9), 5), 5},
		{unused(ago(99), 1), 1},
	} {
		id := fmt.Sprint("row", i)
		rows, want[id] = append(rows, said(id, long(fmt.Sprint("w", i, "w")), test.change)), test.want
	}
	m := openMemories(t, rows...)
	c := server.Curator{Passes: []string{"priority"}}
	got := run(t, m, c)
	if got.Autonomy.PriorityAdjustments != 2 || got.Autonomy.RollbackEntriesWritten != 2 || len(got.Errors) != 0 {
		t.Errorf("report %+v", got)
	}
	again := run(t, m, c)
	if again.Autonomy.PriorityAdjustments != 0 {
		t.Errorf("at once again: %+v", again)
	}
	priorities := map[string]int32{}
	for id, row := range everything(t, m) {
		priorities[id] = row.Priority
	}
	if d := cmp.Diff(want, priorities); d != "" {
		t.Errorf("priorities (-want +got):\n%s", d)
	}
	// U4: the newest that was not reversed, each time.
	for _, left := range []int{1, 1, 0} {
		if done, err := m.RollBackLast(t.Context(), 1); err != nil || done != left {
			t.Errorf("rolled back %d, %v, want %d", done, err, left)
		}
	}
	if a, b := get(t, m, "row0"), get(t, m, "row4"); a.Priority != 5 || b.Priority != 5 {
		t.Errorf("priorities %d and %d, want 5", a.Priority, b.Priority)
	}
}

// TestCuratorCap bounds all that a cycle does (U9), and nothing is forgotten over it.
func TestCuratorCap(t *testing.T) {
	t.Parallel()
	_, model := newLanguage(t)
	m := openMemories(t, said("a", long("x"), nil), said("b", long("x"), nil), said("c", long("y"), nil), said("d", long("y"), nil))
	want := server.CuratorReport{MemoriesScanned: 4, MemoriesEligible: 4, AutoTagged: 3, OperationsAttempted: 3, OperationsSkipped: 1}
	want.Autonomy.Errors = []string{"max_ops=3 reached: 2 operations of the passes are left for other cycles"}
	want.Errors = want.Autonomy.Errors
	counts(t, want, run(t, m, server.Curator{Model: model, MaxOps: 3}))
	next := run(t, m, server.Curator{Model: model, MaxOps: 3})
	if next.OperationsAttempted != 1 || next.Autonomy.MemoriesConsolidated != 4 {
		t.Errorf("next: %+v", next)
	}
	small := run(t, m, server.Curator{Passes: []string{"dedupe"}, MaxOps: 1})
	if len(small.Errors) != 1 || small.Errors[0] != "collect_candidates truncated at cap=4 per tier; consider raising max_ops_per_cycle or paginating across cycles" {
		t.Errorf("truncated: %q", small.Errors)
	}
}

// TestCuratorAndAChange leaves what has changed while the model was thinking.
func TestCuratorAndAChange(t *testing.T) {
	t.Parallel()
	l, model := newLanguage(t)
	m := openMemories(t, three()...)
	changed := "it is all quite different now, and this is the content that has to stay as it is"
	l.then = func(question string) {
		if strings.HasPrefix(question, "Sum") {
			if _, err := m.Update(context.WithoutCancel(t.Context()), "a", memory.Patch{Content: &changed}, "ann"); err != nil {
				t.Error(err)
			}
		}
	}
	got := run(t, m, server.Curator{Model: model})
	if got.Autonomy.MemoriesConsolidated != 0 || len(got.Errors) != 1 || !strings.Contains(got.Errors[0], "it has changed meanwhile") {
		t.Errorf("report %+v", got)
	}
	if rows := everything(t, m); len(rows) != 3 || rows["a"].Content != changed {
		t.Errorf("rows %v", rows)
	}
}

// TestCuratorAndPolicies denies what a policy forbids, and says so.
func TestCuratorAndPolicies(t *testing.T) {
	t.Parallel()
	m := openMemories(t, append(three(), said("rules", "rules", func(m *memory.Memory) { m.Namespace = "policies" }))...)
	_, err := m.SetStandard(t.Context(), service.StandardDraft{
		Namespace: "n", MemoryID: "rules", Caller: "ann",
		Governance: json.RawMessage(`{"write":"any","promote":"any","delete":"approve","approver":"human"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	got := run(t, m, server.Curator{Passes: server.CuratorPasses()})
	if len(got.Errors) != 1 || !strings.Contains(got.Errors[0], "cannot wait for approval") || len(everything(t, m)) != 4 {
		t.Errorf("report %+v", got)
	}
}

// TestCuratorAndAModelThatFails asks it no more after some failures, and does what needs no model.
func TestCuratorAndAModelThatFails(t *testing.T) {
	t.Parallel()
	l, model := newLanguage(t)
	l.fails = true
	m := openMemories(t, said("a", long("x"), nil), said("b", long("x"), nil), said("c", long("y"), nil), said("d", long("z"), nil))
	got := run(t, m, server.Curator{Model: model})
	if n := l.count("Tags") + l.count("Do") + l.count("Sum"); n > 4 || got.AutoTagged != 0 || got.Autonomy.MemoriesConsolidated != 2 {
		t.Errorf("asked %d times, %+v", n, got)
	}
	if last := got.Errors[len(got.Errors)-1]; !strings.Contains(last, "is not asked any more in this cycle") {
		t.Errorf("errors %q", got.Errors)
	}
}

// TestRollBackRefuses what is no entry (U12), and changes nothing where it cannot be done.
func TestRollBackRefuses(t *testing.T) {
	t.Parallel()
	m := openMemories(t, three()...)
	run(t, m, server.Curator{Passes: []string{"clusters"}})
	entry := in(t, m, memory.RollbackNamespace)[0]
	forged := func(id string, change func(*memory.Memory)) memory.Memory {
		row := entry
		row.ID, row.Title = id, "forged "+id
		change(&row)
		return row
	}
	seedRows(t, m,
		forged("elsewhere", func(m *memory.Memory) { m.Namespace = "n" }),
		forged("written", func(m *memory.Memory) { m.Source = "api" }),
		forged("author", func(m *memory.Memory) { m.Metadata = json.RawMessage(`{"agent_id":"ann"}`) }),
		forged("broken", func(m *memory.Memory) { m.Content = "{" }),
		forged("unknown", func(m *memory.Memory) { m.Content = `{"action":"explode"}` }),
		forged("reserved", func(m *memory.Memory) {
			m.Content = strings.ReplaceAll(m.Content, `"namespace":"n"`, `"namespace":"_agents"`)
		}),
		forged("invalid", func(m *memory.Memory) { m.Content = strings.ReplaceAll(m.Content, `"priority":7`, `"priority":70`) }),
	)
	const notOne = "rollback entry content is not a valid RollbackEntry JSON"
	for id, want := range map[string]string{
		"nobody":     "rollback entry nobody not found",
		entry.ID[:8]: "rollback entry " + entry.ID[:8] + " not found",
		"elsewhere":  "rollback entry elsewhere not found", "written": "rollback entry written not found", "author": "rollback entry author not found",
		"broken": notOne, "unknown": notOne, "reserved": notOne, "invalid": notOne,
	} {
		if _, err := m.RollBack(t.Context(), id); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", id, err, want)
		}
	}
	for _, id := range []string{"elsewhere", "written", "author", "broken", "unknown", "reserved", "invalid"} {
		if _, err := m.Delete(t.Context(), id, ""); err != nil {
			t.Fatal(err)
		}
	}
	seedRows(t, m, said("usurper", "x", func(m *memory.Memory) { m.Title = "title of b" }))
	before := everything(t, m)
	var taken *service.TitleInUse
	if done, err := m.RollBackLast(t.Context(), 1); !errors.As(err, &taken) || done != 0 {
		t.Errorf("a title that is taken: %d, %v", done, err)
	}
	if d := cmp.Diff(before, everything(t, m)); d != "" {
		t.Errorf("it has changed memories (-before +after):\n%s", d)
	}
	if _, err := m.Delete(t.Context(), "usurper", ""); err != nil {
		t.Fatal(err)
	}
	if done, err := m.RollBackLast(t.Context(), 0); err != nil || done != 0 { // X6
		t.Errorf("none: %d, %v", done, err)
	}
	if done, err := m.RollBackLast(t.Context(), 9); err != nil || done != 1 {
		t.Errorf("all: %d, %v", done, err)
	}
	if rows := everything(t, m); len(rows) != 3 {
		t.Errorf("rows %v", rows)
	}
}

// TestRollBackOfWhatIsElsewhere brings nothing back twice, and nothing under an id that was deleted for ever.
func TestRollBackOfWhatIsElsewhere(t *testing.T) {
	t.Parallel()
	m := openMemories(t,
		said("a", long("x"), func(m *memory.Memory) { m.Metadata = json.RawMessage(`{"confirmed_contradictions":["b"]}`) }),
		said("b", long("y"), func(m *memory.Memory) { m.UpdatedAt = memory.FormatTime(time.Now()) }),
	)
	old := get(t, m, "a")
	if got := run(t, m, server.Curator{Passes: []string{"forget"}}); got.Autonomy.MemoriesForgotten != 1 {
		t.Fatalf("report %+v", got)
	}
	again := old
	again.Title = "under another title"
	seedRows(t, m, again)
	if done, err := m.RollBackLast(t.Context(), 1); !errors.Is(err, service.ErrActive) || done != 0 {
		t.Errorf("it is there: %d, %v", done, err)
	}
	if _, err := m.Delete(t.Context(), "a", ""); err != nil {
		t.Fatal(err)
	}
	if done, err := m.RollBackLast(t.Context(), 1); err != nil || done != 1 {
		t.Fatalf("rolled back %d, %v", done, err)
	}
	for id, back := range everything(t, m) {
		if id == "b" {
			continue
		}
		if id == "a" || back.Title != old.Title || back.Content != old.Content {
			t.Errorf("came back %+v", back)
		}
	}
	if n := len(everything(t, m)); n != 2 {
		t.Errorf("%d memories", n)
	}
}

// TestCuratorAndLongContents has no model sum up what it is not shown in full.
func TestCuratorAndLongContents(t *testing.T) {
	t.Parallel()
	l, model := newLanguage(t)
	content := long("word") + " " + strings.Repeat("and so on, ", 2000)
	m := openMemories(t, said("a", content+"first.", nil), said("b", content+"last.", nil))
	if got := run(t, m, server.Curator{Model: model}); got.Autonomy.MemoriesConsolidated != 2 || l.count("Sum") != 0 {
		t.Errorf("asked %d times, %+v", l.count("Sum"), got)
	}
	for _, made := range everything(t, m) {
		if !strings.Contains(made.Content, "first.") || !strings.Contains(made.Content, "last.") {
			t.Errorf("made %.40q of %d bytes", made.Content, len(made.Content))
		}
	}
}

// TestCuratorIsReplicated runs a curator on the database of one of two nodes: the other has what it made, and
// then what was rolled back.
func TestCuratorIsReplicated(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 2, 2, time.Second)
	a, b := nodes[0], nodes[1]
	a.start(t)
	b.start(t)
	m, err := server.Open(t.Context(), a.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	seedRows(t, m, three()...)
	wantEqual(t, 10*time.Second, 3, a, b)
	run(t, m, server.Curator{Passes: []string{"clusters"}})
	wantEqual(t, 10*time.Second, 2, a, b) // one that was made, one that was left
	if done, err := m.RollBackLast(t.Context(), 1); err != nil || done != 1 {
		t.Fatalf("rolled back %d, %v", done, err)
	}
	wantEqual(t, 10*time.Second, 3, a, b)
	rows := b.rows(t)
	for _, id := range []string{"a", "b", "c"} {
		if rows[id] == "" {
			t.Errorf("the other node lacks %s: %v", id, rows)
		}
	}
}
