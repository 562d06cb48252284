package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"chaosctl/server/internal/jsontext"
)

// Error codes of JSON-RPC 2.0 (contract section 11.3).
const (
	codeParse   = -32700
	codeRequest = -32600
	codeMethod  = -32601
	codeParams  = -32602
)

// request is a message of a client.
type request struct {
	id     json.RawMessage // nil: a notification
	method string
	params json.RawMessage
	old    bool // it is not of JSON-RPC 2.0
}

// response is an answer; exactly one of result and failure is set.
type response struct {
	ID      json.RawMessage `json:"id"`
	JSONRPC string          `json:"jsonrpc"`
	Result  any             `json:"result,omitempty"`
	Failure *failure        `json:"error,omitempty"`
}

type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Error returns the message.
func (f *failure) Error() string { return f.Message }

func fail(code int, format string, args ...any) *failure {
	return &failure{code, fmt.Sprintf(format, args...)}
}

// parse reads a line: one object, each of whose keys is there once.
func parse(line []byte) (r request, err error) {
	if err := check(line); err != nil {
		return r, err
	}
	members, err := object(line)
	if err != nil {
		return r, err
	}
	var version string
	if err := member(members, "jsonrpc", &version); err != nil {
		return r, err
	}
	if err := member(members, "method", &r.method); err != nil {
		return r, err
	}
	r.old = version != "2.0"
	r.params = members["params"]
	if id := members["id"]; id != nil && !bytes.Equal(id, []byte("null")) {
		r.id = id
	}
	return r, nil
}

// check refuses what is no JSON text, and numbers that no float64 holds: what is stored must be readable for
// other nodes and clients.
func check(text []byte) error {
	if err := jsontext.Check(text); err != nil {
		return err
	}
	return json.Unmarshal(text, new(any))
}

// object returns the members of an object in a valid JSON text.
func object(text []byte) (map[string]json.RawMessage, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	if open, err := in.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("it is no object")
	}
	members := map[string]json.RawMessage{}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return nil, err
		}
		name, _ := key.(string) // keys of an object are texts
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("duplicate field `%s`", name)
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return nil, err
		}
		members[name] = value
	}
	return members, nil
}

// member reads a text that must be there.
func member(members map[string]json.RawMessage, name string, into *string) error {
	raw, there := members[name]
	if !there {
		return fmt.Errorf("missing field `%s`", name)
	}
	if len(raw) == 0 || raw[0] != '"' {
		return fmt.Errorf("field `%s` is no text", name)
	}
	return json.Unmarshal(raw, into)
}
