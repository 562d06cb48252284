package runner

import (
	"context"
	"errors"
	"time"

	"chaosctl/faults"
)

var _ faults.Load = (*traffic)(nil)

// errNoStrike says that the load was over before the fault's moment had come.
var errNoStrike = errors.New("the load was over before the fault could strike")

// awaitSent waits until n writes are fully sent. It returns errNoStrike when the load is over
// before.
func (t *traffic) awaitSent(ctx context.Context, n int) error {
	for {
		t.mu.Lock()
		sent, change := t.sent, t.change
		t.mu.Unlock()
		if sent >= n {
			return nil
		}
		select {
		case <-change:
		case <-t.over:
			return errNoStrike
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Sent counts the writes that are fully sent.
func (t *traffic) Sent() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent
}

// Unanswered counts the writes that are fully sent and not answered.
func (t *traffic) Unanswered() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.unanswered)
}

// quiet is how long no answer may have come for those that had arrived to count as read. What
// is read too late only makes a cycle count as not exercised.
const quiet = 10 * time.Millisecond

// Drained returns the number of unanswered writes once no answer came for a while.
func (t *traffic) Drained(ctx context.Context) (int, error) {
	for {
		t.mu.Lock()
		unanswered, change := len(t.unanswered), t.change
		t.mu.Unlock()
		timer := time.NewTimer(quiet)
		select {
		case <-change:
			timer.Stop()
		case <-timer.C:
			return unanswered, nil
		case <-ctx.Done():
			timer.Stop()
			return unanswered, context.Cause(ctx)
		}
	}
}
