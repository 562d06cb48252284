package memory_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
)

func TestLifetimes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(d time.Duration) *string {
		text := memory.FormatTime(now.Add(d))
		return &text
	}
	tests := map[string]struct {
		lifetimes memory.Lifetimes
		want      [3]*string // short, mid, long
		extension [3]time.Duration
	}{
		"defaults": {
			memory.DefaultLifetimes(),
			[3]*string{at(21600 * time.Second), at(604800 * time.Second), nil},
			[3]time.Duration{3600 * time.Second, 86400 * time.Second, 0},
		},
		"zero is endless": {memory.Lifetimes{}, [3]*string{}, [3]time.Duration{}},
		"negative is endless and extends nothing": {
			memory.Lifetimes{Short: -1, Mid: -time.Hour, Long: -1, ShortExtend: -1, MidExtend: -time.Hour},
			[3]*string{}, [3]time.Duration{},
		},
		"capped at ten years": {
			memory.Lifetimes{Short: 1 << 62, Mid: memory.MaxLifetime + 1, Long: memory.MaxLifetime, ShortExtend: 1 << 62, MidExtend: 1},
			[3]*string{at(memory.MaxLifetime), at(memory.MaxLifetime), at(memory.MaxLifetime)},
			[3]time.Duration{memory.MaxLifetime, 1, 0},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var (
				got       [3]*string
				extension [3]time.Duration
			)
			for i, tier := range memory.Tiers() {
				got[i], extension[i] = test.lifetimes.Expiry(tier, now), test.lifetimes.Extension(tier)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("expiry (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.extension, extension); diff != "" {
				t.Errorf("extension (-want +got):\n%s", diff)
			}
		})
	}
	if got := memory.DefaultLifetimes().Expiry("epic", now); got != nil {
		t.Errorf("an unknown tier expires at %s, want never", *got)
	}
}
