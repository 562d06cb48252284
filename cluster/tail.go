package cluster

import (
	"bytes"
	"strings"
	"sync"
)

// longestLine bounds what is kept of one line, in bytes.
const longestLine = 4 << 10

// Tail is a writer that keeps the last lines written to it. It is safe for concurrent use.
type Tail struct {
	mu    sync.Mutex // protects the rest
	limit int
	lines []string
	open  []byte // a line whose end was not written yet
}

// NewTail returns a Tail that keeps the given number of lines, at least one. Of a line it keeps
// the first 4 KiB.
func NewTail(lines int) *Tail { return &Tail{limit: max(1, lines)} }

// Write keeps what is written. It never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		t.open = append(t.open, line[:min(len(line), longestLine-len(t.open))]...)
		if ended {
			t.keep()
		}
		rest = after
	}
	return len(p), nil
}

// keep moves the open line to the others; mu is held.
func (t *Tail) keep() {
	if len(t.lines) == t.limit {
		t.lines = append(t.lines[:0], t.lines[1:]...)
	}
	t.lines = append(t.lines, text(t.open))
	t.open = t.open[:0]
}

// Lines returns the lines kept, oldest first, with a last one that has no end yet.
func (t *Tail) Lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := append([]string{}, t.lines...)
	if len(t.open) > 0 {
		lines = append(lines, text(t.open))
	}
	return lines[max(0, len(lines)-t.limit):]
}

func text(line []byte) string {
	return strings.ToValidUTF8(strings.TrimSuffix(string(line), "\r"), "\uFFFD")
}
