package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server"
)

// exported is an export, read.
type exported struct {
	Memories []server.Memory
	Links    []server.Link
	Count    int
}

// open opens a database until the end of the test; an empty path is a new one.
func open(t *testing.T, path string) (*server.Memories, string) {
	t.Helper()
	if path == "" {
		path = filepath.Join(t.TempDir(), "m.db")
	}
	m, err := server.Open(t.Context(), server.Config{DB: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m, path
}

// exportOf exports a database.
func exportOf(t *testing.T, m *server.Memories) (e exported, text string) {
	t.Helper()
	var b strings.Builder
	if err := m.WriteExport(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b.String()), &e); err != nil {
		t.Fatalf("%v in %s", err, b.String())
	}
	return e, b.String()
}

// textOf writes memories and links as an export has them.
func textOf(t *testing.T, rows []server.Memory, links ...server.Link) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"memories": rows, "links": links})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// row is a memory of namespace n whose title is its id's.
func row(id, content, updated string) server.Memory {
	return server.Memory{
		ID: id, Tier: server.TierLong, Namespace: "n", Title: "title of " + id, Content: content, Tags: []string{}, Priority: 5, Confidence: 1,
		Source: "import", CreatedAt: "2024-01-01T00:00:00+00:00", UpdatedAt: updated, Metadata: json.RawMessage(`{"agent_id":"ann"}`),
	}
}

// rows are many of them, by id.
func rows(n int) []server.Memory {
	all := make([]server.Memory, n)
	for i := range all {
		all[i] = row(fmt.Sprintf("row-%06d", i), "content", "2024-01-01T00:00:00+00:00")
	}
	return all
}

// take imports a text.
func take(t *testing.T, m *server.Memories, text string) server.ImportDone {
	t.Helper()
	done, err := m.ReadImport(t.Context(), strings.NewReader(text), "bob", true)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// TestImportInLots takes more than goes into one transaction, links across the lots, and links of a memory that gets
// another id because its own was deleted.
func TestImportInLots(t *testing.T) {
	t.Parallel()
	m, _ := open(t, "")
	all := rows(2500)
	if done := take(t, m, textOf(t, all[:1])); done.Imported != 1 {
		t.Fatal(done)
	}
	if _, err := m.Delete(t.Context(), all[0].ID, "bob"); err != nil {
		t.Fatal(err)
	}
	links := []server.Link{
		{SourceID: all[2499].ID, TargetID: all[0].ID, Relation: "supersedes", CreatedAt: "x"},
		{SourceID: all[1].ID, TargetID: all[1500].ID, Relation: "related_to", CreatedAt: "x"},
		{SourceID: all[1].ID, TargetID: "nobody", Relation: "related_to", CreatedAt: "x"},
	}
	done := take(t, m, textOf(t, all, links...))
	if diff := cmp.Diff(server.ImportDone{Imported: 2500, Errors: []string{}}, done); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	e, text := exportOf(t, m)
	if len(e.Memories) != 2500 || e.Count != 2500 || len(e.Links) != 2 {
		t.Fatalf("%d memories, count %d, %d links", len(e.Memories), e.Count, len(e.Links))
	}
	if e.Links[0].SourceID != all[2499].ID {
		slices.Reverse(e.Links)
	}
	again := e.Links[0].TargetID
	if i := slices.IndexFunc(e.Memories, func(m server.Memory) bool { return m.ID == again }); again == all[0].ID || i < 0 || e.Memories[i].Title != all[0].Title {
		t.Errorf("the link leads to %q", again)
	}
	// An export is imported elsewhere as it is, and exported from there the same.
	other, _ := open(t, "")
	take(t, other, text)
	got, _ := exportOf(t, other)
	byID := func(a, b server.Memory) int { return strings.Compare(a.ID, b.ID) }
	slices.SortFunc(e.Memories, byID)
	slices.SortFunc(got.Memories, byID)
	if diff := cmp.Diff(e.Memories, got.Memories); diff != "" || len(got.Links) != 2 {
		t.Errorf("%d links; memories (-want +got):\n%s", len(got.Links), diff)
	}
}

// TestMalformedImportsNothing has the last of many memories malformed.
func TestMalformedImportsNothing(t *testing.T) {
	t.Parallel()
	m, _ := open(t, "")
	text := textOf(t, rows(1500))
	text = text[:strings.LastIndex(text, `"title"`)] + `"no":` + text[strings.LastIndex(text, `"title"`)+8:]
	_, err := m.ReadImport(t.Context(), strings.NewReader(text), "bob", false)
	if err == nil || err.Error() != "memory 1500 of the export: missing field `title`" {
		t.Errorf("got %v", err)
	}
	if e, _ := exportOf(t, m); e.Count != 0 {
		t.Errorf("%d memories were imported", e.Count)
	}
}

// TestImportFrom reads a pipe with more than is kept in memory, and a file from where it stands, which it leaves open.
func TestImportFrom(t *testing.T) {
	t.Parallel()
	m, _ := open(t, "")
	all := rows(3)
	text := textOf(t, all[:2])
	large := text[:len(text)-1] + `,"more":"` + strings.Repeat("x", 17<<20) + `"}`
	in, out := io.Pipe()
	go func() {
		_, err := io.WriteString(out, large)
		out.CloseWithError(err)
	}()
	if done, err := m.ReadImport(t.Context(), in, "bob", true); err != nil || done.Imported != 2 {
		t.Errorf("a pipe: %+v, %v", done, err)
	}
	path := filepath.Join(t.TempDir(), "export")
	if err := os.WriteFile(path, []byte("a first line\n"+textOf(t, all[2:])), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Seek(int64(len("a first line\n")), io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if done, err := m.ReadImport(t.Context(), file, "bob", true); err != nil || done.Imported != 1 {
		t.Errorf("a file: %+v, %v", done, err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Errorf("the file: %v", err)
	}
	in, out = io.Pipe()
	out.CloseWithError(io.ErrClosedPipe)
	if _, err := m.ReadImport(t.Context(), in, "bob", true); err == nil || !strings.HasPrefix(err.Error(), "reading the export: ") {
		t.Errorf("a pipe that breaks: %v", err)
	}
}

// TestRestamp attributes what is not trusted to who imports it, and keeps whose it was.
func TestRestamp(t *testing.T) {
	t.Parallel()
	m, _ := open(t, "")
	theirs, nobodys, mine := row("1", "c", "2024-01-01T00:00:00Z"), row("2", "c", "2024-01-01T00:00:00Z"), row("3", "c", "2024-01-01T00:00:00Z")
	theirs.Metadata = json.RawMessage(`{"agent_id":"ann","imported_from_agent_id":"eve","k":1}`)
	nobodys.Metadata = json.RawMessage(`{"k":2}`)
	mine.Metadata = json.RawMessage(`{"agent_id":"bob"}`)
	bad := row("4", "", "2024-01-01T00:00:00Z")
	bad.Metadata = mine.Metadata
	done, err := m.ReadImport(t.Context(), strings.NewReader(textOf(t, []server.Memory{theirs, nobodys, mine, bad})), "bob", false)
	want := server.ImportDone{Imported: 3, Restamped: 1, Errors: []string{"4: content cannot be empty"}}
	if diff := cmp.Diff(want, done); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	e, _ := exportOf(t, m)
	got := map[string]string{}
	for _, m := range e.Memories {
		got[m.ID] = strings.Join(strings.Fields(string(m.Metadata)), "")
	}
	if diff := cmp.Diff(map[string]string{
		"1": `{"agent_id":"bob","imported_from_agent_id":"ann","k":1}`, "2": `{"agent_id":"bob","k":2}`, "3": `{"agent_id":"bob"}`,
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMine stores conversations, once however often they are mined, and tells what it would store before.
func TestMine(t *testing.T) {
	t.Parallel()
	m, _ := open(t, "")
	path := filepath.Join(t.TempDir(), "export.jsonl")
	var lines strings.Builder
	const many = 1100 // more than one lot
	for i := range many {
		fmt.Fprintf(&lines, `{"name":"talk %d","created_at":"2024-03-01T10:00:00Z","chat_messages":[{"sender":"human","text":"a"},{"sender":"assistant","text":"b"}]}`+"\n", i)
	}
	lines.WriteString(`{"name":"short","chat_messages":[{"sender":"human","text":"a"}]}` + "\n" + `{"name":"empty"}`)
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	mining := server.Mining{Format: "Claude", Path: path, Tier: server.TierShort, MinMessages: 2, Agent: "bob"}
	mined, err := m.Prospect(mining)
	if err != nil || len(mined.Chosen) != many || mined.Conversations != many+1 || mined.Namespace != "claude-export" || mined.Imported != 0 {
		t.Fatalf("%d of %d, %d imported, %q, %v", len(mined.Chosen), mined.Conversations, mined.Imported, mined.Namespace, err)
	}
	if e, _ := exportOf(t, m); e.Count != 0 {
		t.Errorf("%d memories before any was to be stored", e.Count)
	}
	for range 2 {
		mined, err = m.Mine(t.Context(), mining)
		if err != nil || mined.Imported != many || mined.Errors != 0 || mined.Skipped != 0 {
			t.Fatalf("%d imported, %d errors, %d skipped, %v", mined.Imported, mined.Errors, mined.Skipped, err)
		}
	}
	e, _ := exportOf(t, m)
	if e.Count != many {
		t.Fatalf("%d memories, want %d", e.Count, many)
	}
	got := e.Memories[0]
	if got.Content != "[user]: a\n[assistant]: b\n" || got.Tier != server.TierShort || got.ExpiresAt == nil || got.Confidence != 0.8 ||
		got.Source != "mine-claude" || !slices.Equal(got.Tags, []string{"mine-claude"}) || got.CreatedAt != "2024-03-01T10:00:00Z" || got.AgentID() != "bob" {
		t.Errorf("%+v", got)
	}
	for _, bad := range []server.Mining{{Format: "mbox", Path: path}, {Format: "claude", Path: path + "x"}, {Format: "chatgpt", Path: path}, {Format: "slack", Path: path}} {
		if _, err := m.Mine(t.Context(), bad); err == nil {
			t.Errorf("%+v is mined", bad)
		}
	}
}
