package curator_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"chaosctl/server/internal/curator"
)

// TestEvery makes the first cycle at once, keeps the interval within its bounds, and ends with its context.
func TestEvery(t *testing.T) {
	t.Parallel()
	for told, want := range map[time.Duration]time.Duration{
		0: time.Minute, time.Second: time.Minute, 61 * time.Second: 61 * time.Second, 1000 * time.Hour: 24 * time.Hour,
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			begun := time.Now()
			var at []time.Duration
			curator.Every(ctx, told, func(context.Context) {
				at = append(at, time.Since(begun))
				if len(at) == 3 {
					stop()
				}
			})
			if len(at) != 3 || at[0] != 0 || at[1] != want || at[2] != 2*want {
				t.Errorf("every %v: cycles at %v", told, at)
			}
		})
	}
}
