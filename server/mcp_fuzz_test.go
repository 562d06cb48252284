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

// FuzzLine sends an MCP server any bytes as a line: it answers with one line of JSON-RPC, or not at all, and
// lives on.
func FuzzLine(f *testing.F) {
	for _, line := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"clientInfo":{"name":"x"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, `{"jsonrpc":"2.0","method":"notifications/initialized"}`,
		`{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"memory_store","arguments":{"title":"t","content":"c","priority":99999999999,"tags":[1,"a"],"metadata":{"a":{"b":[]}}}}}`,
		`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"memory_recall","arguments":{"context":"t \"*","format":"toon","budget_tokens":0}}}`,
		`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"memory_forget","arguments":{"pattern":"t","dry_run":true}}}`,
		`{"jsonrpc":"2.0","id":{"a":[1]},"method":"prompts/get","params":{"name":"recall-first","arguments":{"namespace":"n"}}}`,
		`["2.0",1,"ping"]`, `{"id":1,"id":2}`, "\xff", "", "   ", "{", `{"jsonrpc":"1.0","id":1,"method":"ping"}`,
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

// conversation starts an MCP server and returns what sends it a line and gathers its answers. They end at that to a
// ping, which must come.
func conversation(f *testing.F) func(t *testing.T, line []byte) [][]byte {
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
