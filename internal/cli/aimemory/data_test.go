package aimemory_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server"
)

// imports takes rows in as they are, those without a field of the usual with it.
func (d *desk) imports(t *testing.T, rows ...map[string]any) {
	t.Helper()
	var all []map[string]any
	for i, r := range rows {
		full := map[string]any{
			"id": fmt.Sprint("row-", i), "tier": "long", "namespace": "n", "title": fmt.Sprint("title ", i), "content": "c", "tags": []any{},
			"priority": 5, "confidence": 1, "source": "cli", "access_count": 0, "metadata": map[string]any{},
			"created_at": "2026-01-01T00:00:00+00:00", "updated_at": "2026-01-01T00:00:00+00:00",
		}
		for key, value := range r {
			full[key] = value
		}
		all = append(all, full)
	}
	text, err := json.Marshal(map[string]any{"memories": all, "links": []any{}})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.pipe(t, string(text), "import", "--trust-source", "--json"); !strings.Contains(got.out, fmt.Sprintf(`"imported":%d`, len(rows))) {
		t.Fatalf("%+v", got)
	}
}

// TestPrefixes names memories by the beginning of their ids where contract section 7.1 lets it, and only there.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.imports(t, map[string]any{"id": "aaaa-1"}, map[string]any{"id": "aaaa-2"}, map[string]any{"id": "bbbb-1"}, map[string]any{"id": "cccc-1"})
	for _, args := range [][]string{{"get"}, {"update", "-p", "3"}, {"delete"}, {"promote"}} {
		got := d.run(t, append(args, "aaaa")...)
		if want := "Error: ambiguous ID prefix 'aaaa': 2 matches\naaaa-1\naaaa-2\n"; got.exit != 1 || got.out != "" || got.err != want {
			t.Errorf("%v: %+v, want %q", args, got, want)
		}
		d.refused(t, 1, "not found: zz", append(args, "zz")...)
	}
	if m := d.object(t, "get", "bb")["memory"].(map[string]any); m["id"] != "bbbb-1" {
		t.Errorf("got %v", m)
	}
	if m := d.object(t, "update", "bb", "-p", "3"); m["id"] != "bbbb-1" || m["priority"] != 3.0 {
		t.Errorf("updated %v", m)
	}
	if m := d.object(t, "promote", "BBBB"); m["id"] != "bbbb-1" {
		t.Errorf("promoted %v", m)
	}
	d.refused(t, 1, "Error: source memory not found: bb", "link", "bb", "aaaa-1")
	d.refused(t, 1, "Error: target memory not found: bb", "link", "aaaa-1", "bb")
	d.refused(t, 1, "Error: source memory not found: bb", "resolve", "bb", "aaaa-1")
	d.refused(t, 1, "Error: memory not found: bb", "consolidate", "aaaa-1,bb", "-T", "t", "-s", "s")
	if m := d.object(t, "delete", "bb"); m["id"] != "bbbb-1" || d.total(t) != 3 {
		t.Errorf("deleted %v", m)
	}
}

// TestNumbersAreDecimal gives flags what is no number, or none of those they take: all are usage errors.
func TestNumbersAreDecimal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.store(t, "one")
	for _, flag := range [][]string{
		{"--limit", "list"}, {"--offset", "list"}, {"--limit", "search", "one"}, {"--limit", "recall", "one"}, {"--budget-tokens", "recall", "one"},
		{"--limit", "archive", "list"}, {"--offset", "archive", "list"}, {"--limit", "pending", "list"},
		{"--keep", "backup"}, {"--interval", "sync-daemon", "--peers", "x"}, {"--quorum-writes", "serve"},
	} {
		for _, bad := range []string{"-1", "x", "", "1.5", "0x10", "1_0", " 1", "99999999999999999999"} {
			got := d.run(t, append(flag[1:], flag[0]+"="+bad)...)
			want := fmt.Sprintf("error: invalid value '%s' for '%s': use a ", bad, flag[0])
			if got.exit != 2 || got.out != "" || !strings.HasPrefix(got.err, want) {
				t.Errorf("%v %s: %+v, want exit status 2 and %q", flag[1:], bad, got, want)
			}
		}
	}
	for _, args := range [][]string{
		{"update", "x", "-p", "2147483648"}, {"update", "x", "-p", "-2147483649"}, {"update", "x", "-p", "0x5"}, {"update", "x", "--confidence", "much"},
		{"store", "-T", "t", "-c", "c", "--ttl-secs", "9223372036854775808"}, {"store", "-T", "t", "-c", "c", "--ttl-secs", "010x"},
		{"archive", "purge", "--older-than-days", "soon"},
	} {
		if got := d.run(t, args...); got.exit != 2 || !strings.HasPrefix(got.err, "error: invalid value '") {
			t.Errorf("%v: %+v, want exit status 2", args, got)
		}
	}
	for good, want := range map[string]int{"0": 0, "1": 1, "+1": 1, "010": 1, "18446744073709551615": 1} {
		if titles := titlesOf(t, d.object(t, "list", "--limit", good), "memories"); len(titles) != want {
			t.Errorf("--limit %s: %v, want %d", good, titles, want)
		}
	}
}

// TestLongPages asks for more than the routes of HTTP give (contract section 5.4).
func TestLongPages(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const there = 230
	rows := make([]map[string]any, there)
	for i := range rows {
		rows[i] = map[string]any{"content": "word"}
	}
	d.imports(t, rows...)
	for _, test := range []struct {
		key  string
		want int
		args []string
	}{
		{"memories", 20, []string{"list"}},
		{"memories", there, []string{"list", "--limit", "1000"}},
		{"memories", 5, []string{"list", "--offset", fmt.Sprint(there - 5)}},
		{"memories", 0, []string{"list", "--offset", "18446744073709551615"}},
		{"results", 20, []string{"search", "word"}},
		{"results", there, []string{"search", "word", "--limit", "1000"}},
		{"memories", 10, []string{"recall", "word"}},
		{"memories", there, []string{"recall", "word", "--limit", "1000"}},
	} {
		if got := len(titlesOf(t, d.object(t, test.args...), test.key)); got != test.want {
			t.Errorf("%v: %d rows, want %d", test.args, got, test.want)
		}
	}
}

// TestForgetOfAnUnknownTier must not take it for none: all of the namespace would go (H11).
func TestForgetOfAnUnknownTier(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.store(t, "one")
	d.store(t, "two", "-t", "long")
	for _, tier := range []string{"typo", "", "Long"} {
		d.refused(t, 2, "error: invalid value '"+tier+"' for '--tier': use short, mid or long", "forget", "-n", "n", "-t", tier)
	}
	d.refused(t, 1, "error: at least one of namespace, pattern, or tier is required", "forget")
	if n := d.total(t); n != 2 {
		t.Fatalf("%v memories are left, want 2", n)
	}
	// Elsewhere an unknown tier selects nothing, as in 0.6.0.
	for key, args := range map[string][]string{"memories": {"list", "-t", "typo"}, "results": {"search", "content", "-t", "typo"}} {
		if titles := titlesOf(t, d.object(t, args...), key); len(titles) != 2 {
			t.Errorf("%v: %v", args, titles)
		}
	}
	if titles := titlesOf(t, d.object(t, "list", "-t", "long"), "memories"); !cmp.Equal(titles, []string{"two"}) {
		t.Errorf("long ones: %v", titles)
	}
	if got := d.object(t, "forget", "-n", "n", "-t", "long"); got["deleted"] != 1.0 || d.total(t) != 1 {
		t.Errorf("forgot %v", got)
	}
}

// TestAgentFilter is what was given to list and search, not who acts (H24).
func TestAgentFilter(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.store(t, "of ann", "--agent-id", "ann")
	d.store(t, "of bob", "--agent-id", "bob")
	both, one := []string{"of ann", "of bob"}, []string{"of ann"}
	for _, test := range []struct {
		env  string
		args []string
		want []string
	}{
		{"", []string{"list"}, both},
		{"AI_MEMORY_AGENT_ID=ann", []string{"list"}, both},
		{"", []string{"--agent-id", "ann", "list"}, both},
		{"", []string{"list", "--agent-id", "ann"}, one},
		{"AI_MEMORY_AGENT_ID=bob", []string{"list", "--agent-id", "ann"}, one},
		{"", []string{"--agent-id", "bob", "list", "--agent-id=ann"}, one},
		{"AI_MEMORY_AGENT_ID=ann", []string{"search", "content"}, both},
		{"", []string{"--agent-id", "ann", "search", "content"}, both},
		{"", []string{"search", "content", "--agent-id", "ann"}, one},
	} {
		at := &desk{home: d.home, env: []string{test.env}}
		key := "memories"
		if slices.Contains(test.args, "search") {
			key = "results"
		}
		titles := titlesOf(t, at.object(t, test.args...), key)
		slices.Sort(titles)
		if diff := cmp.Diff(test.want, titles); diff != "" {
			t.Errorf("%s %v (-want +got):\n%s", test.env, test.args, diff)
		}
	}
	d.refused(t, 1, "Error: invalid agent_id filter: agent_id contains invalid character ' ' (allowed: alphanumeric, _-:@./)", "list", "--agent-id", "a b")
}

// TestArgumentsAreText refuses what could not be stored as it is.
func TestArgumentsAreText(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.refused(t, 2, "error: invalid UTF-8 was detected in one or more arguments", "store", "-n", "n", "-T", "caf\xe9", "-c", "c")
	if n := d.total(t); n != 0 {
		t.Errorf("%v memories were stored", n)
	}
}

// TestPolicySpeaks has a policy deny, and queue, what commands do (contract section 7.1).
func TestPolicySpeaks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.imports(t,
		map[string]any{"id": "rules", "namespace": "gov", "metadata": map[string]any{"agent_id": "boss"}},
		map[string]any{"id": "theirs", "namespace": "gov", "metadata": map[string]any{"agent_id": "ann"}},
	)
	d.policy(t, `{"write":"owner","delete":"owner","promote":"owner","approver":"human"}`)
	for action, args := range map[string][]string{
		"delete":  {"delete", "theirs"},
		"promote": {"promote", "theirs"},
		"store":   {"store", "-n", "gov", "-T", "t", "-c", "c"},
	} {
		got := d.run(t, append(args, "--agent-id", "bob", "--json")...)
		if want := action + " denied by governance: governance: caller 'bob' is not the owner"; got.exit != 1 || got.out != "" || !strings.HasPrefix(got.err, want) {
			t.Errorf("%v: %+v, want %q", args, got, want)
		}
	}
	d.policy(t, `{"write":"approve","delete":"approve","promote":"approve","approver":"human"}`)
	for action, args := range map[string][]string{
		"delete":  {"delete", "theirs"},
		"promote": {"promote", "theirs"},
		"store":   {"store", "-n", "gov", "-T", "t", "-c", "c"},
	} {
		want := map[string]any{"status": "pending", "action": action, "reason": "governance requires approval", "memory_id": "theirs"}
		tail := "id=theirs"
		if action == "store" {
			delete(want, "memory_id")
			want["namespace"], tail = "gov", "ns=gov"
		}
		got := d.object(t, append(args, "--agent-id", "bob")...)
		want["pending_id"] = got["pending_id"]
		if diff := cmp.Diff(want, got); diff != "" || got["pending_id"] == "" {
			t.Errorf("%v (-want +got):\n%s", args, diff)
		}
		text := d.run(t, append(args, "--agent-id", "bob")...)
		fields := strings.Fields(text.out)
		if text.exit != 0 || text.err != "" || len(fields) != 6 || !strings.HasPrefix(text.out, action+" queued for approval: pending_id=") || fields[5] != tail {
			t.Errorf("%v: %+v", args, text)
		}
	}
	if n := d.total(t); n != 2 {
		t.Errorf("%v memories, want the two from before", n)
	}
}

// policy sets the policy of namespace gov, which row "rules" holds.
func (d *desk) policy(t *testing.T, policy string) {
	t.Helper()
	p := serve(t, freePort(t), filepath.Join(d.home, server.DefaultDB))
	body := fmt.Sprintf(`{"id":"rules","governance":%s}`, policy)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, p.base+"/api/v1/namespaces/gov/standard", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Agent-Id", "boss")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		t.Fatal(resp.Status)
	}
	p.status(t, syscall.SIGTERM)
}
