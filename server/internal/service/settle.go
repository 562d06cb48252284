package service

import (
	"context"
	"errors"
	"fmt"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// settle does what votes have decided that were given at several nodes at once, so that none of
// these saw enough of them. Of the nodes that come to know of all, that one does it at which the
// last vote was given. (Were it down, whoever votes again has it done.)
func (s *Service) settle(ctx context.Context, ids []string) {
	for _, id := range ids {
		if err := s.settleOne(ctx, id); err != nil {
			s.logger.Error("service: what was voted for is not done", "pending", id, "error", err)
		}
	}
}

func (s *Service) settleOne(ctx context.Context, id string) error {
	r, err := s.store.Record(ctx, memory.KindPending, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil // it was refused
	}
	if err != nil {
		return fmt.Errorf("read pending action %s: %w", id, err)
	}
	if p, err := memory.PendingOf(r); err != nil || !s.last(p) {
		return err
	}
	var d Decision
	err = s.spread(ctx, func(tx store.Tx) error {
		d = Decision{ID: id}
		return s.settleIn(tx, &d)
	})
	if err != nil {
		return fmt.Errorf("execute pending action %s: %w", id, err)
	}
	s.tell(d.announced...)
	return nil
}

// last tells whether an action waits and its last vote was given here.
func (s *Service) last(p memory.PendingAction) bool {
	n := len(p.Approvals)
	return p.Status == memory.Pending && n > 0 && p.Approvals[n-1].Node == s.store.Origin()
}

// settleIn does an action within a transaction if there are enough votes.
func (s *Service) settleIn(tx store.Tx, d *Decision) error {
	p, err := pendingIn(tx, d.ID)
	if err != nil || !s.last(p) {
		return err
	}
	g, err := governanceOf(p.Namespace, tx.Record, tx.Get)
	if err != nil || g == nil {
		return err
	}
	if needed := int(g.policy.Approver.Consensus); needed == 0 || len(p.Approvals) < needed {
		return nil
	}
	now := s.clock.Now()
	by := p.Approvals[len(p.Approvals)-1].AgentID
	err = s.conclude(tx, d, p.Decide(memory.Approved, by, memory.FormatTime(now)), now)
	if errors.Is(err, ErrNotExecuted) { // there is nobody to tell
		return nil
	}
	return err
}
