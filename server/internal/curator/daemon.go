package curator

import (
	"context"
	"time"
)

// How long a daemon may be told to wait between two cycles (contract section 9.6); what is less or more counts
// as these.
const (
	MinInterval = time.Minute
	MaxInterval = 24 * time.Hour
)

// Every makes a cycle, waits for an interval, and so on until ctx ends.
func Every(ctx context.Context, interval time.Duration, cycle func(context.Context)) {
	interval = min(max(interval, MinInterval), MaxInterval)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		cycle(ctx)
		timer.Reset(interval)
	}
}
