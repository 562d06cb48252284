package memory

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// canonicalObject returns a JSON object in the one form in which it is stored and compared:
// compact, keys sorted, of a repeated key the last. Numbers keep their digits.
func canonicalObject(raw []byte) (json.RawMessage, error) {
	if len(raw) == 0 || string(raw) == "{}" {
		return json.RawMessage("{}"), nil
	}
	if isCanonical(raw) {
		return raw, nil
	}
	object, err := decodeObject(raw)
	if err != nil {
		return nil, err
	}
	return encode(object)
}

// isCanonical recognizes an object in the canonical form that has plain texts only, as metadata
// mostly is: no other is worth doing without decoding and encoding.
func isCanonical(raw []byte) bool {
	before, name, rest, ok := []byte(nil), []byte(nil), raw, false
	for separator := byte('{'); ; separator = ',' {
		if name, rest, ok = plainText(rest, separator); !ok || separator == ',' && bytes.Compare(name, before) <= 0 {
			return false
		}
		if _, rest, ok = plainText(rest, ':'); !ok {
			return false
		}
		if len(rest) == 1 && rest[0] == '}' {
			return true
		}
		before = name
	}
}

// plainText reads a separator and a JSON string that is written as it reads, in ASCII.
func plainText(raw []byte, separator byte) (text, rest []byte, ok bool) {
	if len(raw) < 3 || raw[0] != separator || raw[1] != '"' {
		return nil, nil, false
	}
	for i, c := range raw[2:] {
		switch {
		case c == '"':
			return raw[2 : 2+i], raw[3+i:], true
		case c == '\\' || c < ' ' || c > '~':
			return nil, nil, false
		}
	}
	return nil, nil, false
}

// decodeObject reads a JSON object and nothing behind it, numbers as they are written.
func decodeObject(raw []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return nil, fmt.Errorf("reading a JSON object: %w", err)
	}
	if object == nil || decoder.More() {
		return nil, fmt.Errorf("reading a JSON object: it is something else")
	}
	return object, nil
}

func encode(value any) (json.RawMessage, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("writing JSON: %w", err)
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// depth counts nested objects and arrays: a number is 0 deep, {} is 1.
func depth(value any) int {
	deepest := 0
	switch v := value.(type) {
	case map[string]any:
		for _, inner := range v {
			deepest = max(deepest, depth(inner))
		}
	case []any:
		for _, inner := range v {
			deepest = max(deepest, depth(inner))
		}
	default:
		return 0
	}
	return deepest + 1
}

// AgentID returns metadata.agent_id when it is a non-empty string, else "".
func (m Memory) AgentID() string {
	var agent string
	if json.Unmarshal(agentOf(m.Metadata), &agent) != nil {
		return ""
	}
	return agent
}

// agentOf returns the JSON text of metadata.agent_id, nil when there is none.
func agentOf(metadata json.RawMessage) json.RawMessage {
	if !bytes.Contains(metadata, []byte(KeyAgentID)) {
		return nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(metadata, &object) != nil {
		return nil
	}
	return object[KeyAgentID]
}

// withAgent returns metadata with its agent_id set to a JSON text, or without one for nil.
func withAgent(metadata, agent json.RawMessage) json.RawMessage {
	if bytes.Equal(agentOf(metadata), agent) {
		return metadata
	}
	object := map[string]json.RawMessage{}
	if len(metadata) > 0 && json.Unmarshal(metadata, &object) != nil {
		return metadata
	}
	delete(object, KeyAgentID)
	if agent != nil {
		object[KeyAgentID] = agent
	}
	out, err := encode(object)
	if err != nil {
		return metadata
	}
	return out
}
