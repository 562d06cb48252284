package service

import (
	"context"
	"fmt"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Promoted is what became of a promotion.
type Promoted struct {
	Memory memory.Memory       // as it is now; of a vertical promotion the clone
	Source string              // the id of the memory that was promoted, in full
	Queued *Queued             // not nil: it waits for approval, and nothing has changed
	Quorum *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold the memory as it is now.
func (p Promoted) Met() bool { return met(p.Quorum) }

// Promote makes the memory with an id, or a unique prefix of one, long, so that it does not expire;
// or, given a namespace above its own, copies it there and links the clone to it as derived_from
// (contract sections 2.6, 4.14). It waits for copies as Create does. Caller is the agent id of
// the transport, empty when not given. It returns *Invalid, then ErrNotFound or *AmbiguousPrefix,
// then *Denied.
func (s *Service) Promote(ctx context.Context, idOrPrefix, caller string, toNamespace *string) (Promoted, error) {
	if err := memory.ValidateID(idOrPrefix); err != nil {
		return Promoted{}, invalid(err)
	}
	agent, err := acting(caller)
	if err != nil {
		return Promoted{}, err
	}
	m, err := s.store.Get(ctx, idOrPrefix)
	if err != nil {
		return Promoted{}, fmt.Errorf("promote %s: %w", idOrPrefix, err)
	}
	if toNamespace != nil {
		if err := memory.ValidateAncestor(*toNamespace, m.Namespace); err != nil {
			return Promoted{}, invalid(err)
		}
	}
	act := Act{Action: ActionPromote, Caller: agent, Memory: m, ToNamespace: toNamespace}
	queued, err := s.admit(ctx, act)
	if err != nil || queued != nil {
		return Promoted{Memory: m, Source: m.ID, Queued: queued}, err
	}
	p := Promoted{Source: m.ID}
	now := s.clock.Now()
	p.Quorum, err = s.write(ctx, func(tx store.Tx) (err error) {
		if err := s.guarded(tx, act); err != nil {
			return err
		}
		if toNamespace != nil {
			p.Memory, err = cloneInto(tx, m.ID, *toNamespace, now)
			return err
		}
		long := memory.Long
		p.Memory, err = tx.Update(m.ID, memory.Patch{Tier: &long}, now)
		return err
	})
	if err != nil {
		return Promoted{}, fmt.Errorf("promote %s: %w", m.ID, err)
	}
	s.announce(EventPromote, p.Memory, agent)
	return p, nil
}

// cloneInto copies a memory into another namespace.
func cloneInto(tx store.Tx, id, namespace string, now time.Time) (memory.Memory, error) {
	source, err := tx.Get(id)
	if err != nil {
		return memory.Memory{}, err
	}
	clone, err := tx.Create(source.CloneTo(memory.NewID(), namespace, now))
	if err != nil {
		return memory.Memory{}, err
	}
	_, err = putLink(tx, clone.ID, source.ID, memory.DerivedFrom, now)
	return clone, err
}
