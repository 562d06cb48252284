package runner

import (
	"context"
	"time"
)

// Bounds of the time between two looks.
const (
	firstLook   = 2 * time.Millisecond
	slowestLook = 100 * time.Millisecond
)

// poll looks until it sees what it looks for or ctx ends, and tells which. It looks at once, then
// ever more slowly: a system under test is to be asked gently.
func poll(ctx context.Context, look func(try int) (seen bool)) bool {
	pause := firstLook
	timer := time.NewTimer(0)
	defer timer.Stop()
	for try := 1; ; try++ {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
		}
		if look(try) {
			return true
		}
		timer.Reset(pause)
		pause = min(pause*3/2, slowestLook)
	}
}
