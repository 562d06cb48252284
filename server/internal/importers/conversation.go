// Package importers reads what other programs export: conversations with language models and in
// channels, and memories of a server like this one. It stores nothing.
package importers

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"chaosctl/server/internal/memory"
)

// Message is what one participant said.
type Message struct {
	Role string // who: user, assistant, a name
	Text string // not blank
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
		b.WriteString("[" + memory.Clean(m.Role) + "]: " + memory.Clean(m.Text) + "\n")
		if b.Len() >= maxContent {
			break
		}
	}
	return strings.Clone(memory.FirstBytes(b.String(), maxContent)) // many are kept: without the room that is left
}

// Heading is the title of the memory: the conversation's, else what the user said first, else what was said
// first; on one line.
func (c Conversation) Heading() string {
	title := strings.TrimSpace(memory.Clean(c.Title))
	if title == "" && len(c.Messages) > 0 {
		first := max(0, slices.IndexFunc(c.Messages, func(m Message) bool { return m.Role == roleUser }))
		title = strings.TrimSpace(memory.Clean(c.Messages[first].Text))
	}
	return memory.FirstBytes(strings.ReplaceAll(title, "\n", " "), maxTitle)
}

// Time is when the conversation was made, now where that is not known.
func (c Conversation) Time(now time.Time) string {
	if _, err := memory.ParseTime(c.CreatedAt); err != nil {
		return memory.FormatTime(now)
	}
	return c.CreatedAt
}

const roleUser = "user"

// seconds is a time that is given in seconds since 1970, to the microsecond; empty for one that RFC 3339 has not.
func seconds(since float64) string {
	const most = 253_402_300_799 // the end of the year 9999
	if since < 0 || since > most || since != since {
		return ""
	}
	return memory.FormatTime(time.UnixMicro(int64(math.Round(since * 1e6))))
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

// Read reads an export and calls a function for each conversation, those without any message left out, as
// soon as it is read: exports can be larger than what fits into memory. An error names what cannot be read; the
// conversations before it have been told by then.
func (f Format) Read(path string, each func(Conversation)) error {
	switch f {
	case Claude:
		return readFile(path, "Claude", each, readClaude)
	case ChatGPT:
		return readFile(path, "ChatGPT", each, readChatGPT)
	case Slack:
		return readSlack(path, each)
	}
	return fmt.Errorf("invalid format: %s (use claude, chatgpt, slack)", f)
}

// readFile reads an export that is one file; a byte order mark before it is of no account.
func readFile(path, name string, each func(Conversation), read func(*bufio.Reader, func(Conversation)) error) error {
	file, err := os.Open(path) //nolint:gosec // the file that the user named
	if err != nil {
		return fmt.Errorf("failed to read %s export: %s: %w", name, path, err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	from := bufio.NewReader(file)
	if mark, err := from.Peek(len(byteOrderMark)); err == nil && string(mark) == byteOrderMark {
		_, _ = from.Discard(len(byteOrderMark)) // it has been peeked at
	}
	if _, err := from.Peek(1); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("failed to read %s export: %s: %w", name, path, err)
	}
	return read(from, func(c Conversation) {
		if len(c.Messages) > 0 {
			each(c)
		}
	})
}

const byteOrderMark = "\ufeff"
