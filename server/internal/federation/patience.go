package federation

import (
	"context"
	"time"
)

const (
	firstPatience = 150 * time.Millisecond
	maxPatience   = 2 * time.Second
)

// patience bounds how long the exchanges with one peer may take. A cut may catch an answer on its
// way: then nothing of ours is unconfirmed, no time-out of the kernel runs, and the exchange would
// hang until the peer's next retransmission, long after the cut has healed. So patience is short
// at first; it doubles with each exchange that exhausts it, so that a peer that is slow, or that
// stands still for a while, is heard all the same.
type patience struct{ spent time.Duration } // by the last exchange; 0 when it was enough

// exchange calls a function with a context that ends when patience does.
func (p *patience) exchange(ctx context.Context, do func(context.Context) error) error {
	limit := min(max(2*p.spent, firstPatience), maxPatience)
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := do(limited)
	p.spent = 0
	if err != nil && limited.Err() != nil {
		p.spent = limit
	}
	return err
}
