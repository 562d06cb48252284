package aimemory_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// printedLike runs commands and checks what they print, in which a star stands for anything.
func (d *desk) printedLike(t *testing.T, steps ...[2]string) {
	t.Helper()
	for _, step := range steps {
		got := d.run(t, strings.Fields(step[0])...)
		if got.exit != 0 || got.err != "" || !like(step[1], got.out) {
			t.Errorf("%s: %+v, want %q", step[0], got, step[1])
		}
	}
}

// TestArchive takes out, brings back and deletes for ever.
func TestArchive(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.imports(t,
		map[string]any{"id": "aaaaaaaa-1", "title": "one"}, map[string]any{"id": "bbbbbbbb-1", "title": "two"}, map[string]any{"id": "cccccccc-1", "title": "three", "namespace": "m"},
	)
	d.printedLike(t,
		[2]string{"archive list", "no archived memories\n"},
		[2]string{"archive stats", "archived: 0 total\n"},
		[2]string{"forget -p c", "forgot 3 memories\n"},
		[2]string{"archive list -n n", "[*] * (archived: *)\n[*] * (archived: *)\n2 archived memories\n"},
		[2]string{"archive list -n m", "[cccccccc] three (archived: *)\n1 archived memories\n"},
		[2]string{"archive list --offset 3", "no archived memories\n"},
		[2]string{"archive stats", "archived: 3 total\n  n: 2\n  m: 1\n"},
		[2]string{"archive stats --json", `{"archived_total":3,"by_namespace":[{"count":2,"namespace":"n"},{"count":1,"namespace":"m"}]}` + "\n"},
		[2]string{"archive restore aaaaaaaa-1", "restored: aaaaaaaa\n"},
		[2]string{"archive restore bbbbbbbb-1 --json", `{"id":"bbbbbbbb-1","restored":true}` + "\n"},
		[2]string{"archive restore bbbbbbbb-1 --json", `{"id":"bbbbbbbb-1","restored":false}` + "\n"},
		[2]string{"archive purge --older-than-days 1", "purged 0 archived memories\n"},
		[2]string{"archive purge --older-than-days 0", "purged 1 archived memories\n"},
		[2]string{"archive purge --json", `{"purged":0}` + "\n"},
	)
	d.refused(t, 1, "not found in archive: aaaa", "archive", "restore", "aaaa")
	d.refused(t, 2, "error: 'ai-memory archive' requires a subcommand but one was not provided", "archive")
	d.refused(t, 2, "error: unrecognized subcommand 'nope'", "archive", "nope")
	if titles := titlesOf(t, d.object(t, "list"), "memories"); len(titles) != 2 {
		t.Errorf("there are %v", titles)
	}
}

// TestAgents registers by the command's own flag: who acts is not whom to register.
func TestAgents(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.env = []string{"AI_MEMORY_AGENT_ID=me"}
	first := d.object(t, "agents", "register", "--agent-id", "ai:one", "--agent-type", "ai:x", "--capabilities", " read,, 100% ")
	want := map[string]any{
		"registered": true, "id": first["id"], "agent_id": "ai:one", "agent_type": "ai:x", "capabilities": []any{"read", "100%"},
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d.printedLike(t,
		[2]string{"agents", "ai:one  type=ai:x  registered=*  last_seen=* [read,100%]\n1 registered agents\n"},
		[2]string{"agents register --agent-id ai:one --agent-type system", "registered ai:one (type=system, capabilities=-)\n"},
		[2]string{"agents list", "ai:one  type=system  registered=*  last_seen=*\n1 registered agents\n"},
	)
	if again := d.object(t, "agents", "register", "--agent-id", "ai:one", "--agent-type", "human"); again["id"] != first["id"] {
		t.Errorf("the id is %v, was %v", again["id"], first["id"])
	}
	const absent = "error: the following required arguments were not provided:"
	d.refused(t, 2, absent, "agents", "register", "--agent-type", "human")
	d.refused(t, 2, absent, "--agent-id", "bob", "agents", "register", "--agent-type", "human")
	d.refused(t, 2, absent, "agents", "register", "--agent-id", "bob")
	d.refused(t, 2, "error: unrecognized subcommand 'nope'", "agents", "nope")
	d.refused(t, 1, "Error: agent_type 'ai:' must include a name (e.g. 'ai:claude-opus-4.7')", "agents", "register", "--agent-id", "bob", "--agent-type", "ai:")
	if found := d.object(t, "agents"); found["count"] != 1.0 {
		t.Errorf("there are %v", found)
	}
}

// TestPending decides what waits (contract sections 4.12 and 7.2).
func TestPending(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.imports(t, map[string]any{"id": "rules", "namespace": "gov", "metadata": map[string]any{"agent_id": "boss"}})
	d.policy(t, `{"write":"approve","delete":"approve","promote":"approve","approver":"human"}`)
	wait := func(title string) string {
		return d.object(t, "store", "-n", "gov", "-T", title, "-c", "c", "--agent-id", "bob")["pending_id"].(string)
	}
	one, two := wait("one"), wait("two")
	d.printedLike(t,
		[2]string{"pending list", "[" + two[:8] + "] pending ns=gov action=store by=bob (*)\n[" + one[:8] + "] pending *\n2 pending action(s)\n"},
		[2]string{"pending list --limit 1", "[" + two[:8] + "]*\n1 pending action(s)\n"},
		[2]string{"pending list --status approved", "no pending actions\n"},
		[2]string{"pending approve " + one + " --agent-id amy", "approved + executed: " + one + " (by amy)\n"},
		[2]string{"pending reject " + two + " --agent-id amy", "rejected: " + two + " (by amy)\n"},
		[2]string{"pending list --status approved", "[" + one[:8] + "] approved *\n1 pending action(s)\n"},
		[2]string{"list -n gov", "*\n2 memory(ies)\n"},
	)
	d.refused(t, 1, "approve rejected: already decided: status=approved", "pending", "approve", one)
	d.refused(t, 1, "approve rejected: pending action not found: "+one[:8], "pending", "approve", one[:8])
	d.refused(t, 1, "pending action not found or already decided: "+two, "pending", "reject", two)
	d.refused(t, 2, "error: 'ai-memory pending' requires a subcommand but one was not provided", "pending")

	gone := d.object(t, "delete", "rules", "--agent-id", "bob")["pending_id"].(string)
	got := d.object(t, "pending", "reject", gone, "--agent-id", "amy")
	if diff := cmp.Diff(map[string]any{"rejected": true, "id": gone, "decided_by": "amy"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	three := wait("three")
	got = d.object(t, "pending", "approve", three, "--agent-id", "amy")
	id := d.object(t, "list", "-n", "gov", "--limit", "1", "--since", "2026-02-01T00:00:00Z")["memories"].([]any)[0].(map[string]any)["id"]
	want := map[string]any{"approved": true, "id": three, "decided_by": "amy", "executed": true, "memory_id": got["memory_id"]}
	if diff := cmp.Diff(want, got); diff != "" || id == "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPendingVotes counts votes of registered agents.
func TestPendingVotes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.imports(t, map[string]any{"id": "rules", "namespace": "gov", "metadata": map[string]any{"agent_id": "boss"}})
	d.policy(t, `{"write":"approve","delete":"approve","promote":"approve","approver":{"consensus":2}}`)
	id := d.object(t, "store", "-n", "gov", "-T", "one", "-c", "c", "--agent-id", "bob")["pending_id"].(string)
	d.refused(t, 1, "approve rejected: consensus voter 'v1' is not a registered agent", "pending", "approve", id, "--agent-id", "v1")
	for _, voter := range []string{"v1", "v2"} {
		d.run(t, "agents", "register", "--agent-id", voter, "--agent-type", "human")
	}
	d.printedLike(t, [2]string{"pending approve " + id + " --agent-id v1", "approval recorded: " + id + " (1/2 consensus, not yet met)\n"})
	want := map[string]any{
		"approved": false, "status": "pending", "id": id, "votes": 1.0, "quorum": 2.0, "reason": "consensus threshold not yet reached",
	}
	if diff := cmp.Diff(want, d.object(t, "pending", "approve", id, "--agent-id", "v1")); diff != "" {
		t.Errorf("the same again (-want +got):\n%s", diff)
	}
	d.printedLike(t, [2]string{"pending approve " + id + " --agent-id v2", "approved + executed: " + id + " (by v2)\n"})
}

// TestAutoConsolidate of the command line, with a dry run that says what would be.
func TestAutoConsolidate(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	rows := []map[string]any{}
	for i := range 3 {
		rows = append(rows,
			map[string]any{"id": fmt.Sprint("x", i), "title": fmt.Sprint("x", i), "tags": []any{"x"}, "priority": 9 - i, "content": strings.Repeat("語", 100)},
			map[string]any{"id": fmt.Sprint("s", i), "title": fmt.Sprint("s", i), "namespace": "m", "tier": "short", "expires_at": "2999-01-01T00:00:00+00:00"},
		)
	}
	d.imports(t, rows...)
	dry := d.object(t, "auto-consolidate", "--dry-run", "-n", "n")
	var want map[string]any
	if err := json.Unmarshal([]byte(`{"dry_run":true,"groups":[{"namespace":"n","tag":"x","count":3,"titles":["x0","x1","x2"]}]}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, dry); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d.printedLike(t,
		[2]string{"auto-consolidate --dry-run --short-only", "dry run — would consolidate:\n  \"m\" [\"_untagged\"]: 3 memories\n"},
		[2]string{"auto-consolidate --dry-run --min-count 4", "dry run — would consolidate:\n"},
		[2]string{"auto-consolidate --dry-run --min-count 4 --json", `{"dry_run":true,"groups":[]}` + "\n"},
		[2]string{"auto-consolidate --min-count 4", "auto-consolidated 0 memories\n"},
		[2]string{"auto-consolidate --short-only", "auto-consolidated 3 memories\n"},
		[2]string{"auto-consolidate --json", `{"consolidated":3}` + "\n"},
		[2]string{"auto-consolidate", "auto-consolidated 0 memories\n"},
	)
	made := d.object(t, "list", "-n", "n")["memories"].([]any)[0].(map[string]any)
	content := strings.Repeat("語", 66)
	if made["title"] != "Consolidated: x (3 memories)" || made["tier"] != "long" || made["source"] != "auto-consolidate" ||
		made["content"] != "- x0: "+content+"\n- x1: "+content+"\n- x2: "+content {
		t.Errorf("made %v", made)
	}
	d.refused(t, 2, "error: unexpected argument 'x' found", "auto-consolidate", "x")
}
