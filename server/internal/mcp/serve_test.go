package mcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/mcp"
)

// protocol is a server whose tools are not called.
func protocol() *mcp.Server {
	return mcp.New(nil, mcp.Options{Version: "0.6.0", Logger: slog.New(slog.DiscardHandler)})
}

// talk sends a text to a server and returns the lines of its answer.
func talk(t *testing.T, s *mcp.Server, text string) []string {
	t.Helper()
	var out bytes.Buffer
	if err := s.Serve(t.Context(), strings.NewReader(text), &out); err != nil {
		t.Fatal(err)
	}
	if out.Len() == 0 {
		return nil
	}
	answers, ended := strings.CutSuffix(out.String(), "\n")
	if !ended {
		t.Errorf("the last line has no end: %q", answers)
	}
	return strings.Split(answers, "\n")
}

// TestLines has lines of every kind, and what the answer is, but for what follows a colon in what a parser says.
func TestLines(t *testing.T) {
	t.Parallel()
	const unreadable = `{"id":null,"jsonrpc":"2.0","error":{"code":-32700,"message":"parse error: `
	for name, test := range map[string]struct{ line, want string }{
		"ping":                  {`{"jsonrpc":"2.0","id":1,"method":"ping"}`, `{"id":1,"jsonrpc":"2.0","result":{}}`},
		"blanks around, CR":     {" {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"} \r", `{"id":1,"jsonrpc":"2.0","result":{}}`},
		"a text as id":          {`{"jsonrpc":"2.0","id":"a<b","method":"ping"}`, `{"id":"a<b","jsonrpc":"2.0","result":{}}`},
		"an object as id":       {`{"jsonrpc":"2.0","id":{ "a" : [1] },"method":"ping"}`, `{"id":{"a":[1]},"jsonrpc":"2.0","result":{}}`},
		"a long number as id":   {`{"jsonrpc":"2.0","id":123456789012345678901,"method":"ping"}`, `{"id":123456789012345678901,"jsonrpc":"2.0","result":{}}`},
		"false as id":           {`{"jsonrpc":"2.0","id":false,"method":"ping"}`, `{"id":false,"jsonrpc":"2.0","result":{}}`},
		"escapes in keys":       {`{"jsonrpc":"2.0","id":1,"\u006dethod":"ping"}`, `{"id":1,"jsonrpc":"2.0","result":{}}`},
		"keys are exact":        {`{"jsonrpc":"2.0","id":1,"Method":"ping"}`, unreadable + "missing field `method`"},
		"unknown keys":          {`{"jsonrpc":"2.0","id":1,"method":"ping","x":1,"params":[1]}`, `{"id":1,"jsonrpc":"2.0","result":{}}`},
		"no id":                 {`{"jsonrpc":"2.0","method":"ping"}`, ""},
		"null as id":            {`{"jsonrpc":"2.0","id":null,"method":"tools/list"}`, ""},
		"no id, other version":  {`{"jsonrpc":"1.0","method":"ping"}`, ""},
		"blank":                 {" \t ", ""},
		"other version":         {`{"jsonrpc":"1.0","id":1,"method":"ping"}`, `{"id":1,"jsonrpc":"2.0","error":{"code":-32600,"message":"invalid JSON-RPC version (must be \"2.0\")"}}`},
		"unknown method":        {`{"jsonrpc":"2.0","id":1,"method":"x/y"}`, `{"id":1,"jsonrpc":"2.0","error":{"code":-32601,"message":"method not found: x/y"}}`},
		"no tool":               {`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"Name":"memory_stats"}}`, `{"id":1,"jsonrpc":"2.0","error":{"code":-32602,"message":"missing or empty tool name"}}`},
		"params are a list":     {`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["memory_stats"]}`, `{"id":1,"jsonrpc":"2.0","error":{"code":-32602,"message":"missing or empty tool name"}}`},
		"no prompt":             {`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":null}}`, `{"id":1,"jsonrpc":"2.0","error":{"code":-32602,"message":"missing or empty prompt name"}}`},
		"unknown prompt":        {`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"x"}}`, `{"id":1,"jsonrpc":"2.0","error":{"code":-32602,"message":"unknown prompt: x"}}`},
		"unknown tool":          {`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}`, `{"id":1,"jsonrpc":"2.0","result":{"content":[{"text":"unknown tool: x","type":"text"}],"isError":true}}`},
		"no JSON":               {`{nope`, unreadable},
		"half a line":           {`{"jsonrpc":"2.0","id":1,"method":"pi`, unreadable},
		"two objects":           {`{"jsonrpc":"2.0","id":1,"method":"ping"} {}`, unreadable},
		"a batch":               {`[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, unreadable + "it is no object"},
		"by position":           {`["2.0",1,"ping"]`, unreadable + "it is no object"},
		"a number":              {`42`, unreadable + "it is no object"},
		"no version":            {`{"id":1,"method":"ping"}`, unreadable + "missing field `jsonrpc`"},
		"no method":             {`{"jsonrpc":"2.0","id":1}`, unreadable + "missing field `method`"},
		"a number as method":    {`{"jsonrpc":"2.0","id":1,"method":5}`, unreadable + "field `method` is no text"},
		"a key twice":           {`{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}`, unreadable + "duplicate field `id`"},
		"no UTF-8":              {"{\"jsonrpc\":\"2.0\",\"id\":\"\xff\",\"method\":\"ping\"}", unreadable + "invalid UTF-8"},
		"half a surrogate pair": {`{"jsonrpc":"2.0","id":1,"method":"ping","params":"\ud800"}`, unreadable + "lone surrogate"},
		"a number beyond all":   {`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":1e999}}`, unreadable},
		"nested too deep":       {`{"jsonrpc":"2.0","id":1,"method":"ping","params":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, unreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const after = `{"jsonrpc":"2.0","id":"after","method":"ping"}`
			got := talk(t, protocol(), test.line+"\n"+after) // the last has no end of line
			if len(got) == 0 || got[len(got)-1] != `{"id":"after","jsonrpc":"2.0","result":{}}` {
				t.Fatalf("the line after it is not answered: %q", got)
			}
			switch got = got[:len(got)-1]; {
			case test.want == "" && len(got) > 0:
				t.Errorf("got %q, want no answer", got)
			case test.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], test.want)):
				t.Errorf("got %q, want one line that begins with %q", got, test.want)
			case test.want != "" && !json.Valid([]byte(got[0])):
				t.Errorf("%q is no JSON", got[0])
			}
		})
	}
}

// TestLongLine has a line at the bound, and one beyond it.
func TestLongLine(t *testing.T) {
	t.Parallel()
	line := func(length int) string {
		const before, behind = `{"jsonrpc":"2.0","id":1,"method":"ping","x":"`, "\"}\n"
		return before + strings.Repeat("x", length-len(before)-len(behind)) + behind
	}
	got := talk(t, protocol(), line(mcp.MaxLine)+line(mcp.MaxLine+1)+line(200<<10))
	want := []string{
		`{"id":1,"jsonrpc":"2.0","result":{}}`,
		`{"id":null,"jsonrpc":"2.0","error":{"code":-32700,"message":"parse error: the line has more than 16777216 bytes"}}`,
		`{"id":1,"jsonrpc":"2.0","result":{}}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// TestEnds has the three ways in which a conversation ends other than by the end of its input.
func TestEnds(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	in := io.MultiReader(strings.NewReader(ping), iotest.ErrReader(broken))
	if err := protocol().Serve(t.Context(), in, io.Discard); !errors.Is(err, broken) {
		t.Errorf("with a broken input: %v, want %v", err, broken)
	}
	closed, out := io.Pipe()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := protocol().Serve(t.Context(), strings.NewReader(ping), out); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("with a broken output: %v, want %v", err, io.ErrClosedPipe)
	}
	waiting, client := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := protocol().Serve(ctx, waiting, io.Discard); err != nil {
		t.Errorf("when it is ended: %v", err)
	}
	if err := client.Close(); err != nil { // so ends who was reading
		t.Fatal(err)
	}
}

const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}` + "\n"

// TestInitialize speaks one version of the protocol, whatever it is asked for.
func TestInitialize(t *testing.T) {
	t.Parallel()
	const want = `{"id":1,"jsonrpc":"2.0","result":{"capabilities":{"prompts":{},"tools":{}},"protocolVersion":"2024-11-05",` +
		`"serverInfo":{"name":"ai-memory","version":"0.6.0"}}}`
	for _, params := range []string{"", `,"params":{"protocolVersion":"2099-01-01","clientInfo":{"name":"x"}}`, `,"params":5`} {
		got := talk(t, protocol(), `{"jsonrpc":"2.0","id":1,"method":"initialize"`+params+"}\n")
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("with %q (-want +got):\n%s", params, diff)
		}
	}
}

// TestSchemas compares what the tools take with what those of ai-memory 0.6.0 were seen to take.
func TestSchemas(t *testing.T) {
	t.Parallel()
	type tool struct {
		Name        string         `json:"name"`
		InputSchema map[string]any `json:"inputSchema"`
	}
	var want []tool
	text, err := os.ReadFile("testdata/tools.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	var got struct{ Result struct{ Tools []tool } }
	answer := talk(t, protocol(), `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
	if err := json.Unmarshal([]byte(answer[0]), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Result.Tools); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	if len(want) != 36 {
		t.Errorf("%d tools were recorded, want 36", len(want))
	}
	var listed struct {
		Result struct{ Tools []map[string]any }
	}
	if err := json.Unmarshal([]byte(answer[0]), &listed); err != nil {
		t.Fatal(err)
	}
	for _, one := range listed.Result.Tools {
		if description, _ := one["description"].(string); description == "" || len(one) != 3 {
			t.Errorf("%v has not just a name, a description and a schema", one)
		}
	}
}
