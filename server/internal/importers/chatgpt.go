package importers

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// readChatGPT reads an array of conversations, one at a time.
func readChatGPT(from *bufio.Reader, each func(Conversation)) error {
	err := readArray(from, func(raw json.RawMessage) {
		var c chatgpt
		if json.Unmarshal(raw, &c) == nil { // else it is not even an object
			each(c.conversation())
		}
	})
	if err != nil && !errors.Is(err, errNoArray) {
		return fmt.Errorf("invalid JSON in ChatGPT export: %w", err)
	}
	return err
}

var errNoArray = errors.New("expected JSON array at top level")

// readArray calls a function for each element of a JSON array, and nothing may be behind it.
func readArray(from io.Reader, each func(json.RawMessage)) error {
	in := json.NewDecoder(from)
	switch first, err := in.Token(); {
	case err != nil:
		return unexpectedEnd(err)
	case first != json.Delim('['):
		return errNoArray
	}
	for in.More() {
		var raw json.RawMessage
		if err := in.Decode(&raw); err != nil {
			return unexpectedEnd(err)
		}
		each(raw)
	}
	if _, err := in.Token(); err != nil {
		return unexpectedEnd(err)
	}
	return nothingBehind(in)
}

// nothingBehind says when there is something behind a value.
func nothingBehind(in *json.Decoder) error {
	switch _, err := in.Token(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return errors.New("there is something behind the end")
}

// unexpectedEnd is an error of a decoder that expects more.
func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// chatgpt is a conversation with ChatGPT.
type chatgpt struct {
	Title      text   `json:"title"`
	CreateTime number `json:"create_time"`
	Mapping    tree   `json:"mapping"`
}

func (c chatgpt) conversation() Conversation {
	out := Conversation{Title: string(c.Title)}
	if c.CreateTime.value != nil {
		out.CreatedAt = seconds(*c.CreateTime.value)
	}
	for _, m := range c.Mapping.messages() {
		out.add(m.Role, m.Text)
	}
	return out
}

// tree is messages by the id of their node.
type tree map[string]struct {
	Message *treeMessage `json:"message"`
}

// UnmarshalJSON never fails: nodes that are none are left out.
func (t *tree) UnmarshalJSON(data []byte) error {
	var nodes map[string]json.RawMessage
	if json.Unmarshal(data, &nodes) != nil {
		return nil //nolint:nilerr // what is none counts as absent
	}
	*t = tree{}
	for id, raw := range nodes {
		var node struct {
			Message *treeMessage `json:"message"`
		}
		if json.Unmarshal(raw, &node) == nil {
			(*t)[id] = node
		}
	}
	return nil
}

type treeMessage struct {
	Author struct {
		Role text `json:"role"`
	} `json:"author"`
	Role       text      `json:"role"`
	Content    anyOfText `json:"content"`
	Text       text      `json:"text"`
	CreateTime number    `json:"create_time"`
}

// messages are those of a tree by time; of one time, and of none, by the id of their node. What the system said is
// left out.
func (t tree) messages() []Message {
	type timed struct {
		Message
		at float64
	}
	var found []timed
	for _, id := range slices.Sorted(maps.Keys(t)) {
		m := t[id].Message
		if m == nil {
			continue
		}
		role, said := string(cmp.Or(m.Author.Role, m.Role)), string(m.Content)
		if said == "" {
			said = string(m.Text)
		}
		if role == "system" {
			continue
		}
		var at float64
		if m.CreateTime.value != nil {
			at = *m.CreateTime.value
		}
		found = append(found, timed{Message{role, said}, at})
	}
	slices.SortStableFunc(found, func(a, b timed) int { return cmp.Compare(a.at, b.at) })
	out := make([]Message, len(found))
	for i, m := range found {
		out[i] = m.Message
	}
	return out
}
