package memory

import (
	"sync/atomic"
	"time"
)

// MaxAhead bounds how far another node's time may push a Clock ahead of this machine's.
const MaxAhead = time.Minute

// Clock is a hybrid logical clock (Kulkarni et al., Logical Physical Clocks, 2014), its physical
// and logical part folded into one count of nanoseconds: it follows the wall clock, but every
// time it gives is later than all it gave before and all it was shown. It is safe for
// concurrent use.
type Clock struct {
	wall func() time.Time
	last atomic.Int64 // Unix nanoseconds
}

// NewClock returns a clock over a wall clock, usually time.Now.
func NewClock(wall func() time.Time) *Clock { return &Clock{wall: wall} }

// Now returns a time, in UTC, later than every time it has returned or accepted, also when the
// wall clock is set back.
func (c *Clock) Now() time.Time {
	for {
		last := c.last.Load()
		next := max(c.wall().UnixNano(), last+1)
		if c.last.CompareAndSwap(last, next) {
			return time.Unix(0, next).UTC()
		}
	}
}

// Observe shows the clock a time that another node wrote, so that what is written here
// afterwards is later. It returns false, and is not moved, when the time is more than MaxAhead
// after the wall clock: one node's wrong clock must not become everyone's. (A write over a row
// of such a time still wins over it: see Upsert.)
func (c *Clock) Observe(t time.Time) bool {
	if t.After(c.wall().Add(MaxAhead)) {
		return false
	}
	if t.Year() < 1970 { // UnixNano is undefined far outside 1678 to 2262
		return true
	}
	seen := t.UnixNano()
	for {
		last := c.last.Load()
		if seen <= last || c.last.CompareAndSwap(last, seen) {
			return true
		}
	}
}
