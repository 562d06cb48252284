package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// maxAgents bounds the list of agents, in rows.
const maxAgents = 100_000

// Agents returns the registrations, first registered first (contract section 2.12).
func (s *Service) Agents(ctx context.Context) ([]memory.Registration, error) {
	namespace := memory.AgentsNamespace
	rows, err := s.store.List(ctx, Query{Namespace: &namespace, Limit: maxAgents})
	if err != nil {
		return nil, fmt.Errorf("list agents: %w", err)
	}
	out := make([]memory.Registration, len(rows))
	for i, m := range rows {
		out[i] = memory.RegistrationOf(m)
	}
	slices.SortStableFunc(out, func(a, b memory.Registration) int { return cmp.Compare(a.RegisteredAt, b.RegisteredAt) })
	return out, nil
}

// Registered is what became of a registration.
type Registered struct {
	ID           string // of the row that keeps it
	Registration memory.Registration
	Quorum       *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold the registration.
func (r Registered) Met() bool { return met(r.Quorum) }

// Register registers an agent, or renews its registration: when it was first registered stays
// (contract section 4.11). What breaks a rule is *Invalid.
func (s *Service) Register(ctx context.Context, agent, kind string, capabilities []string) (Registered, error) {
	r := memory.Registration{AgentID: agent, AgentType: kind, Capabilities: capabilities}
	if err := r.Validate(); err != nil {
		return Registered{}, invalid(err)
	}
	r.LastSeenAt = memory.FormatTime(s.clock.Now())
	var out Registered
	quorum, err := s.write(ctx, func(tx store.Tx) error {
		r.RegisteredAt = r.LastSeenAt
		was, err := tx.ByTitle(memory.AgentTitle(agent), memory.AgentsNamespace)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return err
		case was.AgentID() != agent && was.AgentID() != "": // it would stay that agent's
			if _, err := tx.Delete(was.ID, s.clock.Now()); err != nil {
				return err
			}
		default:
			if first := memory.RegistrationOf(was).RegisteredAt; memory.ValidateExpiry(first) == nil {
				r.RegisteredAt = first
			}
		}
		row, err := tx.Create(r.Memory(memory.NewID()))
		out = Registered{ID: row.ID, Registration: memory.RegistrationOf(row)}
		return err
	})
	if err != nil {
		return Registered{}, fmt.Errorf("register agent %s: %w", agent, err)
	}
	out.Quorum = quorum
	return out, nil
}

// registered tells whether an agent is registered.
func (s *Service) registered(ctx context.Context, agent string) (bool, error) {
	namespace := memory.AgentsNamespace
	rows, err := s.store.List(ctx, Query{Namespace: &namespace, AgentID: &agent, Limit: maxAgents})
	if err != nil {
		return false, fmt.Errorf("look for agent %s: %w", agent, err)
	}
	return slices.ContainsFunc(rows, func(m memory.Memory) bool { return m.Registers(agent) }), nil
}
