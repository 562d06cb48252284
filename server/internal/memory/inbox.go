package memory

import (
	"encoding/json"
	"strings"
)

// MessagesNamespace and a target's id is the namespace of an inbox (contract section 4.17).
const MessagesNamespace = "_messages/"

// The metadata keys of a message.
const (
	keyRecipient   = "recipient_agent_id"
	keyMessageKind = "message_kind"
	keySubject     = "subject"      // as it was sent: the title has more
	keyPayloadJSON = "payload_json" // true: the content is the JSON text of the payload
)

const (
	messageTag  = "_message"
	messageKind = "notify"
	markLength  = 12 // of an id's end, in characters
)

// Message is what one agent sends another.
type Message struct {
	From, To string
	Subject  string
	Payload  json.RawMessage // any JSON
	Priority int32
	Tier     Tier
}

// Inbox is the namespace of an agent's messages.
func Inbox(agent string) string { return MessagesNamespace + agent }

// Memory returns the row that keeps a message. Its title is the subject with a part of the id
// behind it: rows of one title are one row, and two messages are two, whatever their subjects.
func (m Message) Memory(id string) Memory {
	mark := " [" + id[max(0, len(id)-markLength):] + "]"
	row := Memory{
		ID: id, Title: FirstRunes(strings.TrimSpace(m.Subject), maxTitle-len(mark)) + mark, Namespace: Inbox(m.To), Content: string(m.Payload),
		Tags: []string{messageTag}, Tier: m.Tier, Source: SourceNotify, Priority: min(max(m.Priority, minPriority), maxPriority), Confidence: 1,
	}
	metadata := map[string]any{KeyAgentID: m.From, keyRecipient: m.To, keyMessageKind: messageKind, keySubject: m.Subject}
	var text string
	if json.Unmarshal(m.Payload, &text) == nil && string(m.Payload) != "null" {
		row.Content = text
	} else {
		metadata[keyPayloadJSON] = true
	}
	if encoded, err := marshal(metadata); err == nil { // always, for texts
		row.Metadata = encoded
	}
	return row
}

// MessageOf reads a row of an inbox, also one that another server wrote.
func MessageOf(m Memory) Message {
	var keys struct {
		From    string `json:"agent_id"`
		To      string `json:"recipient_agent_id"`
		Subject string `json:"subject"`
		JSON    bool   `json:"payload_json"`
	}
	_ = json.Unmarshal(m.Metadata, &keys) // what is not there is empty
	out := Message{From: keys.From, To: keys.To, Subject: keys.Subject, Priority: m.Priority, Tier: m.Tier}
	if out.To == "" {
		out.To = strings.TrimPrefix(m.Namespace, MessagesNamespace)
	}
	if out.Subject == "" {
		out.Subject = m.Title
	}
	if out.Payload = json.RawMessage(m.Content); !keys.JSON || !json.Valid(out.Payload) {
		out.Payload, _ = encode(m.Content) // a text can always be written
	}
	return out
}
