package importers

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// readChatGPT reads an array of conversations, one at a time: exports can be large.
func readChatGPT(from io.Reader) ([]Conversation, error) {
	in := json.NewDecoder(from)
	switch first, err := in.Token(); {
	case err != nil:
		return nil, invalidChatGPT(err)
	case first != json.Delim('['):
		return nil, errors.New("expected JSON array at top level")
	}
	var found []Conversation
	for in.More() {
		var c chatgpt
		var raw json.RawMessage
		if err := in.Decode(&raw); err != nil {
			return nil, invalidChatGPT(err)
		}
		if json.Unmarshal(raw, &c) != nil {
			continue // not even an object
		}
		if conversation := c.conversation(); len(conversation.Messages) > 0 {
			found = append(found, conversation)
		}
	}
	if _, err := in.Token(); err != nil {
		return nil, invalidChatGPT(err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("invalid JSON in ChatGPT export: there is something behind the array")
	}
	return found, nil
}

func invalidChatGPT(err error) error { return fmt.Errorf("invalid JSON in ChatGPT export: %w", err) }

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
		return nil
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
