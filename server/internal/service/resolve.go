package service

import (
	"context"
	"fmt"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// What a memory that was superseded is worth from then on (contract section 4.8).
const (
	supersededPriority   int32   = 1
	supersededConfidence float64 = 0.1
)

// Resolved is what became of a contradiction that was resolved.
type Resolved struct {
	Winner, Loser memory.Memory       // as they are now
	Quorum        *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold it.
func (r Resolved) Met() bool { return met(r.Quorum) }

// Resolve says that one memory supersedes another, both named by their full ids: a link tells so,
// the loser gets the least priority and little confidence, and the winner is touched (contract sections 4.4 and
// 7.2). A policy takes the change of the loser as storing it: *Denied, also where it wants it
// approved. What breaks a rule is *Invalid; then *Unknown.
func (s *Service) Resolve(ctx context.Context, winner, loser, caller string) (Resolved, error) {
	if err := memory.ValidateLink(winner, loser, memory.Supersedes); err != nil {
		return Resolved{}, invalid(err)
	}
	agent := named(caller)
	if err := s.mayDemote(ctx, loser, agent); err != nil {
		return Resolved{}, err
	}
	now := s.clock.Now()
	var r Resolved
	outcome, err := s.write(ctx, func(tx store.Tx) (err error) {
		if r.Winner, err = found(tx, "source memory", winner); err != nil {
			return err
		}
		if r.Loser, err = found(tx, "target memory", loser); err != nil {
			return err
		}
		if err := s.guarded(tx, Act{Action: ActionStore, Caller: agent, Memory: r.Loser, Changes: true}); err != nil {
			return err
		}
		if _, err := putLink(tx, winner, loser, memory.Supersedes, now); err != nil {
			return err
		}
		priority, confidence := supersededPriority, supersededConfidence
		if r.Loser, err = tx.Update(loser, memory.Patch{Priority: &priority, Confidence: &confidence}, now); err != nil {
			return err
		}
		r.Winner = memory.Touch(r.Winner, now, s.options.Lifetimes)
		return tx.Amend(r.Winner)
	})
	if err != nil {
		return Resolved{}, fmt.Errorf("let %s supersede %s: %w", winner, loser, err)
	}
	s.announce(EventLink, r.Winner, agent)
	r.Quorum = outcome
	return r, nil
}

// mayDemote asks the policy of a memory that is to be superseded, if it is there.
func (s *Service) mayDemote(ctx context.Context, id, agent string) error {
	found, err := s.store.Pick(ctx, []string{id})
	if err != nil {
		return fmt.Errorf("look for %s: %w", id, err)
	}
	for _, m := range found {
		if err := s.permit(ctx, Act{Action: ActionStore, Caller: agent, Memory: m, Changes: true}, "a resolution"); err != nil {
			return err
		}
	}
	return nil
}
