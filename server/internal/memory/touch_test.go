package memory_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
)

// touchedAt is when the memories of these tests are touched.
var touchedAt = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// in is a timestamp some time after touchedAt.
func in(d time.Duration) *string {
	text := memory.FormatTime(touchedAt.Add(d))
	return &text
}

// TestTouch is contract section 4.4, with H7 and F13 mended.
func TestTouch(t *testing.T) {
	t.Parallel()
	const hour, day = time.Hour, 24 * time.Hour
	for name, test := range map[string]struct {
		tier     memory.Tier
		accesses int64
		priority int32
		expires  *string
		want     memory.Memory
	}{
		"a fresh mid one keeps its week": {memory.Mid, 0, 5, in(7 * day), memory.Memory{Tier: memory.Mid, AccessCount: 1, Priority: 5, ExpiresAt: in(7 * day)}},
		"a mid one lives for a day":      {memory.Mid, 3, 5, in(hour), memory.Memory{Tier: memory.Mid, AccessCount: 4, Priority: 5, ExpiresAt: in(day)}},
		"a short one for an hour":        {memory.Short, 0, 5, in(time.Minute), memory.Memory{Tier: memory.Short, AccessCount: 1, Priority: 5, ExpiresAt: in(hour)}},
		"one that just expired":          {memory.Short, 0, 5, in(-time.Second), memory.Memory{Tier: memory.Short, AccessCount: 1, Priority: 5, ExpiresAt: in(hour)}},
		"without expiry":                 {memory.Mid, 0, 5, nil, memory.Memory{Tier: memory.Mid, AccessCount: 1, Priority: 5}},
		"long, with an expiry":           {memory.Long, 0, 5, in(time.Minute), memory.Memory{Tier: memory.Long, AccessCount: 1, Priority: 5, ExpiresAt: in(time.Minute)}},
		"the fifth makes it long":        {memory.Mid, 4, 5, in(day), memory.Memory{Tier: memory.Long, AccessCount: 5, Priority: 5}},
		"or one after the fifth":         {memory.Mid, 7, 5, in(day), memory.Memory{Tier: memory.Long, AccessCount: 8, Priority: 5}},
		"but not a short one":            {memory.Short, 4, 5, in(day), memory.Memory{Tier: memory.Short, AccessCount: 5, Priority: 5, ExpiresAt: in(day)}},
		"the tenth raises its priority":  {memory.Long, 9, 5, nil, memory.Memory{Tier: memory.Long, AccessCount: 10, Priority: 6}},
		"the twentieth too":              {memory.Short, 19, 9, nil, memory.Memory{Tier: memory.Short, AccessCount: 20, Priority: 10}},
		"to ten at most":                 {memory.Long, 29, 10, nil, memory.Memory{Tier: memory.Long, AccessCount: 30, Priority: 10}},
		"a millionth":                    {memory.Long, 999_999, 5, nil, memory.Memory{Tier: memory.Long, AccessCount: 1_000_000, Priority: 6}},
		"and no more":                    {memory.Long, 1_000_000, 5, nil, memory.Memory{Tier: memory.Long, AccessCount: 1_000_000, Priority: 5}},
	} {
		before := memory.Memory{
			Title: "t", Content: "c", UpdatedAt: "2025-01-01T00:00:00+00:00",
			Tier: test.tier, AccessCount: test.accesses, Priority: test.priority, ExpiresAt: test.expires,
		}
		test.want.Title, test.want.Content, test.want.UpdatedAt, test.want.LastAccessedAt = "t", "c", before.UpdatedAt, in(0)
		if diff := cmp.Diff(test.want, memory.Touch(before, touchedAt, memory.DefaultLifetimes())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	extended := memory.Touch(memory.Memory{Tier: memory.Mid, ExpiresAt: in(time.Minute)}, touchedAt, memory.Lifetimes{MidExtend: -time.Hour})
	if *extended.ExpiresAt != *in(time.Minute) {
		t.Errorf("with no extension it expires at %s", *extended.ExpiresAt)
	}
}

// TestTouchIsAStep: a touch goes before the state it found on every node, and never before a newer
// version: whatever nodes touch and write, in whatever order they hear of it, ends the same.
func TestTouchIsAStep(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // it must be the same each time
	lifetimes := memory.DefaultLifetimes()
	for range 5_000 {
		m, newer := random(r), random(r)
		m.AccessCount = r.Int64N(12)
		at := touchedAt.Add(time.Duration(r.Int64N(int64(400 * 24 * time.Hour))))
		touched := memory.Touch(m, at, lifetimes)
		same(t, "touch", touched, memory.Merge(m, touched))
		if m.ExpiresAt != nil && touched.ExpiresAt != nil && earlier(t, *touched.ExpiresAt, *m.ExpiresAt) {
			t.Fatalf("the touch shortened %+v", m)
		}

		elsewhere := memory.Touch(memory.Touch(m, at.Add(time.Second), lifetimes), at.Add(time.Minute), lifetimes)
		same(t, "two nodes", memory.Merge(touched, elsewhere), memory.Merge(elsewhere, touched))

		newer.UpdatedAt, newer.Generation = "2030-01-01T00:00:00+00:00", m.Generation
		joined := memory.Merge(touched, newer)
		same(t, "in any order", joined, memory.Merge(memory.Merge(newer, m), touched))
		if joined.Content != newer.Content || joined.Priority != newer.Priority || joined.UpdatedAt != newer.UpdatedAt {
			t.Fatalf("a touch of a stale row won over what is newer: %+v", joined)
		}
		if joined.AccessCount < touched.AccessCount || joined.Tier.Rank() < touched.Tier.Rank() {
			t.Fatalf("the touch was lost: %+v", joined)
		}
		if t.Failed() {
			t.Fatalf("m %+v", m)
		}
	}
}

func earlier(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := memory.ParseTime(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := memory.ParseTime(b)
	if err != nil {
		t.Fatal(err)
	}
	return x.Before(y)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for want, m := range map[int]memory.Memory{
		6: {Title: "rotate keys", Content: "every 90 days"}, 0: {Title: "a", Content: "bc"}, 1: {Title: "é", Content: "é"},
	} {
		if got := memory.Tokens(m); got != want {
			t.Errorf("%q costs %d, want %d", m.Title, got, want)
		}
	}
}
