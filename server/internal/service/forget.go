package service

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// sweepSize is how many memories are taken out in one transaction: other writes wait that long.
const sweepSize = 64

// Forget selects what is to be forgotten (contract section 2.9): memories that fit all that is
// given. Expired ones do too. Registrations of agents do not; to name their namespace is denied.
type Forget struct {
	Namespace *string // exactly, and not checked
	Pattern   *string // any of its words
	Tier      *memory.Tier
	Caller    string // from the transport; empty: not given
}

// Forgotten is what became of it.
type Forgotten struct {
	Count  int      // of memories that were taken out
	Queued []string // ids of what waits for approval, one for each memory that was left for that
	Quorum *federation.Outcome
}

// Met tells whether enough nodes have forgotten all of it.
func (f Forgotten) Met() bool { return met(f.Quorum) }

// Forget takes memories out: into the archive, or for ever when Options.ArchiveOnGC is off. It
// waits for other nodes to do the same as Create does. Without any filter it returns *Invalid; when
// a policy forbids to delete one of the memories, *Denied, and none is forgotten. Many are
// forgotten some dozens at a time: what then breaks leaves the rest.
func (s *Service) Forget(ctx context.Context, f Forget) (Forgotten, error) {
	filter, err := f.filter()
	if err != nil {
		return Forgotten{}, err
	}
	selected, err := s.store.IDs(ctx, filter)
	if err != nil {
		return Forgotten{}, fmt.Errorf("forget: %w", err)
	}
	agent := named(f.Caller)
	var out Forgotten
	if s.governs() || f.Namespace != nil && *f.Namespace == memory.AgentsNamespace {
		if selected, out.Queued, err = s.mayForget(ctx, f, selected, agent); err != nil {
			return Forgotten{}, err
		}
	}
	fits := func(m memory.Memory) bool { // it may have changed meanwhile
		return m.Namespace != memory.AgentsNamespace &&
			(f.Namespace == nil || m.Namespace == *f.Namespace) && (f.Tier == nil || m.Tier == *f.Tier)
	}
	l := &lots{service: s, wait: true}
	out.Count, err = s.sweep(ctx, l, selected, agent, fits)
	out.Quorum = l.outcome
	if err != nil {
		return out, fmt.Errorf("forget %d memories, of which %d are forgotten: %w", len(selected), out.Count, err)
	}
	return out, nil
}

// mayForget asks the policies about each memory, and returns those that may be deleted now and what
// waits for approval of the others. All are asked about before the first is queued.
func (s *Service) mayForget(ctx context.Context, f Forget, selected []string, agent string) (allowed, queued []string, err error) {
	var waiting []Act
	for chunk := range slices.Chunk(selected, sweepSize) {
		rows, err := s.store.Pick(ctx, chunk)
		if err != nil {
			return nil, nil, fmt.Errorf("forget: %w", err)
		}
		if f.Namespace == nil {
			rows = slices.DeleteFunc(rows, func(m memory.Memory) bool { return m.Namespace == memory.AgentsNamespace })
		}
		for _, m := range rows {
			a := Act{Action: ActionDelete, Caller: agent, Memory: m}
			switch verdict, err := s.judge(ctx, a); {
			case err != nil:
				return nil, nil, err
			case verdict == memory.Queue:
				a.Memory = memory.Memory{ID: m.ID, Title: m.Title, Namespace: m.Namespace} // what is kept of it
				waiting = append(waiting, a)
			default:
				allowed = append(allowed, m.ID)
			}
		}
		_, err = s.store.Write(ctx, func(tx store.Tx) error {
			for _, m := range rows {
				if err := guard(tx, Act{Action: ActionDelete, Caller: agent, Memory: m}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	for _, a := range waiting {
		q, err := s.queue(ctx, a)
		if err != nil {
			return nil, nil, err
		}
		queued = append(queued, q.PendingID)
	}
	return allowed, queued, nil
}

// sweep takes memories out that still fit.
func (s *Service) sweep(
	ctx context.Context, l *lots, selected []string, agent string, fits func(memory.Memory) bool,
) (count int, err error) {
	for chunk := range slices.Chunk(selected, sweepSize) {
		var gone []memory.Memory
		err := l.write(ctx, func(tx store.Tx) error {
			gone = nil
			for _, id := range chunk {
				m, err := exactly(id, tx.Get)
				if errors.Is(err, store.ErrNotFound) || err == nil && !fits(m) {
					continue
				}
				if err == nil {
					err = s.takeOut(tx, m, memory.ArchivedForgot)
				}
				if err != nil {
					return err
				}
				gone = append(gone, m)
			}
			return nil
		})
		if err != nil {
			return count, err
		}
		count += len(gone)
		s.announceAll(s.outEvent(), gone, agent)
	}
	return count, nil
}

// takeOut archives a row, or deletes it when the operator wants no archive.
func (s *Service) takeOut(tx store.Tx, m memory.Memory, reason string) error {
	at := s.clock.Now()
	var err error
	switch {
	case s.options.ArchiveOnGC:
		err = tx.Archive(m.ID, reason, at)
	case reason == memory.ArchivedExpired:
		err = tx.Expire(m.ID, at)
	default:
		_, err = tx.Delete(m.ID, at)
	}
	if err != nil {
		return err
	}
	return unseat(tx, m.ID, at)
}

// outEvent is what subscribers are told of a memory that was taken out.
func (s *Service) outEvent() string {
	if s.options.ArchiveOnGC {
		return EventArchive
	}
	return EventDelete
}
