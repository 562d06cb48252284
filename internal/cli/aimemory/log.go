package aimemory

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
)

// newLogger writes one line an event: time, level, program, message, then what belongs to it
// (contract section 13.5). RUST_LOG=debug shows requests. Colours need a terminal and no
// NO_COLOR.
func newLogger(w io.Writer) *slog.Logger {
	level := slog.LevelInfo
	if spec := os.Getenv("RUST_LOG"); spec == "debug" || spec == "trace" {
		level = slog.LevelDebug
	}
	return slog.New(&lines{w: w, mu: &sync.Mutex{}, level: level, colours: coloured(w)})
}

// lines is a slog.Handler.
type lines struct {
	w       io.Writer
	mu      *sync.Mutex
	level   slog.Level
	colours bool
	prefix  string // of keys, from groups
	tail    string // attributes of WithAttrs
}

// Enabled implements slog.Handler.
func (l *lines) Enabled(_ context.Context, level slog.Level) bool { return level >= l.level }

// Handle implements slog.Handler.
func (l *lines) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	level := fmt.Sprintf("%5s", r.Level)
	if l.colours {
		level = paint(r.Level) + level + plain
	}
	fmt.Fprintf(&b, "%s %s ai_memory: %s%s", r.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), level, r.Message, l.tail)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(pair(l.prefix, a))
		return true
	})
	b.WriteByte('\n')
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := io.WriteString(l.w, b.String())
	return err
}

// WithAttrs implements slog.Handler.
func (l *lines) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *l
	for _, a := range attrs {
		next.tail += pair(l.prefix, a)
	}
	return &next
}

// WithGroup implements slog.Handler.
func (l *lines) WithGroup(name string) slog.Handler {
	next := *l
	next.prefix += name + "."
	return &next
}

func pair(prefix string, a slog.Attr) string {
	value := a.Value.Resolve().String()
	if strings.ContainsAny(value, " \n\t\"") {
		value = fmt.Sprintf("%q", value)
	}
	return " " + prefix + a.Key + "=" + value
}

func paint(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "\x1b[31m"
	case level >= slog.LevelWarn:
		return "\x1b[33m"
	case level >= slog.LevelInfo:
		return "\x1b[32m"
	default:
		return "\x1b[34m"
	}
}
