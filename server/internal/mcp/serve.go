package mcp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxLine bounds a line of a client, its end included, in bytes. A longer one is refused, and what follows it is read on.
const MaxLine = 16 << 20

// Serve talks with one client: a JSON object a line in, one a line out, strictly one after the other
// (contract section 11.1). It returns nil at the end of the input and when ctx ends.
func (s *Server) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	lines := make(chan line)
	reading, stop := context.WithCancel(ctx)
	defer stop()
	go read(reading, in, lines)
	c := &client{server: s}
	for {
		select {
		case <-ctx.Done():
			return nil
		case l, more := <-lines:
			if !more {
				return nil
			}
			if l.err != nil {
				return fmt.Errorf("reading from the client: %w", l.err)
			}
			answer := c.answer(ctx, l)
			if answer == nil {
				continue
			}
			if _, err := out.Write(append(answer, '\n')); err != nil {
				return fmt.Errorf("answering the client: %w", err)
			}
		}
	}
}

// line is a line of a client, or why there is none.
type line struct {
	text []byte
	long bool // it has more bytes than MaxLine, and text is empty
	err  error
}

// read hands on lines until the input or ctx ends. A reader that blocks keeps it waiting, not the server.
func read(ctx context.Context, in io.Reader, lines chan<- line) {
	defer close(lines)
	from := bufio.NewReaderSize(in, 64<<10)
	for {
		l := readLine(from)
		end := errors.Is(l.err, io.EOF)
		if end {
			l.err = nil
		}
		if end && len(l.text) == 0 && !l.long {
			return
		}
		select {
		case lines <- l:
		case <-ctx.Done():
			return
		}
		if end || l.err != nil {
			return
		}
	}
}

func readLine(from *bufio.Reader) (l line) {
	for {
		part, err := from.ReadSlice('\n')
		if !l.long {
			l.text = append(l.text, part...)
		}
		if len(l.text) > MaxLine {
			l.text, l.long = nil, true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			l.err = err
			return l
		}
	}
}

// client is one client of a server.
type client struct {
	server *Server
	name   string // as it introduced itself
}

// answer answers a line; nil where nothing is to be said.
func (c *client) answer(ctx context.Context, l line) []byte {
	if l.long {
		return encoded(response{ID: null, Failure: fail(codeParse, "parse error: the line has more than %d bytes", MaxLine)})
	}
	text := bytes.TrimSpace(l.text)
	if len(text) == 0 {
		return nil
	}
	r, err := parse(text)
	if err != nil {
		return encoded(response{ID: null, Failure: fail(codeParse, "parse error: %v", err)})
	}
	if r.id == nil {
		c.notified(r)
		return nil
	}
	if r.old {
		return encoded(response{ID: r.id, Failure: fail(codeRequest, `invalid JSON-RPC version (must be "2.0")`)})
	}
	result, err := c.call(ctx, r)
	var f *failure
	switch {
	case errors.As(err, &f):
		return encoded(response{ID: r.id, Failure: f})
	case err != nil:
		return encoded(response{ID: r.id, Failure: fail(codeParams, "%v", err)})
	}
	return encoded(response{ID: r.id, Result: result})
}

// null is the id of an answer to nobody.
var null = json.RawMessage("null")

func encoded(r response) []byte {
	r.JSONRPC = "2.0"
	text, err := compact(r)
	if err != nil { // a result that cannot be written
		text, _ = compact(response{ID: r.ID, JSONRPC: "2.0", Failure: fail(codeParams, "the result cannot be written: %v", err)})
	}
	return text
}

// compact is JSON without blanks, and without escapes for HTML.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// notified takes a notification: it is not executed, but for the name that a client gives itself.
func (c *client) notified(r request) {
	if r.method == "initialize" {
		c.introduce(r.params)
	}
}

// introduce notes who the client is, if it says so.
func (c *client) introduce(params json.RawMessage) {
	if name := readArguments(readArguments(params)["clientInfo"]).given("name"); name != nil {
		c.name = *name
	}
}

// protocolVersion is spoken whatever the client asks for (contract section 11.2).
const protocolVersion = "2024-11-05"

// call does what a request asks for.
func (c *client) call(ctx context.Context, r request) (any, error) {
	switch r.method {
	case "initialize":
		c.introduce(r.params)
		return map[string]any{
			"protocolVersion": protocolVersion,
			"capabilities":    map[string]any{"tools": map[string]any{}, "prompts": map[string]any{}},
			"serverInfo":      map[string]any{"name": Name, "version": c.server.options.Version},
		}, nil
	case "ping", "notifications/initialized":
		return map[string]any{}, nil
	case "tools/list":
		return map[string]any{"tools": c.server.tools}, nil
	case "tools/call":
		return c.callTool(ctx, r.params)
	case "prompts/list":
		return map[string]any{"prompts": promptList()}, nil
	case "prompts/get":
		return c.prompt(r.params)
	}
	return nil, fail(codeMethod, "method not found: %s", r.method)
}

func (c *client) callTool(ctx context.Context, params json.RawMessage) (any, error) {
	name, arguments := named(params)
	if name == "" {
		return nil, fail(codeParams, "missing or empty tool name")
	}
	return c.server.Call(ctx, c.name, name, arguments), nil
}

func (c *client) prompt(params json.RawMessage) (any, error) {
	name, arguments := named(params)
	if name == "" {
		return nil, fail(codeParams, "missing or empty prompt name")
	}
	text, known := promptText(name, arguments)
	if !known {
		return nil, fail(codeParams, "unknown prompt: %s", name)
	}
	return map[string]any{"messages": []any{
		map[string]any{"role": "user", "content": map[string]any{"type": "text", "text": text}},
	}}, nil
}

// named returns the name and the arguments of a call; arguments that are no object count as none.
func named(params json.RawMessage) (name string, given arguments) {
	p := readArguments(params)
	return p.or("name", ""), readArguments(p["arguments"])
}
