package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Consolidation is a request to merge memories into one (contract section 2.9).
type Consolidation struct {
	IDs       []string // in full
	Title     string
	Summary   string // the content
	Namespace string
	Tier      memory.Tier
	Source    string // memory.SourceConsolidation, or memory.SourceCLI
	AgentID   string // from the body; empty: not given
	Caller    string // from the transport; empty: not given
}

// Consolidated is what became of it.
type Consolidated struct {
	Memory memory.Memory       // the new one
	Quorum *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold the new memory and have deleted its sources.
func (c Consolidated) Met() bool { return met(c.Quorum) }

// Consolidate stores one memory made of several by memory.Consolidate and deletes these for ever,
// in one transaction, and waits for copies as Create does. It returns *Invalid for what breaks a
// rule, also of what the sources hold together; *Unknown; *TitleInUse, also when one of the sources
// has the title; and *Denied when a policy forbids, or wants approved, what has to be done.
func (s *Service) Consolidate(ctx context.Context, c Consolidation) (Consolidated, error) {
	if err := memory.ValidateConsolidation(c.IDs, c.Title, c.Summary, c.Namespace); err != nil {
		return Consolidated{}, invalid(err)
	}
	agent, err := requester(Draft{AgentID: c.AgentID, Caller: c.Caller})
	if err != nil {
		return Consolidated{}, err
	}
	wanted := memory.Consolidation{
		ID: memory.NewID(), Title: c.Title, Summary: c.Summary, Namespace: c.Namespace,
		Tier: c.Tier, Source: c.Source, AgentID: agent,
	}
	now := s.clock.Now()
	if err := s.mayConsolidate(ctx, c.IDs, wanted, now); err != nil {
		return Consolidated{}, err
	}
	var out Consolidated
	out.Quorum, err = s.write(ctx, func(tx store.Tx) (err error) {
		out.Memory, err = s.consolidate(tx, c.IDs, wanted, now)
		return err
	})
	if err != nil {
		return Consolidated{}, fmt.Errorf("consolidate %d memories: %w", len(c.IDs), err)
	}
	s.announce(EventConsolidate, out.Memory, agent)
	return out, nil
}

// mayConsolidate asks the policies. What has to be approved is denied: half of a consolidation
// cannot wait.
func (s *Service) mayConsolidate(ctx context.Context, ids []string, c memory.Consolidation, now time.Time) error {
	sources, err := s.store.Pick(ctx, ids)
	if err != nil {
		return err
	}
	acts := []Act{{Action: ActionStore, Caller: c.AgentID, Memory: memory.Memory{
		ID: c.ID, Title: c.Title, Content: c.Summary, Namespace: c.Namespace, CreatedAt: memory.FormatTime(now),
	}}}
	for _, m := range sources {
		acts = append(acts, Act{Action: ActionDelete, Caller: c.AgentID, Memory: m})
	}
	for _, a := range acts {
		if err := s.permit(ctx, a, "a consolidation"); err != nil {
			return err
		}
	}
	return nil
}

// consolidate does it within a transaction.
func (s *Service) consolidate(tx store.Tx, ids []string, c memory.Consolidation, now time.Time) (memory.Memory, error) {
	sources := make([]memory.Memory, len(ids))
	for i, id := range ids {
		var err error
		if sources[i], err = found(tx, "memory", id); err != nil {
			return memory.Memory{}, err
		}
		if err := s.guarded(tx, Act{Action: ActionDelete, Caller: c.AgentID, Memory: sources[i]}); err != nil {
			return memory.Memory{}, err
		}
	}
	other, err := tx.ByTitle(c.Title, c.Namespace)
	switch {
	case err == nil:
		return memory.Memory{}, &TitleInUse{Title: c.Title, Namespace: c.Namespace, ID: other.ID}
	case !errors.Is(err, store.ErrNotFound):
		return memory.Memory{}, err
	}
	m, err := memory.Consolidate(sources, c, now)
	var broken *memory.Invalid
	if errors.As(err, &broken) {
		return memory.Memory{}, invalid(broken)
	}
	if err != nil {
		return memory.Memory{}, err
	}
	if m, err = tx.Create(m); err != nil {
		return memory.Memory{}, err
	}
	for _, id := range ids {
		if _, err := tx.Delete(id, now); err != nil {
			return memory.Memory{}, err
		}
		if err := unseat(tx, id, now); err != nil {
			return memory.Memory{}, err
		}
	}
	return m, nil
}
