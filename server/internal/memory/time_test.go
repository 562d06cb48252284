package memory_test

import (
	"sync"
	"testing"
	"time"

	"chaosctl/server/internal/memory"
)

func TestFormatTime(t *testing.T) {
	base := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	for ns, want := range map[int]string{
		0:           "2026-01-02T02:04:05+00:00",
		500_000_000: "2026-01-02T02:04:05.500+00:00",
		1_500_000:   "2026-01-02T02:04:05.001500+00:00",
		1:           "2026-01-02T02:04:05.000000001+00:00",
	} {
		if got := memory.FormatTime(base.Add(time.Duration(ns))); got != want {
			t.Errorf("%d ns: got %s, want %s", ns, got, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	want := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, plus := range map[string]time.Duration{
		"2026-01-02T03:04:05Z":                   0,
		"2026-01-02t03:04:05z":                   0,
		"2026-01-02 03:04:05+00:00":              0,
		"2026-01-02T03:04:05-00:00":              0,
		"2026-01-02T04:34:05+01:30":              0,
		"2026-01-01T19:04:05-08:00":              0,
		"2026-01-02T03:04:05.5Z":                 500 * time.Millisecond,
		"2026-01-02T03:04:05.0000000019999999Z":  1,
		"2026-01-02T03:03:60Z":                   -5 * time.Second,
		"2026-01-02T03:04:05.123456789+00:00":    123456789,
		"2026-01-03T03:03:05.000000001+23:59":    1,
		"2026-01-01T03:05:05.000000001000-23:59": 1,
	} {
		got, err := memory.ParseTime(text)
		if err != nil || !got.Equal(want.Add(plus)) || got.Location() != time.UTC {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want.Add(plus))
		}
	}
	for _, text := range []string{
		"", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04Z", "2026-1-02T03:04:05Z",
		"2026-13-02T03:04:05Z", "2026-00-02T03:04:05Z", "2026-02-29T03:04:05Z", "2026-01-32T03:04:05Z",
		"2026-01-02T24:04:05Z", "2026-01-02T03:60:05Z", "2026-01-02T03:04:61Z", "2026-01-02T03:04:05.Z",
		"2026-01-02T03:04:05,5Z", "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+01:60",
		"2026-01-02T03:04:05+0100", "2026-01-02T03:04:05+01", "2026-01-02T03:04:05Z ", " 2026-01-02T03:04:05Z",
		"2026-01-02_03:04:05Z", "-026-01-02T03:04:05Z", "٢٠26-01-02T03:04:05Z",
	} {
		if got, err := memory.ParseTime(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

func FuzzTimeRoundTrip(f *testing.F) {
	f.Add("2026-01-02T03:04:05.123456789-08:00")
	f.Add("0000-01-01 00:00:00z")
	f.Fuzz(func(t *testing.T, text string) {
		first, err := memory.ParseTime(text)
		if err != nil || first.Year() < 0 || first.Year() > 9999 {
			return
		}
		again, err := memory.ParseTime(memory.FormatTime(first))
		if err != nil || !again.Equal(first) {
			t.Errorf("%q is %v, written and read again %v, %v", text, first, again, err)
		}
	})
}

func TestClock(t *testing.T) {
	wall := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := memory.NewClock(func() time.Time { return wall })
	later := func(than time.Time) time.Time {
		t.Helper()
		now := clock.Now()
		if !now.After(than) {
			t.Fatalf("%v is not after %v", now, than)
		}
		return now
	}
	now := later(wall.Add(-1))
	now = later(now)
	wall = wall.Add(-time.Hour) // set back
	later(now)
	wall = wall.Add(2 * time.Hour)
	later(wall.Add(-1))

	seen := wall.Add(memory.MaxAhead)
	if !clock.Observe(seen) {
		t.Error("a time MaxAhead away was refused")
	}
	now = later(seen)
	if clock.Observe(now.Add(-time.Minute)); !clock.Now().After(now) {
		t.Error("an old time moved the clock back")
	}
	if clock.Observe(wall.Add(memory.MaxAhead + 1)) {
		t.Error("a time more than MaxAhead away was accepted")
	}
	if got := clock.Now().Sub(wall); got > memory.MaxAhead+time.Second {
		t.Errorf("the clock is %v ahead", got)
	}
	for _, text := range []string{"0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"} {
		far, err := memory.ParseTime(text)
		if err != nil {
			t.Fatal(err)
		}
		before := clock.Now()
		clock.Observe(far)
		if got := clock.Now().Sub(before); got > time.Second {
			t.Errorf("%s moved the clock by %v", text, got)
		}
	}
}

func TestClockGivesEachTimeOnce(t *testing.T) {
	clock := memory.NewClock(time.Now)
	const each = 2000
	var given sync.Map
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range each {
				if now := clock.Now(); !unique(&given, now) {
					t.Errorf("%v was given twice", now)
				}
			}
		})
	}
	all.Wait()
}

func unique(given *sync.Map, now time.Time) bool {
	_, twice := given.LoadOrStore(now.UnixNano(), true)
	return !twice
}
