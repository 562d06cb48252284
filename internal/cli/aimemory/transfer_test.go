package aimemory_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// file writes a file into the home of a desk and returns its path.
func (d *desk) file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(d.home, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestExportIntoImport moves everything to another database, as a shell does it.
func TestExportIntoImport(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, b := d.store(t, "one", "--agent-id", "ann", "--tags", "x,y"), d.store(t, "two <&> é", "--agent-id", "ann")
	d.object(t, "link", a, b)
	exported := d.run(t, "export")
	if exported.exit != 0 || !strings.HasPrefix(exported.out, "{\n  \"memories\": [\n    {\n      \"") || !strings.HasSuffix(exported.out, "\n}\n") {
		t.Fatalf("%+v", exported)
	}
	if !strings.Contains(exported.out, "two <&> é") {
		t.Errorf("a title is escaped in %s", exported.out)
	}
	d.refused(t, 2, "error: unexpected argument 'x' found", "export", "x")
	d.refused(t, 2, "error: unexpected argument 'x' found", "import", "x")
	got := d.pipe(t, exported.out, "--db", "other.db", "import", "--agent-id", "bob")
	if diff := cmp.Diff(told{out: "imported: 2 (restamped agent_id on 2)\n"}, got, cmp.AllowUnexported(told{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	read := d.object(t, "--db", "other.db", "get", a)
	if m := read["memory"].(map[string]any)["metadata"]; !cmp.Equal(m, map[string]any{"agent_id": "bob", "imported_from_agent_id": "ann"}) || len(read["links"].([]any)) != 1 {
		t.Errorf("%v", read)
	}
	if got := d.pipe(t, exported.out[:len(exported.out)/2], "--db", "other.db", "import"); got.exit != 1 || got.out != "" || !strings.HasPrefix(got.err, "Error: ") {
		t.Errorf("half an export: %+v", got)
	}
}

// TestImportTellsRows has rows that are refused: the others are taken, and the status is 0.
func TestImportTellsRows(t *testing.T) {
	t.Parallel()
	const text = `{"memories":[{"id":"bad","tier":"long","namespace":"n","title":"","content":"c","tags":[],"priority":5,"confidence":1,"source":"cli",` +
		`"access_count":0,"created_at":"2024-01-01T00:00:00Z","updated_at":"2024-01-01T00:00:00Z"},{"id":"good","tier":"long","namespace":"n","title":"t","content":"c",` +
		`"tags":[],"priority":5,"confidence":1,"source":"cli","access_count":0,"created_at":"2024-01-01T00:00:00Z","updated_at":"2024-01-01T00:00:00Z"}]}`
	d := newDesk(t)
	got := d.pipe(t, text, "import", "--trust-source")
	want := told{
		out: "imported: 1 (restamped agent_id on 0)\n",
		err: "warning: --trust-source: agent_id from imported JSON was preserved as-is\n  bad: title cannot be empty\n",
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(told{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const line = `{"errors":["bad: title cannot be empty"],"imported":1,"restamped":0,"trusted_source":false}` + "\n"
	if got := d.pipe(t, text, "import", "--json"); got.exit != 0 || got.out != line || got.err != "" {
		t.Errorf("%+v", got)
	}
}

// TestMineRefuses names what is wrong before anything is stored.
func TestMineRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const good = `{"name":"n","chat_messages":[{"text":"a"},{"text":"b"},{"text":"c"}]}` + "\n"
	path := d.file(t, "export.jsonl", good+"{nope\n")
	missing := filepath.Join(d.home, "missing")
	for _, test := range []struct {
		exit  int
		first string
		args  []string
	}{
		{1, "Error: invalid JSON on line 2", []string{path, "-f", "claude"}},
		{1, "Error: invalid JSON on line 2", []string{path, "-f", "claude", "--dry-run"}},
		{1, "Error: expected JSON array at top level", []string{path, "-f", "chatgpt"}},
		{1, "Error: Slack export path must be a directory: " + path, []string{path, "-f", "slack"}},
		{1, "Error: failed to read Claude export: " + missing, []string{missing, "-f", "claude"}},
		{1, "Error: invalid format: mbox (use claude, chatgpt, slack)", []string{path, "-f", "mbox"}},
		{1, "Error: invalid tier: eternal (use short, mid, long)", []string{path, "-f", "claude", "-t", "eternal"}},
		{2, "error: the following required arguments were not provided:", []string{path}},
		{2, "error: the following required arguments were not provided:", []string{"-f", "claude"}},
		{2, "error: unexpected argument 'more' found", []string{path, "more", "-f", "claude"}},
	} {
		d.refused(t, test.exit, test.first, append([]string{"mine"}, test.args...)...)
	}
	if n := d.total(t); n != 0 {
		t.Errorf("%v memories are stored", n)
	}
	if got := d.run(t, "mine", d.file(t, "empty.jsonl", ""), "-f", "claude"); got.exit != 0 ||
		got.out != "Imported 0 memories from 0 conversations (skipped: 0, errors: 0)\nNamespace: claude-export, Tier: mid\n" {
		t.Errorf("%+v", got)
	}
	if got := d.object(t, "mine", d.file(t, "bad.jsonl", good), "-f", "claude", "-n", "a namespace"); got["imported"] != 0.0 || got["errors"] != 1.0 {
		t.Errorf("a namespace that is none: %v", got)
	}
}

// TestSyncTells has a row that the other side does not take; the plan of a sync makes no file.
func TestSyncTells(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.store(t, "one")
	d.store(t, "two")
	if got := d.object(t, "sync", "r.db", "--dry-run"); got["push"].(map[string]any)["new"] != 2.0 {
		t.Errorf("%v", got)
	}
	if _, err := os.Stat(filepath.Join(d.home, "r.db")); err == nil {
		t.Error("a plan makes a file")
	}
	if got := d.object(t, "sync", "r.db"); got["pulled"] != 0.0 || got["pushed"] != 2.0 {
		t.Errorf("%v", got)
	}
	d.object(t, "delete", id)
	got := d.run(t, "sync", "r.db")
	want := told{
		out: "merged: pulled 2, pushed 1\n",
		err: fmt.Sprintf("  not taken: %s: the memory was deleted, or moved to another title or namespace\n", id),
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(told{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := d.total(t); n != 1 {
		t.Errorf("%v memories, want the one that was not deleted", n)
	}
	for first, args := range map[string][]string{
		"Error: ai-memory.db is this database itself: name another":  {"ai-memory.db"},
		"Error: invalid direction: sideways (use pull, push, merge)": {"r.db", "-d", "sideways", "--dry-run"},
		"Error: failed to open database":                             {filepath.Join("nowhere", "r.db")},
	} {
		d.refused(t, 1, first, append([]string{"sync"}, args...)...)
	}
	d.refused(t, 2, "error: the following required arguments were not provided:", "sync")
}
