package contract

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// phaseOne is what an operator's script does first, by sh and nothing but the program.
const phaseOne = `set -eu
ai-memory store -T 'deploy checklist' -c 'run the migrations, then restart the workers' -n ops --json >stored
ai-memory recall 'deploy migrations' -n ops --json >recalled
ai-memory stats --json >stats
ai-memory backup --to "$PWD/backups" --json >manifest
ls backups/*.db | wc -l >snapshots
ls backups/*.manifest.json | wc -l >manifests
ai-memory curator --once --dry-run --json >report
printf '%s\n' \
	'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"sh","version":"1"}}}' \
	'{"jsonrpc":"2.0","method":"notifications/initialized"}' \
	'{"jsonrpc":"2.0","id":2,"method":"tools/list"}' | ai-memory mcp >answers
wc -l <answers >replies
grep -o '"inputSchema"' answers | wc -l >tools
`

// desk is a folder in which a script runs the program.
type desk struct{ dir string }

func newDesk(t *testing.T) desk {
	t.Helper()
	return desk{t.TempDir()}
}

// command is a program in the folder, for which ai-memory is in the path.
func (d desk) command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = d.dir
	cmd.Env = []string{
		"PATH=" + filepath.Dir(program) + ":" + os.Getenv("PATH"), "HOME=" + d.dir, "AI_MEMORY_NO_CONFIG=1", "AI_MEMORY_DB=" + d.path("m.db"),
	}
	return cmd
}

func (d desk) path(name string) string { return filepath.Join(d.dir, name) }

// run runs the program and returns how it ended, and what it printed.
func (d desk) run(t *testing.T, args ...string) (exit int, out, complaints string) {
	t.Helper()
	cmd := d.command(t, program, args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// result runs a command that prints one JSON object.
func (d desk) result(t *testing.T, args ...string) map[string]any {
	t.Helper()
	exit, out, complaints := d.run(t, append([]string{"--json"}, args...)...)
	if exit != 0 {
		t.Fatalf("%q: exit code %d\n%s", args, exit, complaints)
	}
	return object(t, out)
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%q is no JSON object: %v", text, err)
	}
	return v
}

// file is what a script wrote into a file.
func (d desk) file(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(d.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// TestPhaseOne runs the operator's first script.
func TestPhaseOne(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if out, err := d.command(t, "sh", "-c", phaseOne).CombinedOutput(); err != nil {
		t.Fatalf("the script: %v\n%s", err, out)
	}
	stored, recalled := object(t, d.file(t, "stored")), object(t, d.file(t, "recalled"))
	if got := column(recalled, "id"); len(got) != 1 || got[0] != stored["id"] {
		t.Errorf("recalled %v, want %v", got, stored["id"])
	}
	if got := object(t, d.file(t, "stats"))["total"]; got != 1.0 {
		t.Errorf("%v memories, want 1", got)
	}
	for name, want := range map[string]string{"snapshots": "1", "manifests": "1", "replies": "2", "tools": "36"} {
		if got := d.file(t, name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	manifest := object(t, d.file(t, "manifest"))
	if _, err := os.Stat(d.path(filepath.Join("backups", manifest["snapshot"].(string)))); err != nil {
		t.Error(err)
	}
	report := object(t, d.file(t, "report"))
	if d := cmp.Diff([]any{"no LLM client configured"}, report["errors"]); d != "" || report["dry_run"] != true {
		t.Errorf("the curator's report is %v\n%s", report, d)
	}
}

// TestBackupTwice is what scripts rely on of backup and restore (appendix B 24), but that two in one second work; more is in
// TestRecordedCommands, TestBackupSays and the tests of killed backups.
func TestBackupTwice(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.result(t, "store", "-T", "kept", "-c", "in the first snapshot", "-n", "n")
	var snapshots []string
	for range 4 {
		snapshots = append(snapshots, d.result(t, "backup", "--to", "bk")["snapshot"].(string))
	}
	if found := filesOf(t, d.path("bk")); len(found) != 8 || !slices.IsSorted(snapshots) || len(slices.Compact(slices.Clone(snapshots))) != 4 {
		t.Fatalf("4 backups made %q, the folder has %q", snapshots, found)
	}
	second := regexp.MustCompile(`^ai-memory-\d{4}-\d\d-\d\dT\d{6}Z(_\d{3})?\.db$`)
	for _, name := range snapshots {
		if !second.MatchString(name) {
			t.Errorf("a snapshot is called %s", name)
		}
	}

	d.result(t, "store", "-T", "lost", "-c", "after the snapshots", "-n", "n")
	manifest := d.path(filepath.Join("bk", strings.TrimSuffix(snapshots[3], ".db")+".manifest.json"))
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	sum := object(t, string(text))["sha256"].(string)
	forged := strings.ReplaceAll(string(text), sum, strings.Repeat("0", len(sum)))
	if err := os.WriteFile(manifest, []byte(forged), 0o600); err != nil {
		t.Fatal(err)
	}
	if exit, out, complaints := d.run(t, "restore", "--from", "bk"); exit != 1 || out != "" || !strings.Contains(complaints, "sha256 mismatch") {
		t.Errorf("restore of a snapshot with another hash: exit code %d, %q, %q", exit, out, complaints)
	}
	if got := d.result(t, "stats")["total"]; got != 2.0 {
		t.Errorf("after a restore that was refused there are %v memories, want 2", got)
	}
	if got := d.result(t, "restore", "--from", "bk", "--skip-verify")["status"]; got != "restored" {
		t.Errorf("restore --skip-verify: %v", got)
	}
	if got := titles(d.result(t, "list")); len(got) != 1 || got[0] != "kept" {
		t.Errorf("restored: %v", got)
	}

	d.result(t, "backup", "--to", "bk", "--keep", "1")
	found := filesOf(t, d.path("bk"))
	found = slices.DeleteFunc(found, func(name string) bool { return strings.HasPrefix(name, strings.TrimSuffix(snapshots[3], ".db")) })
	if len(found) != 2 { // the one whose manifest was forged is not its own any more, so it may stay
		t.Errorf("--keep 1 leaves %q", found)
	}
}

func titles(page map[string]any) (found []string) {
	for _, title := range column(page, "title") {
		found = append(found, title.(string))
	}
	return found
}

// TestCuratorWithoutModel is the report of a cycle that has nobody to ask (appendix B 25).
func TestCuratorWithoutModel(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	long := strings.Repeat("long enough to be looked at, ", 3)
	for title, args := range map[string][]string{
		"eligible": {"-n", "n", "-c", long}, "eligible too": {"-n", "n", "-c", long, "-t", "long"},
		"too short": {"-n", "n", "-c", "short"}, "hidden": {"-n", "_hidden", "-c", long}, "does not last": {"-n", "n", "-c", long, "-t", "short"},
	} {
		d.result(t, append([]string{"store", "-T", title}, args...)...)
	}
	before := d.result(t, "export")
	for _, dry := range []bool{true, false} {
		args := []string{"curator", "--once"}
		if dry {
			args = append(args, "--dry-run")
		}
		report := d.result(t, args...)
		for _, key := range []string{"started_at", "completed_at"} {
			if text, is := report[key].(string); !is || near("ts", text) != "" {
				t.Errorf("%s is %v", key, report[key])
			}
			delete(report, key)
		}
		if ms, is := report["cycle_duration_ms"].(float64); !is || ms < 0 {
			t.Errorf("cycle_duration_ms is %v", report["cycle_duration_ms"])
		}
		delete(report, "cycle_duration_ms")
		want := map[string]any{
			"memories_scanned": 4.0, "memories_eligible": 2.0, "auto_tagged": 0.0, "contradictions_found": 0.0, "operations_attempted": 0.0,
			"operations_skipped_cap": 0.0, "errors": []any{"no LLM client configured"}, "dry_run": dry,
			"autonomy": map[string]any{
				"clusters_formed": 0.0, "memories_consolidated": 0.0, "memories_forgotten": 0.0, "priority_adjustments": 0.0,
				"rollback_entries_written": 0.0, "errors": []any{},
			},
		}
		if diff := cmp.Diff(want, report); diff != "" {
			t.Errorf("dry run %v, the report (-want +got):\n%s", dry, diff)
		}
	}
	after := d.result(t, "export")
	delete(before, "exported_at")
	delete(after, "exported_at")
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the memories have changed (-before +after):\n%s", diff)
	}
}

// TestMCPGolden has the lines that a client may get wrong, and their answers (appendix B 27): more is in
// TestRecordedCommands.
func TestMCPGolden(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	cmd := d.command(t, program, "mcp")
	cmd.Stdin = strings.NewReader(strings.Join([]string{
		`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`,
		`{"jsonrpc":"2.0","id":2,"method":"prompts/list"}`,
		`{"jsonrpc":"2.0","method":"notifications/initialized"}`,
		`{"jsonrpc":"2.0","method":"nothing/known"}`,
		`no JSON`,
		`{"jsonrpc":"1.0","id":3,"method":"ping"}`,
		`{"jsonrpc":"2.0","id":4,"method":"nothing/known"}`,
		`{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{}}`,
		`{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"memory_get","arguments":{"id":"missing"}}}`,
		`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"memory_list","arguments":{}}}`,
		`{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"memory_list","arguments":{"format":"json"}}}`,
	}, "\n") + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var codes []any
	answers := map[any]map[string]any{}
	for line := range strings.Lines(string(out)) {
		answer := object(t, line)
		if failure, is := answer["error"].(map[string]any); is {
			codes = append(codes, failure["code"])
			continue
		}
		answers[answer["id"]], _ = answer["result"].(map[string]any)
	}
	if diff := cmp.Diff([]any{-32700.0, -32600.0, -32601.0, -32602.0}, codes); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	if got := slices.Collect(maps.Keys(answers)); len(got) != 5 {
		t.Fatalf("answers to %v, want 5 of them", got)
	}
	if tools, prompts := len(answers[1.0]["tools"].([]any)), len(answers[2.0]["prompts"].([]any)); tools != 36 || prompts != 2 {
		t.Errorf("%d tools and %d prompts", tools, prompts)
	}
	text := func(id float64) string { return answers[id]["content"].([]any)[0].(map[string]any)["text"].(string) }
	if answers[6.0]["isError"] != true {
		t.Errorf("of a memory that is not there: %v", answers[6.0])
	}
	if toon := text(7); strings.HasPrefix(toon, "{") || answers[7.0]["isError"] == true {
		t.Errorf("a list is not TOON: %s", toon)
	}
	if object(t, text(8))["count"] != 0.0 {
		t.Errorf("a list in JSON: %s", text(8))
	}
}

// TestExitCodes ends commands in all documented ways (appendix B 30).
func TestExitCodes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, test := range []struct {
		args   []string
		exit   int
		out    string // what it begins with; empty: nothing is printed
		stderr string // likewise
	}{
		{[]string{"stats"}, 0, "total memories: 0\n", ""},
		{[]string{"list"}, 0, "", "no memories stored\n"},
		{[]string{"search", "nothing"}, 0, "", "no results for: nothing\n"},
		{[]string{"--version"}, 0, "ai-memory 0.6.0\n", ""},
		{[]string{"get", "missing"}, 1, "", "not found: missing\n"},
		{[]string{"get", "missing", "--json"}, 1, "", "not found: missing\n"},
		{[]string{"delete", "missing"}, 1, "", "not found: missing\n"},
		{[]string{"forget"}, 1, "", "error: at least one of namespace, pattern, or tier is required\n"},
		{[]string{"store", "-T", "t", "-c", "c", "-n", "a b"}, 1, "", "Error: namespace "},
		{[]string{"curator"}, 1, "", "Error: curator requires --once, --daemon, --rollback <id>, or --rollback-last N\n"},
		{[]string{"sync-daemon"}, 1, "", "Error: at least one --peers URL is required\n"},
		{[]string{"archive", "restore", "missing"}, 1, "", "not found in archive: missing\n"},
		{[]string{"archive", "restore", "missing", "--json"}, 0, `{"id":"missing","restored":false}` + "\n", ""},
		{[]string{}, 2, "", "error: "},
		{[]string{"nonsense"}, 2, "", "error: "},
		{[]string{"archive"}, 2, "", "error: "},
		{[]string{"pending"}, 2, "", "error: "},
		{[]string{"list", "--nonsense"}, 2, "", "error: "},
		{[]string{"list", "--limit", "-1"}, 2, "", "error: "},
		{[]string{"list", "--limit", "many"}, 2, "", "error: "},
		{[]string{"store", "-T", "t"}, 2, "", "error: "},
		{[]string{"get"}, 2, "", "error: "},
		{[]string{"get", "one", "another"}, 2, "", "error: "},
		{[]string{"agents", "register", "--agent-type", "human"}, 2, "", "error: "},
	} {
		exit, out, complaints := d.run(t, test.args...)
		if exit != test.exit || !begins(out, test.out) || !begins(complaints, test.stderr) {
			t.Errorf("%q: exit code %d, printed %q, said %q; want %d, %q, %q", test.args, exit, out, complaints, test.exit, test.out, test.stderr)
		}
	}
}

// begins tells whether a text begins with another; with an empty one only an empty text does.
func begins(text, with string) bool {
	return strings.HasPrefix(text, with) && (with != "" || text == "")
}
