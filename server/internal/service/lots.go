package service

import (
	"context"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/store"
)

// lots makes changes that are too many for one transaction in several. When it waits, it waits for
// the copies of each until too few nodes hold one; what is left then spreads all the same.
type lots struct {
	service *Service
	wait    bool
	outcome *federation.Outcome // how the last wait ended; nil when there was none
}

// write runs a function within one transaction.
func (l *lots) write(ctx context.Context, do func(store.Tx) error) error {
	if !l.wait || !met(l.outcome) {
		return l.service.spread(ctx, do)
	}
	outcome, err := l.service.write(ctx, do)
	if outcome != nil {
		l.outcome = outcome
	}
	return err
}
