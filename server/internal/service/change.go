package service

import (
	"context"
	"fmt"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Updated is what became of an update.
type Updated struct {
	Memory memory.Memory
	Queued *Queued             // not nil: nothing else has happened
	Quorum *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold the memory as it is now.
func (u Updated) Met() bool { return met(u.Quorum) }

// Update changes the memory with an id or a unique prefix of one, and waits for its copies as
// Create does. What cannot be an id and what breaks a rule is *Invalid, before the memory is
// looked for; then ErrNotFound, *AmbiguousPrefix, or *TitleInUse. A policy takes it as storing the
// memory as it is to be: it is *Denied, or queued. Caller is the agent id of the transport; one
// that cannot be an agent id counts as none, as clients of 0.6.0 may send any.
func (s *Service) Update(ctx context.Context, idOrPrefix string, p memory.Patch, caller string) (Updated, error) {
	if err := memory.ValidateID(idOrPrefix); err != nil {
		return Updated{}, invalid(err)
	}
	if err := p.Validate(); err != nil {
		return Updated{}, invalid(err)
	}
	agent := caller
	if memory.ValidateAgentID(caller) != nil {
		caller, agent = "", anonymous()
	}
	if s.governs() {
		queued, err := s.admitUpdate(ctx, idOrPrefix, p, agent)
		if err != nil || queued != nil {
			return Updated{Queued: queued}, err
		}
	}
	var row memory.Memory
	now := s.clock.Now()
	quorum, err := s.write(ctx, func(tx store.Tx) (err error) {
		row, err = s.update(tx, idOrPrefix, p, agent, now)
		return err
	})
	if err != nil {
		return Updated{}, fmt.Errorf("update %s: %w", idOrPrefix, err)
	}
	s.announce(EventUpdate, row, caller)
	return Updated{Memory: row, Quorum: quorum}, nil
}

// update changes a memory within a transaction. Its grants stay as they are.
func (s *Service) update(tx store.Tx, idOrPrefix string, p memory.Patch, agent string, now time.Time) (memory.Memory, error) {
	was, err := tx.Get(idOrPrefix)
	if err != nil {
		return was, err
	}
	if err := reserved(Act{Action: ActionStore, Memory: was}); err != nil {
		return was, err
	}
	if p.Metadata != nil {
		p.Metadata = memory.KeepGrants(was, p.Metadata)
	}
	if p.Namespace != nil {
		if err := reserved(Act{Action: ActionStore, Memory: memory.Memory{Namespace: *p.Namespace}}); err != nil {
			return was, err
		}
	}
	if s.governs() {
		if err := guard(tx, Act{Action: ActionStore, Caller: agent, Memory: was, Changes: true}); err != nil {
			return was, err
		}
	}
	return tx.Update(was.ID, p, now)
}

// admitUpdate asks the policies about an update. One that moves a memory stores it at one place and
// deletes it at another; such a thing does not wait for approval.
func (s *Service) admitUpdate(ctx context.Context, idOrPrefix string, p memory.Patch, agent string) (*Queued, error) {
	was, err := s.store.Get(ctx, idOrPrefix)
	if err != nil {
		return nil, fmt.Errorf("update %s: %w", idOrPrefix, err)
	}
	if p.Metadata != nil {
		p.Metadata = memory.KeepGrants(was, p.Metadata)
	}
	to := Act{Action: ActionStore, Caller: agent, Memory: memory.Update(was, p, s.clock.Now()), Changes: true}
	if to.Memory.Namespace == was.Namespace && to.Memory.Title == was.Title {
		return s.admit(ctx, to)
	}
	acts := []Act{to}
	if to.Memory.Namespace != was.Namespace {
		acts = append(acts, Act{Action: ActionDelete, Caller: agent, Memory: was})
	}
	for _, a := range acts {
		if err := s.permit(ctx, a, "a change of title or namespace"); err != nil {
			return nil, err
		}
	}
	return nil, nil //nolint:nilnil // it may be done
}

// Deleted is what became of a deletion.
type Deleted struct {
	ID     string              // in full
	Queued *Queued             // not nil: nothing else has happened
	Quorum *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold the deletion.
func (d Deleted) Met() bool { return met(d.Quorum) }

// Delete removes the memory with an id or a unique prefix of one, and waits until enough nodes
// have done so too. Caller is the agent id of the transport, empty when not given. What cannot be
// an id is *Invalid; then ErrNotFound, *AmbiguousPrefix, or *Denied; or it is queued. When the
// nodes are too few, the memory is deleted here all the same, and will be everywhere.
func (s *Service) Delete(ctx context.Context, idOrPrefix, caller string) (Deleted, error) {
	if err := memory.ValidateID(idOrPrefix); err != nil {
		return Deleted{}, invalid(err)
	}
	agent, err := acting(caller)
	if err != nil {
		return Deleted{}, err
	}
	if s.governs() {
		row, err := s.store.Get(ctx, idOrPrefix)
		if err != nil {
			return Deleted{}, fmt.Errorf("delete %s: %w", idOrPrefix, err)
		}
		queued, err := s.admit(ctx, Act{Action: ActionDelete, Caller: agent, Memory: row})
		if err != nil || queued != nil {
			return Deleted{Queued: queued}, err
		}
	}
	var row memory.Memory
	now := s.clock.Now()
	quorum, err := s.write(ctx, func(tx store.Tx) (err error) {
		row, err = s.delete(tx, idOrPrefix, agent, now)
		return err
	})
	if err != nil {
		return Deleted{}, fmt.Errorf("delete %s: %w", idOrPrefix, err)
	}
	s.announce(EventDelete, row, caller)
	return Deleted{ID: row.ID, Quorum: quorum}, nil
}

// delete removes a memory within a transaction, and the standards that it was.
func (s *Service) delete(tx store.Tx, idOrPrefix, agent string, now time.Time) (memory.Memory, error) {
	if !s.governs() {
		row, err := tx.Delete(idOrPrefix, now)
		if err != nil {
			return row, err
		}
		return row, reserved(Act{Action: ActionDelete, Memory: row}) // it undoes the deletion
	}
	row, err := tx.Get(idOrPrefix)
	if err != nil {
		return row, err
	}
	a := Act{Action: ActionDelete, Caller: agent, Memory: row}
	if err := reserved(a); err != nil {
		return row, err
	}
	if err := guard(tx, a); err != nil {
		return row, err
	}
	if _, err := tx.Delete(row.ID, now); err != nil {
		return row, err
	}
	return row, unseat(tx, row.ID, now)
}
