package aimemory

import (
	"fmt"
	"math"
	"strings"
	"time"

	"chaosctl/server"
)

// Lines for people (contract section 7.3).

// line is a memory in one line.
func line(m server.Memory, colours bool) string {
	return fmt.Sprintf("%s %s (p=%d, ns=%s, %s)", tag(m, colours), m.Title, m.Priority, m.Namespace, age(m.UpdatedAt, time.Now()))
}

// tag tells which memory a line is about. Its colour tells the tier.
func tag(m server.Memory, colours bool) string {
	text := fmt.Sprintf("[%s/%s]", m.Tier, short(m.ID))
	if !colours {
		return text
	}
	switch m.Tier {
	case server.TierLong:
		return "\x1b[32m" + text + plain
	case server.TierMid:
		return "\x1b[33m" + text + plain
	default:
		return "\x1b[34m" + text + plain
	}
}

// scoredLine is a recalled memory in one line, its priority as a bar.
func scoredLine(m server.Scored, colours bool) string {
	sure := ""
	if m.Confidence < 1 {
		sure = fmt.Sprintf(" conf=%d%%", int(math.Round(m.Confidence*100)))
	}
	return fmt.Sprintf("%s %s %s score=%.2f (ns=%s, %dx, %s%s)",
		tag(m.Memory, colours), m.Title, bar(int(m.Priority)), m.Score, m.Namespace, m.AccessCount, age(m.UpdatedAt, time.Now()), sure)
}

const barCells = 10

// bar shows how many of ten.
func bar(n int) string {
	n = max(0, min(n, barCells))
	return strings.Repeat("█", n) + strings.Repeat("░", barCells-n)
}

// short is what of an id is shown to people.
func short(id string) string { return firstRunes(id, 8) }

func firstRunes(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i]
		}
	}
	return text
}

// age is how long ago a time was.
func age(at string, now time.Time) string {
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return at
	}
	const day = 24 * time.Hour
	switch ago := now.Sub(t); {
	case ago < time.Minute:
		return "just now"
	case ago < time.Hour:
		return fmt.Sprintf("%dm ago", int(ago.Minutes()))
	case ago < day:
		return fmt.Sprintf("%dh ago", int(ago.Hours()))
	case ago < 30*day:
		return fmt.Sprintf("%dd ago", int(ago/day))
	default:
		return fmt.Sprintf("%dmo ago", int(ago/(30*day)))
	}
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }
