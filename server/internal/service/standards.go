package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// StandardDraft says what the standard of a namespace is to be.
type StandardDraft struct {
	Namespace  string
	MemoryID   string          // exact
	Parent     *string         // nil: the nearest namespace by hyphens that has a standard
	Governance json.RawMessage // nil: the memory's policy stays as it is
	Caller     string          // from the transport
}

// StandardSet is what became of a StandardDraft.
type StandardSet struct {
	Standard memory.Standard
	Quorum   *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold it.
func (s StandardSet) Met() bool { return met(s.Quorum) }

// SetStandard makes a memory the standard of a namespace (contract section 4.13), and gives it a
// policy if there is one in the draft. Rules that are broken are *Invalid, an unknown memory is
// *Unknown. Where a namespace has a policy, only the owner of the memory that holds it may put
// another in its place, and only a memory's owner may change a policy that it holds: *Denied.
func (s *Service) SetStandard(ctx context.Context, d StandardDraft) (StandardSet, error) {
	standard := memory.Standard{Namespace: d.Namespace, StandardID: d.MemoryID}
	if d.Parent != nil {
		standard.Parent = *d.Parent
		if *d.Parent == "" {
			return StandardSet{}, &Invalid{"namespace cannot be empty"}
		}
	}
	if err := standard.Validate(); err != nil {
		return StandardSet{}, invalid(err)
	}
	if d.Governance != nil {
		if _, err := memory.ParsePolicy(d.Governance); err != nil {
			return StandardSet{}, invalid(err)
		}
	}
	agent, err := acting(d.Caller)
	if err != nil {
		return StandardSet{}, err
	}
	if err := s.admitPolicy(ctx, d, agent); err != nil {
		return StandardSet{}, err
	}
	var out StandardSet
	var row memory.Memory
	out.Quorum, err = s.write(ctx, func(tx store.Tx) (err error) {
		out.Standard, row, err = s.setStandard(tx, d, standard, agent)
		return err
	})
	if err != nil {
		return StandardSet{}, fmt.Errorf("set the standard of namespace %s: %w", d.Namespace, err)
	}
	if d.Governance != nil {
		s.announce(EventUpdate, row, d.Caller)
	}
	return out, nil
}

// admitPolicy asks the policy of the memory's own namespace whether the memory may be given one.
func (s *Service) admitPolicy(ctx context.Context, d StandardDraft, agent string) error {
	if d.Governance == nil {
		return nil
	}
	m, err := exactly(d.MemoryID, func(id string) (memory.Memory, error) { return s.store.Get(ctx, id) })
	if errors.Is(err, store.ErrNotFound) {
		return &Unknown{"memory", d.MemoryID}
	}
	if err != nil {
		return fmt.Errorf("look for memory %s: %w", d.MemoryID, err)
	}
	verdict, err := s.judge(ctx, Act{Action: ActionStore, Caller: agent, Memory: m, Changes: true})
	if err == nil && verdict == memory.Queue && m.AgentID() != agent {
		err = &Denied{ActionStore, "governance: a policy cannot wait for approval"}
	}
	return err
}

// setStandard does it within a transaction, and returns the memory as it is then.
func (s *Service) setStandard(
	tx store.Tx, d StandardDraft, standard memory.Standard, agent string,
) (memory.Standard, memory.Memory, error) {
	m, err := found(tx, "memory", d.MemoryID)
	if err != nil {
		return standard, m, err
	}
	was, err := s.replaceable(tx, d.Namespace, agent)
	if err != nil {
		return standard, m, err
	}
	now := s.clock.Now()
	if d.Governance != nil {
		if m, err = s.givePolicy(tx, m, d.Governance, agent, now); err != nil {
			return standard, m, err
		}
	}
	if d.Parent == nil {
		if standard.Parent, err = parentOf(tx, d.Namespace); err != nil {
			return standard, m, err
		}
	}
	return standard, m, tx.Put(standard.Record(max(now.UnixNano(), was+1)))
}

// givePolicy puts a policy into a memory's metadata.
func (s *Service) givePolicy(
	tx store.Tx, m memory.Memory, policy json.RawMessage, agent string, now time.Time,
) (memory.Memory, error) {
	if err := reserved(Act{Action: ActionStore, Memory: m}); err != nil {
		return m, err
	}
	if err := guard(tx, Act{Action: ActionStore, Caller: agent, Memory: m, Changes: true}); err != nil {
		return m, err
	}
	metadata := memory.WithKey(m.Metadata, memory.KeyGovernance, policy)
	if err := memory.ValidateMetadata(metadata); err != nil {
		return m, invalid(err)
	}
	return tx.Update(m.ID, memory.Patch{Metadata: metadata}, now)
}

// replaceable refuses to let a policy be put aside by who may not change it. It returns the stamp
// of the standard that is there.
func (s *Service) replaceable(tx store.Tx, namespace, agent string) (stamp int64, err error) {
	r, err := tx.Record(memory.KindStandard, namespace)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	g, err := governanceOf(namespace, tx.Record, tx.Get)
	if err != nil || g == nil {
		return r.Stamp, err
	}
	return r.Stamp, guard(tx, Act{Action: ActionStore, Caller: agent, Memory: g.standard, Changes: true})
}

// parentOf is the nearest namespace that a namespace is under by hyphens and that has a standard.
func parentOf(tx store.Tx, namespace string) (string, error) {
	for _, parent := range memory.Truncations(namespace) {
		_, err := tx.Record(memory.KindStandard, parent)
		if err == nil {
			return parent, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
	}
	return "", nil
}

// Cleared is what became of the end of a standard.
type Cleared struct {
	Cleared bool                // there was one
	Quorum  *federation.Outcome // nil when this node stands alone, or nothing was changed
}

// Met tells whether enough nodes hold it.
func (c Cleared) Met() bool { return met(c.Quorum) }

// ClearStandard lets a namespace have no standard, for whom SetStandard would let put another.
func (s *Service) ClearStandard(ctx context.Context, namespace, caller string) (Cleared, error) {
	if err := memory.ValidateNamespace(namespace); err != nil {
		return Cleared{}, invalid(err)
	}
	agent, err := acting(caller)
	if err != nil {
		return Cleared{}, err
	}
	quorum, err := s.write(ctx, func(tx store.Tx) error {
		r, err := tx.Record(memory.KindStandard, namespace)
		if err != nil {
			return err
		}
		if _, err := s.replaceable(tx, namespace, agent); err != nil {
			return err
		}
		return tx.Put(r.Ended(s.clock.Now().UnixNano()))
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Cleared{}, nil
	case err != nil:
		return Cleared{}, fmt.Errorf("clear the standard of namespace %s: %w", namespace, err)
	}
	return Cleared{true, quorum}, nil
}

// FoundStandard is the standard of a namespace.
type FoundStandard struct {
	memory.Standard
	Memory *memory.Memory // nil: it is gone
	Policy memory.Policy  // the default when the memory has none
}

// Standard returns the standard of exactly a namespace; nil when it has none.
func (s *Service) Standard(ctx context.Context, namespace string) (*FoundStandard, error) {
	if err := memory.ValidateNamespace(namespace); err != nil {
		return nil, invalid(err)
	}
	return s.standard(ctx, namespace)
}

func (s *Service) standard(ctx context.Context, namespace string) (*FoundStandard, error) {
	r, err := s.store.Record(ctx, memory.KindStandard, namespace)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // it has none
	}
	if err != nil {
		return nil, fmt.Errorf("read the standard of namespace %s: %w", namespace, err)
	}
	found := &FoundStandard{Policy: memory.DefaultPolicy()}
	if found.Standard, err = memory.StandardOf(r); err != nil {
		return nil, err
	}
	m, err := exactly(found.StandardID, func(id string) (memory.Memory, error) { return s.store.Get(ctx, id) })
	switch {
	case errors.Is(err, store.ErrNotFound):
		return found, nil
	case err != nil:
		return nil, fmt.Errorf("read the standard of namespace %s: %w", namespace, err)
	}
	found.Memory = &m
	if policy, ok := m.Policy(); ok {
		found.Policy = policy
	}
	return found, nil
}

// Standards returns the namespaces whose standards hold for a namespace, most general first, and
// the standards that are there.
func (s *Service) Standards(ctx context.Context, namespace string) (chain []string, found []FoundStandard, err error) {
	if err := memory.ValidateNamespace(namespace); err != nil {
		return nil, nil, invalid(err)
	}
	chain, err = memory.Chain(strings.TrimSpace(namespace), func(of string) (string, error) {
		if !s.governs() {
			return "", nil
		}
		r, err := s.store.Record(ctx, memory.KindStandard, of)
		if errors.Is(err, store.ErrNotFound) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		standard, err := memory.StandardOf(r)
		return standard.Parent, err
	})
	if err != nil || !s.governs() {
		return chain, nil, err
	}
	for _, name := range chain {
		one, err := s.standard(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		if one != nil && one.Memory != nil {
			found = append(found, *one)
		}
	}
	return chain, found, nil
}
