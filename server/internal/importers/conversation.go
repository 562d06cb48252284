// Package importers reads what other programs export: conversations with language models and in
// channels, and memories of a server like this one. It stores nothing.
package importers

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"chaosctl/server/internal/memory"
)

// Message is what one participant said.
type Message struct {
	Role string // who: user, assistant, a name
	Text string // not empty
}

// Conversation is messages in order.
type Conversation struct {
	Title     string // empty: it has none
	CreatedAt string // RFC 3339, as the export has it; empty: it is not known
	Messages  []Message
}

// Limits of what a conversation becomes (contract section 7.2), in bytes.
const (
	maxTitle   = 100
	maxContent = 65_536
)

// Content is the conversation as the content of a memory: a line a message, as far as there is
// room. What no memory may hold is left out.
func (c Conversation) Content() string {
	var b strings.Builder
	for _, m := range c.Messages {
		b.WriteString("[" + clean(m.Role) + "]: " + clean(m.Text) + "\n")
		if b.Len() >= maxContent {
			break
		}
	}
	return cut(b.String(), maxContent)
}

// Heading is the title of the memory: the conversation's, else what the user said first.
func (c Conversation) Heading() string {
	title := strings.TrimSpace(clean(c.Title))
	for _, m := range c.Messages {
		if title != "" {
			break
		}
		if m.Role == roleUser {
			title = clean(m.Text)
		}
	}
	if title == "" && len(c.Messages) > 0 {
		title = clean(c.Messages[0].Text)
	}
	return cut(strings.ReplaceAll(title, "\n", " "), maxTitle)
}

// Time is when the conversation was made, now where that is not known.
func (c Conversation) Time(now time.Time) string {
	if _, err := memory.ParseTime(c.CreatedAt); err != nil {
		return memory.FormatTime(now)
	}
	return c.CreatedAt
}

const roleUser = "user"

// clean leaves out control characters but for line feeds and tabs, and what is no UTF-8.
func clean(text string) string {
	return strings.Map(func(c rune) rune {
		if c == '\n' || c == '\t' {
			return c
		}
		if c == utf8.RuneError || unicode.IsControl(c) {
			return -1
		}
		return c
	}, text)
}

// cut is as much of a text as some bytes hold.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// seconds is a time that is given in seconds since 1970, fractions of it included.
func seconds(since float64) string {
	const most = 253_402_300_799 // the end of the year 9999
	if since < 0 || since > most || since != since {
		return ""
	}
	whole := int64(since)
	return memory.FormatTime(time.Unix(whole, int64((since-float64(whole))*1e6)*1e3).UTC())
}

// A Format is a program whose exports are read.
type Format string

// The formats.
const (
	Claude  Format = "claude"
	ChatGPT Format = "chatgpt"
	Slack   Format = "slack"
)

// Formats returns all.
func Formats() []Format { return []Format{Claude, ChatGPT, Slack} }

// ParseFormat reads the name of a format, in upper or lower case.
func ParseFormat(name string) (Format, error) {
	f := Format(strings.ToLower(name))
	if !slices.Contains(Formats(), f) {
		return "", fmt.Errorf("invalid format: %s (use claude, chatgpt, slack)", name)
	}
	return f, nil
}

// Source is the source of memories of a format, and their tag.
func (f Format) Source() string { return memory.SourceMinePrefix + string(f) }

// Namespace is where its memories go when nothing else is said.
func (f Format) Namespace() string { return string(f) + "-export" }

// Read reads the conversations of an export, those without any message left out. An error names
// what cannot be read, and says that nothing was.
func (f Format) Read(path string) ([]Conversation, error) {
	switch f {
	case Claude:
		file, err := os.Open(path) //nolint:gosec // the file that the user named
		if err != nil {
			return nil, fmt.Errorf("failed to read Claude export: %s: %w", path, err)
		}
		defer file.Close() //nolint:errcheck // it was only read
		return readClaude(file)
	case ChatGPT:
		file, err := os.Open(path) //nolint:gosec // likewise
		if err != nil {
			return nil, fmt.Errorf("failed to read ChatGPT export: %s: %w", path, err)
		}
		defer file.Close() //nolint:errcheck // likewise
		return readChatGPT(file)
	case Slack:
		return readSlack(path)
	}
	return nil, fmt.Errorf("invalid format: %s (use claude, chatgpt, slack)", f)
}
