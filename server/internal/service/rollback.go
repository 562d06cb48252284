package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// RolledBack is what became of a rollback.
type RolledBack struct {
	Applied bool                // false: it was rolled back before, or there is nothing left to change
	Quorum  *federation.Outcome // nil when this node stands alone, or nothing was changed
}

// Met tells whether enough nodes hold it.
func (r RolledBack) Met() bool { return met(r.Quorum) }

// RollBack undoes the change of the curator that the memory with an id, in full, is about (contract section
// 9.4): what was taken out comes back as it was, its links too, and what was made of it is deleted. Only
// memories of the rollback log that the curator wrote count, each once; others are ErrNotFound. What cannot
// be read is memory.ErrNoRollback. When another memory has a title or an id that is needed, nothing is
// changed: *TitleInUse, or ErrActive. A policy may deny it.
func (s *Service) RollBack(ctx context.Context, id string) (RolledBack, error) {
	if err := memory.ValidateID(id); err != nil {
		return RolledBack{}, invalid(err)
	}
	found, err := s.store.Pick(ctx, []string{id})
	if err != nil {
		return RolledBack{}, fmt.Errorf("rollback entry %s: %w", id, err)
	}
	if len(found) == 0 || !found[0].IsRollback() {
		return RolledBack{}, fmt.Errorf("rollback entry %s %w", id, ErrNotFound)
	}
	if err := s.mayRollBack(ctx, found[0]); err != nil {
		return RolledBack{}, err
	}
	var out RolledBack
	quorum, err := s.write(ctx, func(tx store.Tx) (err error) {
		out.Applied, err = s.rollBack(tx, id)
		return err
	})
	if err != nil {
		return RolledBack{}, fmt.Errorf("rollback entry %s: %w", id, err)
	}
	out.Quorum = quorum
	return out, nil
}

// mayRollBack asks the policies.
func (s *Service) mayRollBack(ctx context.Context, entry memory.Memory) error {
	undo, err := memory.RollbackOf(entry)
	if err != nil {
		return err
	}
	var acts []Act
	for _, m := range undo.Kept() {
		acts = append(acts, Act{Action: ActionStore, Caller: memory.Curator, Memory: m})
	}
	there, err := s.store.Pick(ctx, []string{undo.ResultID, undo.MemoryID})
	if err != nil {
		return err
	}
	for _, m := range there {
		a := Act{Action: ActionDelete, Caller: memory.Curator, Memory: m}
		if m.ID == undo.MemoryID {
			a.Action, a.Changes = ActionStore, true
		}
		acts = append(acts, a)
	}
	for _, a := range acts {
		if err := s.permit(ctx, a, "a rollback"); err != nil {
			return err
		}
	}
	return nil
}

// rollBack is RollBack within a transaction.
func (s *Service) rollBack(tx store.Tx, id string) (bool, error) {
	entry, err := exactly(id, tx.Get)
	if err != nil || entry.Reversed() {
		return false, err
	}
	undo, err := memory.RollbackOf(entry)
	if err != nil {
		return false, err
	}
	now := s.clock.Now()
	done := false
	if undo.Action == memory.RolledPriority {
		done, err = s.putPriorityBack(tx, undo, now)
	} else {
		done, err = true, s.bringBack(tx, undo, now)
	}
	if err != nil || !done {
		return false, err
	}
	_, err = tx.Update(id, memory.Patch{Tags: entry.Reverse()}, now)
	return err == nil, err
}

// putPriorityBack tells whether the memory is there.
func (s *Service) putPriorityBack(tx store.Tx, undo memory.Rollback, now time.Time) (bool, error) {
	row, err := exactly(undo.MemoryID, tx.Get)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := s.guarded(tx, Act{Action: ActionStore, Caller: memory.Curator, Memory: row, Changes: true}); err != nil {
		return false, err
	}
	_, err = tx.Update(row.ID, memory.Patch{Priority: &undo.Before}, now)
	return err == nil, err
}

// bringBack deletes what was made of memories, and has these back.
func (s *Service) bringBack(tx store.Tx, undo memory.Rollback, now time.Time) error {
	if undo.ResultID != "" {
		made, err := exactly(undo.ResultID, tx.Get)
		if err == nil {
			err = s.deleteMade(tx, made, now)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	for _, m := range undo.Kept() {
		if _, err := exactly(m.ID, tx.Get); err == nil {
			return fmt.Errorf("memory %s: %w", m.ID, ErrActive)
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if m.ExpiresAt != nil {
			if at, err := memory.ParseTime(*m.ExpiresAt); err != nil || at.Before(now) {
				m.ExpiresAt = s.options.Lifetimes.Expiry(m.Tier, now)
			}
		}
		err := tx.Restore(m, now)
		if errors.Is(err, store.ErrIDInUse) { // it was deleted for ever: what comes back is another memory
			m.ID = memory.NewID()
			err = tx.Restore(m, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// deleteMade deletes the memory that others were made into; one that was changed since goes into the archive.
func (s *Service) deleteMade(tx store.Tx, m memory.Memory, now time.Time) error {
	if err := reserved(Act{Action: ActionDelete, Memory: m}); err != nil {
		return err
	}
	if err := s.guarded(tx, Act{Action: ActionDelete, Caller: memory.Curator, Memory: m}); err != nil {
		return err
	}
	if m.UpdatedAt != m.CreatedAt { // what somebody has made of it since is in no log
		return s.takeOut(tx, m, memory.ArchivedForgot)
	}
	if _, err := tx.Delete(m.ID, now); err != nil {
		return err
	}
	return unseat(tx, m.ID, now)
}

// logPage is how many entries of the rollback log are read at a time.
const logPage = 50

// RollBackLast undoes the newest changes of the curator that can be and were not undone yet, the newest
// first, and returns how many. It stops at one that is refused, with its error.
func (s *Service) RollBackLast(ctx context.Context, n int) (done int, err error) {
	namespace := memory.RollbackNamespace
	ids, err := s.store.IDs(ctx, store.Filter{Namespace: &namespace})
	if err != nil {
		return 0, fmt.Errorf("read the rollback log: %w", err)
	}
	slices.Reverse(ids)
	for page := range slices.Chunk(ids, logPage) {
		if done == n {
			break
		}
		entries, err := s.store.Pick(ctx, page)
		if err != nil {
			return done, fmt.Errorf("read the rollback log: %w", err)
		}
		for _, entry := range entries {
			if done == n {
				break
			}
			if !entry.IsRollback() || entry.Reversed() {
				continue
			}
			rolled, err := s.RollBack(ctx, entry.ID)
			if err != nil {
				return done, err
			}
			if rolled.Applied {
				done++
			}
		}
	}
	return done, nil
}
