package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","clientInfo":{"name":"My Client!"}}}`
	ping  = `{"jsonrpc":"2.0","id":"ping","method":"ping"}`
	pong  = `{"id":"ping","jsonrpc":"2.0","result":{}}`
)

// piped runs mcp with lines as its whole input, and returns what it says.
func (n *node) piped(t *testing.T, input string, args ...string) (answers []string, stderr string) {
	t.Helper()
	cmd := n.command(t.Context(), append([]string{"mcp"}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	return strings.SplitAfter(strings.TrimSuffix(out.String(), "\n"), "\n"), complaints.String()
}

// TestPipe is what a shell does: printf '…' | ai-memory mcp. The last line has no end.
func TestPipe(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	answers, stderr := n.piped(t, hello+"\n"+`{"jsonrpc":"2.0","method":"notifications/initialized"}`+"\n\n"+
		`{"jsonrpc":"2.0","id":2,"method":"tools/list"}`)
	if len(answers) != 2 {
		t.Fatalf("%d answers, want 2: %q", len(answers), answers)
	}
	var welcome struct {
		Result struct{ ProtocolVersion string }
	}
	if err := json.Unmarshal([]byte(answers[0]), &welcome); err != nil || welcome.Result.ProtocolVersion != "2024-11-05" {
		t.Errorf("initialize: %s, %v", answers[0], err)
	}
	var list struct {
		Result struct {
			Tools []struct {
				Name        string
				Description string
				InputSchema map[string]any
			}
		}
	}
	if err := json.Unmarshal([]byte(answers[1]), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Result.Tools) != 36 {
		t.Errorf("%d tools, want 36", len(list.Result.Tools))
	}
	for _, tool := range list.Result.Tools {
		if tool.Description == "" || tool.InputSchema["type"] != "object" {
			t.Errorf("tool %+v: want a description and the schema of an object", tool)
		}
	}
	want := "ai-memory: requested tier = semantic\nai-memory MCP server started (stdio, tier=keyword)\nai-memory MCP server stopped\n"
	if stderr != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
	if left := filesOf(t, filepath.Dir(n.db)); len(left) != 1 {
		t.Errorf("the folder has %v, want the log of the database to be written back", left)
	}
}

// TestTiers has flags and configuration files name tiers.
func TestTiers(t *testing.T) {
	t.Parallel()
	model := "http://127.0.0.1:" + fixedModel(t)
	const nobody = "http://127.0.0.1:1"
	for _, test := range []struct {
		config        string
		args          []string
		tier, told    string
		works, warned string
	}{
		{"", nil, "semantic", "semantic", "keyword", ""},
		{`tier = "keyword"`, nil, "keyword", "keyword", "keyword", ""},
		{`tier = "keyword"`, []string{"--tier", "semantic"}, "semantic", "semantic", "keyword", ""},
		{"", []string{"--tier", "typo"}, "semantic", "semantic", "keyword", `tier "typo" is none of keyword, semantic, smart, autonomous`},
		{fmt.Sprintf("tier = %q\nollama_url = %q", "smart", model), nil, "smart", "smart", "smart", ""},
		{fmt.Sprintf("ollama_url = %q", model), []string{"--tier", "autonomous"}, "autonomous", "autonomous", "autonomous", ""},
		{fmt.Sprintf("ollama_url = %q", nobody), []string{"--tier", "smart"}, "smart", "smart", "keyword", "the language model is not used"},
	} {
		n := newNode(t)
		folder := filepath.Join(filepath.Dir(n.db), ".config", "ai-memory")
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "config.toml"), []byte(test.config), 0o600); err != nil {
			t.Fatal(err)
		}
		call := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"memory_capabilities"}}`
		answers, stderr := n.piped(t, call, test.args...)
		for _, want := range []string{"requested tier = " + test.tier + "\n", "tier=" + test.works + ")\n", test.warned} {
			if !strings.Contains(stderr, want) {
				t.Errorf("%v, %q: stderr %q, want %q in it", test.args, test.config, stderr, want)
			}
		}
		expands := test.works != "keyword"
		for _, want := range []string{`\"tier\": \"` + test.told + `\"`, fmt.Sprintf(`\"query_expansion\": %t`, expands), `\"embedding\": \"none\"`} {
			if !strings.Contains(answers[0], want) {
				t.Errorf("%v, %q: %s, want %s in it", test.args, test.config, answers[0], want)
			}
		}
	}
}

// TestLinesThatAreNone sends what is no request; the server answers, and lives on (X3).
func TestLinesThatAreNone(t *testing.T) {
	t.Parallel()
	c := converse(t, newNode(t).command(context.Background(), "mcp"))
	for _, line := range []string{
		"\xff\xfe", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pi\xc3ng\"}", "[" + ping + "]", `["2.0",99,"ping"]`, "{", `{"a":`,
		strings.Repeat("x", 17<<20), `{"jsonrpc":"2.0","id":1,"method":"` + strings.Repeat("y", 17<<20) + `"}`, strings.Repeat("[", 1<<20),
	} {
		answer := c.ask(t, line)
		if !strings.HasPrefix(answer, `{"id":null,"jsonrpc":"2.0","error":{"code":-32700,"message":"parse error: `) {
			t.Errorf("%.40q…: %.200s", line, answer)
		}
		if answer := c.ask(t, ping); answer != pong {
			t.Errorf("after %.40q…: %.200s, want %s", line, answer, pong)
		}
	}
	if status := c.close(t); status != 0 {
		t.Errorf("exit status %d at the end of the input, want 0", status)
	}
}

// TestSignalEndsMCP has a server that waits for a line.
func TestSignalEndsMCP(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		n := newNode(t)
		c := converse(t, n.command(context.Background(), "mcp"))
		if answer := c.ask(t, ping); answer != pong {
			t.Fatalf("%s, want %s", answer, pong)
		}
		if err := c.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		select {
		case answer, more := <-c.answers:
			if more {
				t.Errorf("%v is answered: %s", sig, answer)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("the server goes on after %v", sig)
		}
		if status := c.close(t); status != 0 {
			t.Errorf("exit status %d after %v, want 0\n%s", status, sig, c.complaints.String())
		}
		if !strings.HasSuffix(c.complaints.String(), "ai-memory MCP server stopped\n") {
			t.Errorf("after %v stderr is %q", sig, c.complaints.String())
		}
		if left := filesOf(t, filepath.Dir(n.db)); len(left) != 1 {
			t.Errorf("after %v the folder has %v, want the log of the database to be written back", sig, left)
		}
	}
}

// TestClientGoesAway has a client that asks and does not wait for the answer, nor reads what is told on stderr.
func TestClientGoesAway(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	cmd := n.command(context.Background(), "mcp")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	complaints, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill() //nolint:errcheck // it has ended by then, unless the test has failed
	if err := errors.Join(answers.Close(), complaints.Close()); err != nil {
		t.Fatal(err)
	}
	const store = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"memory_store","arguments":{"title":"last","content":"c","namespace":"ns"}}}`
	if _, err := io.WriteString(in, store+"\n"); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its status is looked at
	if status := cmd.ProcessState.ExitCode(); status != 1 {
		t.Errorf("the server ended with %v, want exit status 1", cmd.ProcessState)
	}
	if left := filesOf(t, filepath.Dir(n.db)); len(left) != 1 {
		t.Errorf("the folder has %v, want the log of the database to be written back", left)
	}
	if got := n.tell(t, "list", "-n", "ns")["count"]; got != 1.0 {
		t.Errorf("%v memories, want the one that was stored", got)
	}
}

// TestWhoCalls stores a memory on behalf of whom flags, environment and client name (X1, X8).
func TestWhoCalls(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const store = `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"memory_store","arguments":{"title":"t","content":"c"%s}}}`
	for _, test := range []struct {
		env, before, after []string
		hello, arguments   string
		want               string // a pattern
	}{
		{hello: hello, want: `ai:My-Client@[^"\\]+:pid-\d+`},
		{want: `host:[^"\\]+:pid-\d+-[0-9a-f]{8}`},
		{hello: hello, env: []string{"AI_MEMORY_AGENT_ID=ai:env"}, want: `ai:env`},
		{hello: hello, env: []string{"AI_MEMORY_AGENT_ID=ai:env"}, after: []string{"--agent-id", "ai:flag"}, want: `ai:flag`},
		{hello: hello, before: []string{"--agent-id", "ai:flag"}, want: `ai:flag`},
		{hello: hello, before: []string{"--agent-id", "ai:flag"}, arguments: `,"agent_id":"ai:argument"`, want: `ai:argument`},
		{hello: hello, before: []string{"--agent-id", "ai:flag"}, arguments: `,"agent_id":""`, want: `ai:flag`},
		{hello: hello, env: []string{"AI_MEMORY_ANONYMIZE=1"}, want: `ai:My-Client@anonymous:pid-\d+`},
		{env: []string{"AI_MEMORY_ANONYMIZE=1"}, want: `anonymous:pid-\d+-[0-9a-f]{8}`},
	} {
		n := newNode(t)
		n.env = test.env
		cmd := n.command(t.Context(), append(append(test.before, "mcp"), test.after...)...)
		cmd.Stdin = strings.NewReader(test.hello + "\n" + fmt.Sprintf(store, test.arguments) + "\n")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`\\"agent_id\\": \\"` + test.want + `\\"`).Match(out) {
			t.Errorf("%+v: %s", test, out)
		}
		anonymous := len(test.env) > 0 && strings.HasPrefix(test.env[0], "AI_MEMORY_ANONYMIZE")
		if anonymous && bytes.Contains(out, []byte(host)) {
			t.Errorf("%+v: the host is told: %s", test, out)
		}
	}
}

// TestReplicatesFromMCP has an agent store beside a server on the same database: its peer is told.
func TestReplicatesFromMCP(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 2, "--quorum-writes", "2")
	a := nodes[0].overLines(t)
	id := a.keep("shared", "by an agent")
	within(t, 10*time.Second, "the other node has what the agent has stored", func() bool {
		return nodes[1].get(t, "/api/v1/memories/"+id).status == 200
	})
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}
