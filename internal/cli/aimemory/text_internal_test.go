package aimemory

import (
	"testing"
	"time"

	"chaosctl/server"
)

// TestAge has the ages of contract section 7.3 at their edges.
func TestAge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for ago, want := range map[time.Duration]string{
		0: "just now", -time.Hour: "just now", time.Minute - 1: "just now",
		time.Minute: "1m ago", time.Hour - 1: "59m ago",
		time.Hour: "1h ago", day - 1: "23h ago",
		day: "1d ago", 30*day - 1: "29d ago",
		30 * day: "1mo ago", 59 * day: "1mo ago", 60 * day: "2mo ago", 730 * day: "24mo ago",
	} {
		if got := age(now.Add(-ago).Format(time.RFC3339Nano), now); got != want {
			t.Errorf("%v ago: %q, want %q", ago, got, want)
		}
	}
	if got := age("once", now); got != "once" {
		t.Errorf("of no time: %q", got)
	}
}

// TestLines has lines with what is rare in them.
func TestLines(t *testing.T) {
	t.Parallel()
	m := server.Memory{
		ID: "0123456789", Tier: server.TierMid, Title: "Zähler", Namespace: "n", Priority: 3, Confidence: 0.805, AccessCount: 7,
		UpdatedAt: time.Now().Format(time.RFC3339Nano),
	}
	sure := m
	sure.Confidence, sure.Priority, sure.ID = 1, 10, "é"
	long := m
	long.Tier = server.TierLong
	for _, test := range []struct{ got, want string }{
		{line(m, false), "[mid/01234567] Zähler (p=3, ns=n, just now)"},
		{line(m, true), "\x1b[33m[mid/01234567]\x1b[0m Zähler (p=3, ns=n, just now)"},
		{line(long, true), "\x1b[32m[long/01234567]\x1b[0m Zähler (p=3, ns=n, just now)"},
		{scoredLine(server.Scored{Memory: m, Score: 1.005}, false), "[mid/01234567] Zähler ███░░░░░░░ score=1.00 (ns=n, 7x, just now conf=81%)"},
		{scoredLine(server.Scored{Memory: sure, Score: 12.346}, false), "[mid/é] Zähler ██████████ score=12.35 (ns=n, 7x, just now)"},
		{bar(0), "░░░░░░░░░░"},
		{bar(11), "██████████"},
		{firstRunes("aéb", 2), "aé"},
		{firstRunes("aé", 2), "aé"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}
