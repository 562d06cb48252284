package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"sync"
	"testing"

	"chaosctl/server"
)

// FuzzLine sends an MCP server any bytes as a line: it answers with one line of JSON-RPC, or to blanks and
// notifications not at all, and lives on.
func FuzzLine(f *testing.F) {
	for _, line := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"clientInfo":{"name":"x"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, `{"jsonrpc":"2.0","method":"notifications/initialized"}`,
		`{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"memory_store","arguments":{"title":"t","content":"c","priority":99999999999,"tags":[1,"a"],"metadata":{"a":{"b":[]}}}}}`,
		`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"memory_recall","arguments":{"context":"t \"*","format":"toon","budget_tokens":0}}}`,
		`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"memory_forget","arguments":{"pattern":"t","dry_run":true}}}`,
		`{"jsonrpc":"2.0","id":{"a":[1]},"method":"prompts/get","params":{"name":"recall-first","arguments":{"namespace":"n"}}}`,
		`["2.0",1,"ping"]`, `{"id":1,"id":2}`, "\xff", "", "   ", "{", `{"jsonrpc":"1.0","id":1,"method":"ping"}`,
		toolLine("memory_search", `{"query":"AND NEAR/3","tier":"mid","limit":-1,"agent_id":""}`), toolLine("memory_get", `{"id":"a"}`),
		toolLine("memory_update", `{"id":"","priority":2147483648,"expires_at":"null","tags":null,"metadata":[]}`),
		toolLine("memory_promote", `{"id":"a","to_namespace":"/"}`), toolLine("memory_delete", `{"id":"\u0000","agent_id":"a b"}`),
		toolLine("memory_consolidate", `{"ids":["a","a",null],"title":""}`), toolLine("memory_link", `{"source_id":"a","target_id":"a"}`),
		toolLine("memory_archive_list", `{"limit":9e18,"offset":9223372036854775807}`),
		toolLine("memory_archive_purge", `{"older_than_days":9223372036854775807}`),
		toolLine("memory_namespace_set_standard", `{"namespace":"*","id":"x","parent":"*","governance":{"approver":{"consensus":-1}}}`),
		toolLine("memory_namespace_get_standard", `{"namespace":"a-b-c","inherit":true}`),
		toolLine("memory_notify", `{"target_agent_id":"a","title":"t","payload":"","priority":-9e9}`),
		toolLine("memory_inbox", `{"agent_id":"a","limit":0,"unread_only":1}`), toolLine("memory_session_start", `{"namespace":"..","limit":0}`),
		toolLine("memory_agent_register", `{"agent_id":"ai:other","agent_type":"ai:","capabilities":[""]}`), toolLine("nope", `5`),
	} {
		f.Add([]byte(line))
	}
	talk := conversation(f)
	f.Fuzz(func(t *testing.T, line []byte) {
		line = bytes.ReplaceAll(line, []byte("\n"), []byte(" "))
		answers := talk(t, line)
		if len(answers) > 1 {
			t.Fatalf("%d answers to one line: %s", len(answers), answers)
		}
		if len(answers) == 0 && !silent(line) {
			t.Errorf("%q is not answered", line)
		}
		for _, answer := range answers {
			var a struct {
				JSONRPC string           `json:"jsonrpc"`
				ID      *json.RawMessage `json:"id"`
				Result  json.RawMessage  `json:"result"`
				Error   json.RawMessage  `json:"error"`
			}
			if err := json.Unmarshal(answer, &a); err != nil || a.JSONRPC != "2.0" || (a.Result == nil) == (a.Error == nil) {
				t.Errorf("%q is answered %s: %v", line, answer, err)
			}
		}
	})
}

// toolLine is a call of a tool.
func toolLine(name, arguments string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + name + `","arguments":` + arguments + `}}`
}

// silent tells whether a line wants no answer.
func silent(line []byte) bool {
	var request map[string]any
	return len(bytes.TrimSpace(line)) == 0 || json.Unmarshal(line, &request) == nil && request["id"] == nil
}

// conversation starts an MCP server and returns what sends it a line and gathers its answers. They end at that to a
// ping, which must come.
func conversation(f *testing.F) func(t *testing.T, line []byte) [][]byte {
	f.Helper()
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	config := server.Config{DB: filepath.Join(f.TempDir(), "memory.db")} // here: not within the fuzz target
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		err := server.ServeMCP(ctx, config, server.MCP{Tier: "keyword", Agent: "ai:fuzz"}, in, out)
		_ = out.CloseWithError(io.EOF)
		if err != nil {
			f.Error(err)
		}
	})
	f.Cleanup(func() {
		_ = toServer.Close()
		cancel()
		_ = fromServer.Close()
		serving.Wait()
	})
	answers := bufio.NewReader(fromServer)
	const probe = `{"jsonrpc":"2.0","id":"the end of the line","method":"ping"}`
	return func(t *testing.T, line []byte) (found [][]byte) {
		t.Helper()
		if _, err := toServer.Write(append(append(bytes.Clone(line), '\n'), probe+"\n"...)); err != nil {
			t.Fatalf("the server has ended: %v", err)
		}
		for {
			answer, err := answers.ReadBytes('\n')
			if err != nil {
				t.Fatalf("the server has ended: %v", err)
			}
			if bytes.Contains(answer, []byte(`"the end of the line"`)) && bytes.Contains(answer, []byte(`"result":{}`)) {
				return found
			}
			found = append(found, answer)
		}
	}
}
