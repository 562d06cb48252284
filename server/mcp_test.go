package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server"
)

// agent is a client of a server of the Model Context Protocol.
type agent struct {
	in      io.WriteCloser
	answers *bufio.Reader
	ended   chan error
	asked   int
}

// newAgent introduces a client by a name to a server on a new database, or on that of the configuration.
func newAgent(t testing.TB, c server.Config, m server.MCP, name string) *agent {
	t.Helper()
	if c.DB == "" {
		c.DB = filepath.Join(t.TempDir(), "m.db")
	}
	served, in := io.Pipe()
	answers, out := io.Pipe()
	a := &agent{in: in, answers: bufio.NewReader(answers), ended: make(chan error, 1)}
	ctx := t.Context()
	go func() {
		a.ended <- server.ServeMCP(ctx, c, m, served, out)
		_ = out.Close()
	}()
	t.Cleanup(func() { a.leave(t) })
	a.ask(t, "initialize", map[string]any{"clientInfo": map[string]any{"name": name}})
	return a
}

// leave ends the conversation.
func (a *agent) leave(t testing.TB) {
	t.Helper()
	if a.in == nil {
		return
	}
	if err := a.in.Close(); err != nil {
		t.Error(err)
	}
	a.in = nil
	if err := <-a.ended; err != nil {
		t.Errorf("serving: %v", err)
	}
}

// ask sends a request and returns the result.
func (a *agent) ask(t testing.TB, method string, params any) json.RawMessage {
	t.Helper()
	a.asked++
	line, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": a.asked, "method": method, "params": params})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.in.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
	text, err := a.answers.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		ID     int
		Result json.RawMessage
		Error  json.RawMessage
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.ID != a.asked || answer.Error != nil {
		t.Fatalf("%s %s: %v in %s", method, line, err, text)
	}
	return answer.Result
}

// say calls a tool and returns what it says, and whether that is a failure.
func (a *agent) say(t testing.TB, tool string, arguments any) (text string, failed bool) {
	t.Helper()
	var result struct {
		Content []struct{ Type, Text string }
		IsError bool
	}
	raw := a.ask(t, "tools/call", map[string]any{"name": tool, "arguments": arguments})
	if err := json.Unmarshal(raw, &result); err != nil || len(result.Content) != 1 || result.Content[0].Type != "text" {
		t.Fatalf("%s: %v in %s", tool, err, raw)
	}
	return result.Content[0].Text, result.IsError
}

// object is arguments, or a result.
type object = map[string]any

// call calls a tool that must succeed.
func (a *agent) call(t testing.TB, tool string, arguments object) object {
	t.Helper()
	text, failed := a.say(t, tool, arguments)
	var out object
	if err := json.Unmarshal([]byte(text), &out); err != nil || failed {
		t.Fatalf("%s %v: %s", tool, arguments, text)
	}
	return out
}

// refused calls a tool that must fail with a message.
func (a *agent) refused(t *testing.T, want, tool string, arguments object) {
	t.Helper()
	if got, failed := a.say(t, tool, arguments); !failed || got != want {
		t.Errorf("%s %v: failed %t, got %q, want %q", tool, arguments, failed, got, want)
	}
}

// store stores a memory and returns its id.
func (a *agent) store(t *testing.T, title string, more object) string {
	t.Helper()
	arguments := object{"title": title, "content": "the content of " + title, "namespace": "ns"}
	maps.Copy(arguments, more)
	id, _ := a.call(t, "memory_store", arguments)["id"].(string)
	return id
}

// pick is some members of an object.
func pick(o object, keys ...string) object {
	out := object{}
	for _, key := range keys {
		if v, there := o[key]; there {
			out[key] = v
		}
	}
	return out
}

// TestMCPStoreRefuses breaks each rule of memory_store, alone and with all the later ones: the first is told. So it is where a
// memory of that title is there already.
func TestMCPStoreRefuses(t *testing.T) {
	t.Parallel()
	a := newAgent(t, server.Config{}, server.MCP{}, "probe")
	a.store(t, "taken", nil)
	rules := []struct {
		key   string
		value any
		want  string
	}{
		{"title", 5, "title is required"},
		{"content", nil, "content is required"},
		{"tier", "ages", "invalid tier: ages"},
		{"content", " ", "content cannot be empty"},
		{"namespace", "a b", "namespace cannot contain spaces (use hyphens or underscores)"},
		{"source", "mars", "invalid source 'mars' — must be one of: user, claude, hook, api, cli, import, consolidation, system, chaos"},
		{"tags", []string{""}, "tags cannot contain empty strings"},
		{"priority", 11, "priority must be between 1 and 10 (got 11)"},
		{"priority", json.Number("99999999999999999999"), "priority must be between 1 and 10 (got 99999999999999999999)"},
		{"priority", 1 << 40, "priority must be between 1 and 10 (got 1099511627776)"},
		{"confidence", 2, "confidence must be between 0.0 and 1.0 (got 2)"},
		{"agent_id", "a b", "agent_id contains invalid character ' ' (allowed: alphanumeric, _-:@./)"},
		{"scope", "world", "invalid scope 'world' — must be one of: private, team, unit, org, collective"},
	}
	for _, title := range []string{"taken", "free"} {
		for i, rule := range rules {
			arguments := object{"title": title, "content": "c", "namespace": "ns"}
			for _, later := range slices.Backward(rules[i:]) {
				arguments[later.key] = later.value
			}
			if !strings.HasPrefix(rule.want, "priority must") { // that is found when arguments are read
				a.refused(t, rule.want, "memory_store", arguments)
			}
			a.refused(t, rule.want, "memory_store", object{"title": title, "content": "c", "namespace": "ns", rule.key: rule.value})
		}
	}
	if got := a.call(t, "memory_stats", nil)["total"]; got != 1.0 {
		t.Errorf("%v memories, want the one", got)
	}
}

// TestMCPStoreAgain stores what is there already.
func TestMCPStoreAgain(t *testing.T) {
	t.Parallel()
	a := newAgent(t, server.Config{}, server.MCP{}, "probe")
	id := a.store(t, "again", object{"tier": "long", "priority": 9, "agent_id": "ai:first", "scope": "team", "tags": []string{"old"}})
	got := a.call(t, "memory_store", object{
		"title": "again", "content": "other", "namespace": "ns", "tier": "short", "priority": 2, "confidence": 0.5, "source": "user",
		"agent_id": "ai:second", "metadata": object{"k": 1},
	})
	want := object{
		"id": id, "tier": "short", "title": "again", "namespace": "ns", "agent_id": "ai:first", "duplicate": true, "action": "updated existing memory",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	row := a.call(t, "memory_get", object{"id": id})
	want = object{
		"content": "other", "tier": "long", "priority": 2.0, "confidence": 0.5, "source": "claude", "tags": []any{},
		"metadata": object{"agent_id": "ai:first", "k": 1.0},
	}
	if diff := cmp.Diff(want, pick(row, slices.Collect(maps.Keys(want))...)); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

// TestMCPWrongTypes has arguments of the wrong type: those that must be there are missed, others count as absent, but where one
// that counts as absent would have more taken out than was meant.
func TestMCPWrongTypes(t *testing.T) {
	t.Parallel()
	a := newAgent(t, server.Config{}, server.MCP{}, "probe")
	got := a.call(t, "memory_store", object{
		"title": "t", "content": "c", "namespace": 5, "tags": []any{"x", 7, nil, "y"}, "priority": json.Number("7.0"), "confidence": "1", "metadata": []any{1}, "scope": true,
	})
	row := a.call(t, "memory_get", object{"id": got["id"]})
	want := object{"namespace": "global", "tags": []any{"x", "y"}, "priority": 5.0, "confidence": 1.0}
	if diff := cmp.Diff(want, pick(row, slices.Collect(maps.Keys(want))...)); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	for _, limit := range []any{"1", -5, json.Number("1.0"), nil} {
		if found := a.call(t, "memory_list", object{"limit": limit, "format": "json"}); found["count"] != 1.0 {
			t.Errorf("limit %v: %v", limit, found)
		}
	}
	a.refused(t, "at least one of namespace, pattern, or tier is required", "memory_forget", object{"namespace": nil})
	for _, test := range []struct {
		want, tool string
		arguments  object
	}{
		{"invalid tier: typo", "memory_forget", object{"namespace": "global", "tier": "typo"}}, // H11
		{"tier must be a string", "memory_forget", object{"namespace": "global", "tier": 5}},
		{"pattern must be a string", "memory_forget", object{"namespace": "global", "pattern": []any{"x"}}},
		{"namespace must be a string", "memory_forget", object{"namespace": 5, "tier": "mid"}},
		{"dry_run must be a boolean", "memory_forget", object{"namespace": "global", "dry_run": "true"}},
		{"dry_run must be a boolean", "memory_gc", object{"dry_run": 1}},
		{"older_than_days must be an integer", "memory_archive_purge", object{"older_than_days": "30"}},
		{"older_than_days must be non-negative (got -1)", "memory_archive_purge", object{"older_than_days": -1}},
		{"id is required", "memory_delete", object{"id": 5}},
		{"expires_at is not valid RFC3339: ''", "memory_update", object{"id": got["id"], "expires_at": ""}},
		{"priority must be between 1 and 10 (got 4294967301)", "memory_update", object{"id": got["id"], "priority": 1<<32 + 5}}, // H23
	} {
		a.refused(t, test.want, test.tool, test.arguments)
	}
	if got := a.call(t, "memory_forget", object{"namespace": "", "dry_run": false}); got["deleted"] != 0.0 {
		t.Errorf("the empty namespace: %v", got)
	}
	if got := a.call(t, "memory_forget", object{"namespace": "global", "dry_run": true}); got["would_delete"] != 1.0 {
		t.Errorf("dry run: %v", got)
	}
	if got := a.call(t, "memory_forget", object{"namespace": "global"}); !cmp.Equal(got, object{"deleted": 1.0, "archived": true}) {
		t.Errorf("forget: %v", got)
	}
}

// TestMCPCaller has the agents on whose behalf a client writes (contract section 3.3).
func TestMCPCaller(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		mcp    server.MCP
		client string
		want   string
	}{
		{"as told", server.MCP{Agent: "ai:told"}, "probe", `^ai:told$`}, // X1
		{"by its name", server.MCP{}, "My Client!", `^ai:My-Client@[A-Za-z0-9_.-]+:pid-\d+$`},
		{"by its name, nameless host", server.MCP{Anonymous: true}, "probe", `^ai:probe:pid-\d+$|^ai:probe@anonymous:pid-\d+$`}, // X8
		{"without a name", server.MCP{}, "", `^host:[A-Za-z0-9_.-]+:pid-\d+-[0-9a-f]{8}$`},
		{"without any name", server.MCP{Anonymous: true}, "", `^anonymous:pid-\d+-[0-9a-f]{8}$`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAgent(t, server.Config{}, test.mcp, test.client)
			got := fmt.Sprint(a.call(t, "memory_store", object{"title": "t", "content": "c"})["agent_id"])
			if !regexp.MustCompile(test.want).MatchString(got) {
				t.Errorf("agent %q, want it like %s", got, test.want)
			}
		})
	}
}
