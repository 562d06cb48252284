package importers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"chaosctl/server/internal/memory"
)

// maxLine bounds a line of a Claude export, in bytes.
const maxLine = 64 << 20

// readClaude reads a JSON object a line, or an array of them, as newer exports are.
func readClaude(from *bufio.Reader, each func(Conversation)) error {
	if first, err := from.Peek(1); err == nil && first[0] == '[' {
		err := readArray(from, func(raw json.RawMessage) {
			var c claude
			if json.Unmarshal(raw, &c) == nil { // else it is not even an object
				each(c.conversation())
			}
		})
		if err != nil {
			return fmt.Errorf("invalid JSON in Claude export: %w", err)
		}
		return nil
	}
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var c claude
		if err := json.Unmarshal(line, &c); err != nil {
			return fmt.Errorf("invalid JSON on line %d: %w", n, err)
		}
		each(c.conversation())
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("line %d has more than %d bytes", n+1, maxLine)
	} else if err != nil {
		return fmt.Errorf("failed to read Claude export: %w", err)
	}
	return nil
}

// claude is a conversation with Claude. A field of another type than it should be counts as absent.
type claude struct {
	Name         text                `json:"name"`
	Title        text                `json:"title"`
	CreatedAt    text                `json:"created_at"`
	ChatMessages list[claudeMessage] `json:"chat_messages"`
	Mapping      tree                `json:"mapping"`
}

type claudeMessage struct {
	Sender  text      `json:"sender"`
	Role    text      `json:"role"`
	Text    text      `json:"text"`
	Content anyOfText `json:"content"`
}

func (c claude) conversation() Conversation {
	out := Conversation{Title: string(c.Name), CreatedAt: string(c.CreatedAt)}
	if out.Title == "" {
		out.Title = string(c.Title)
	}
	for _, m := range c.ChatMessages {
		role, said := string(m.Sender), string(m.Text)
		if role == "" {
			role = string(m.Role)
		}
		if said == "" {
			said = string(m.Content)
		}
		out.add(role, said)
	}
	if len(c.ChatMessages) == 0 {
		for _, m := range c.Mapping.messages() {
			out.add(m.Role, m.Text)
		}
	}
	return out
}

// add adds what somebody said, if anything.
func (c *Conversation) add(role, said string) {
	if strings.TrimSpace(memory.Clean(said)) == "" {
		return
	}
	switch role {
	case "human":
		role = roleUser
	case "":
		role = "unknown"
	}
	c.Messages = append(c.Messages, Message{role, said})
}
