package service

import (
	"context"
	"fmt"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
)

// Updated is what became of an update.
type Updated struct {
	Memory memory.Memory
	Quorum *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold the memory as it is now.
func (u Updated) Met() bool { return met(u.Quorum) }

// Update changes the memory with an id or a unique prefix of one, and waits for its copies as
// Create does. What cannot be an id and what breaks a rule is *Invalid, before the memory is
// looked for; then ErrNotFound, *AmbiguousPrefix, or *TitleInUse.
func (s *Service) Update(ctx context.Context, idOrPrefix string, p memory.Patch) (Updated, error) {
	if err := memory.ValidateID(idOrPrefix); err != nil {
		return Updated{}, invalid(err)
	}
	if err := p.Validate(); err != nil {
		return Updated{}, invalid(err)
	}
	change, err := s.store.Update(context.WithoutCancel(ctx), idOrPrefix, p, s.clock.Now())
	if err != nil {
		return Updated{}, fmt.Errorf("update %s: %w", idOrPrefix, err)
	}
	return Updated{Memory: change.Memory, Quorum: s.await(ctx, change)}, nil
}

// Deleted is what became of a deletion.
type Deleted struct {
	ID     string              // in full
	Quorum *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold the deletion.
func (d Deleted) Met() bool { return met(d.Quorum) }

// Delete removes the memory with an id or a unique prefix of one, and waits until enough nodes
// have done so too. Caller is the agent id of the transport, empty when not given. What cannot be
// an id is *Invalid; then ErrNotFound or *AmbiguousPrefix. When the nodes are too few, the memory
// is deleted here all the same, and will be everywhere.
func (s *Service) Delete(ctx context.Context, idOrPrefix, caller string) (Deleted, error) {
	if err := memory.ValidateID(idOrPrefix); err != nil {
		return Deleted{}, invalid(err)
	}
	if caller != "" {
		if err := memory.ValidateAgentID(caller); err != nil {
			return Deleted{}, &Invalid{"invalid agent_id: " + err.Error()}
		}
	}
	change, err := s.store.Delete(context.WithoutCancel(ctx), idOrPrefix, s.clock.Now())
	if err != nil {
		return Deleted{}, fmt.Errorf("delete %s: %w", idOrPrefix, err)
	}
	return Deleted{ID: change.ID(), Quorum: s.await(ctx, change)}, nil
}
