package service

import (
	"context"
	"fmt"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Collected is what became of garbage collection.
type Collected struct {
	Count  int                 // of memories that had expired
	Quorum *federation.Outcome // nil when this node stands alone, or nothing was kept of them
}

// Met tells whether enough nodes have collected them.
func (c Collected) Met() bool { return met(c.Quorum) }

// Collect takes out what has expired, into the archive unless Options.ArchiveOnGC is off, some
// dozen memories at a time (contract section 4.5), and waits for copies as Create does.
func (s *Service) Collect(ctx context.Context) (Collected, error) {
	l := &lots{service: s, wait: true}
	count, err := s.collect(ctx, l)
	return Collected{Count: count, Quorum: l.outcome}, err
}

// collect stops between two lots when ctx ends.
func (s *Service) collect(ctx context.Context, l *lots) (count int, err error) {
	for n := sweepSize; n == sweepSize && ctx.Err() == nil; count += n {
		var gone []memory.Memory
		err := l.write(ctx, func(tx store.Tx) (err error) {
			before := s.clock.Now().UnixNano()
			if gone, err = tx.Select(store.Filter{ExpiredBefore: &before, Limit: sweepSize}); err != nil {
				return err
			}
			for _, m := range gone {
				if err := s.takeOut(tx, m, memory.ArchivedExpired); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return count, fmt.Errorf("collect what has expired: %w", err)
		}
		n = len(gone)
		s.announceAll(s.outEvent(), gone, "")
	}
	return count, nil
}

// Maintain is what is due every now and then: it collects what has expired, and purges the archive
// of what is older than Options.ArchiveMaxDays. Other nodes are told, and not waited for. It returns
// how many memories it took out, and how many it purged.
func (s *Service) Maintain(ctx context.Context) (collected, purged int, err error) {
	l := &lots{service: s}
	if collected, err = s.collect(ctx, l); err != nil {
		return collected, 0, err
	}
	if days := s.options.ArchiveMaxDays; days > 0 && ctx.Err() == nil {
		purged, err = s.purge(ctx, l, int64(days))
	}
	return collected, purged, err
}

// Checkpoint writes the log of the database back.
func (s *Service) Checkpoint(ctx context.Context) error { return s.store.Checkpoint(ctx) }
