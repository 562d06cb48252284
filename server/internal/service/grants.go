package service

import (
	"context"
	"encoding/json"
	"fmt"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Granted is what became of a grant, or of its end.
type Granted struct {
	ID     string              // in full
	Had    bool                // the agent had a permission before
	Quorum *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold it.
func (g Granted) Met() bool { return met(g.Quorum) }

// Grant lets an agent do something with a memory that a policy of the level owner leaves to its
// owner: see memory.KeyGrants. Only the owner, and whom it made an admin, may: *Forbidden.
func (s *Service) Grant(ctx context.Context, idOrPrefix, agent string, p memory.Permission, caller string) (Granted, error) {
	if err := memory.ValidatePermission(p); err != nil {
		return Granted{}, invalid(err)
	}
	return s.regrant(ctx, idOrPrefix, agent, caller, func(grants map[string]memory.Permission) { grants[agent] = p })
}

// Revoke ends what Grant began.
func (s *Service) Revoke(ctx context.Context, idOrPrefix, agent, caller string) (Granted, error) {
	return s.regrant(ctx, idOrPrefix, agent, caller, func(grants map[string]memory.Permission) { delete(grants, agent) })
}

func (s *Service) regrant(
	ctx context.Context, idOrPrefix, agent, caller string, change func(map[string]memory.Permission),
) (out Granted, err error) {
	if err := memory.ValidateID(idOrPrefix); err != nil {
		return out, invalid(err)
	}
	if err := memory.ValidateAgentID(agent); err != nil {
		return out, invalid(err)
	}
	by, err := acting(caller)
	if err != nil {
		return out, err
	}
	var row memory.Memory
	out.Quorum, err = s.write(ctx, func(tx store.Tx) error {
		m, err := tx.Get(idOrPrefix)
		if err != nil {
			return err
		}
		if err := mayGrant(m, by); err != nil {
			return err
		}
		grants := m.Grants()
		out.ID = m.ID
		_, out.Had = grants[agent]
		change(grants)
		var value json.RawMessage
		if len(grants) > 0 {
			if value, err = json.Marshal(grants); err != nil {
				return err
			}
		}
		metadata := memory.WithKey(m.Metadata, memory.KeyGrants, value)
		if err := memory.ValidateMetadata(metadata); err != nil {
			return invalid(err)
		}
		row, err = tx.Update(m.ID, memory.Patch{Metadata: metadata}, s.clock.Now())
		return err
	})
	if err != nil {
		return Granted{}, fmt.Errorf("change the grants of memory %s: %w", idOrPrefix, err)
	}
	s.announce(EventUpdate, row, caller)
	return out, nil
}

// mayGrant refuses who is neither the owner nor an admin of a memory, and everyone when it is
// nobody's.
func mayGrant(m memory.Memory, by string) error {
	if err := reserved(Act{Action: ActionStore, Memory: m}); err != nil {
		return err
	}
	claim := memory.Claim{Caller: by, Owner: m.AgentID(), Granted: m.Granted(by, memory.MayAdmin)}
	if _, reason := memory.LevelOwner.Decide(claim); reason != "" {
		return &Forbidden{"grant denied: " + reason}
	}
	return nil
}
