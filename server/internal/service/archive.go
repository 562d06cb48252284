package service

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Limits of the archive's list (contract section 2.11), in rows.
const (
	DefaultArchiveLimit = 50
	MaxArchiveLimit     = 1000
)

// Errors of the archive.
var (
	ErrNotArchived = errors.New("not found in archive")
	// ErrActive says that what is to be restored is there.
	ErrActive = errors.New("a memory with this id is active")
)

// Archive returns a page of what was taken out, last archived first; of a namespace, exactly,
// unless it is nil. A limit above MaxArchiveLimit is lowered to it. What is there again is not
// listed.
func (s *Service) Archive(ctx context.Context, namespace *string, limit, offset int) ([]memory.Archived, error) {
	out := []memory.Archived{}
	if limit <= 0 {
		return out, nil
	}
	records, err := s.store.Records(ctx, store.RecordQuery{
		Kind: memory.KindArchived, Ref: namespace, Limit: s.options.page(limit, MaxArchiveLimit), Offset: offset,
	})
	if err != nil {
		return nil, fmt.Errorf("list the archive: %w", err)
	}
	for _, r := range records {
		a, err := memory.ArchivedOf(r)
		if err != nil {
			return nil, fmt.Errorf("list the archive: %w", err)
		}
		out = append(out, a)
	}
	return out, nil
}

// ArchiveStats counts what is in the archive by namespace, largest first.
func (s *Service) ArchiveStats(ctx context.Context) (total int64, byNamespace []Count, err error) {
	byNamespace, err = s.store.CountRecords(ctx, memory.KindArchived)
	for _, c := range byNamespace {
		total += c.Count
	}
	return total, byNamespace, err
}

// Restored is what became of a restoration.
type Restored struct {
	Memory memory.Memory
	Quorum *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold the memory.
func (r Restored) Met() bool { return met(r.Quorum) }

// Restore brings the memory with exactly an id back from the archive as it was, its links too, and
// waits for copies as Create does. Only its updated_at is now, and where its expiry is past, it
// gets the expiry of a new memory of its tier. It returns *Invalid, ErrNotArchived, ErrActive or
// *TitleInUse.
func (s *Service) Restore(ctx context.Context, id, caller string) (Restored, error) {
	if err := memory.ValidateID(id); err != nil {
		return Restored{}, invalid(err)
	}
	var out Restored
	var err error
	out.Quorum, err = s.write(ctx, func(tx store.Tx) (err error) {
		out.Memory, err = s.restore(tx, id)
		return err
	})
	if err != nil {
		return Restored{}, fmt.Errorf("restore %s: %w", id, err)
	}
	s.announce(EventRestore, out.Memory, named(caller))
	return out, nil
}

func (s *Service) restore(tx store.Tx, id string) (memory.Memory, error) {
	r, err := tx.Record(memory.KindArchived, id)
	if errors.Is(err, store.ErrNotFound) {
		err = ErrNotArchived
	}
	if err != nil {
		return memory.Memory{}, err
	}
	kept, err := memory.ArchivedOf(r)
	if err != nil {
		return memory.Memory{}, err
	}
	switch _, err := exactly(id, tx.Get); {
	case err == nil:
		return memory.Memory{}, ErrActive
	case !errors.Is(err, store.ErrNotFound):
		return memory.Memory{}, err
	}
	m, now := kept.Memory, s.clock.Now()
	m.UpdatedAt = memory.FormatTime(now)
	if m.ExpiresAt != nil {
		if at, err := memory.ParseTime(*m.ExpiresAt); err != nil || at.Before(now) {
			m.ExpiresAt = s.options.Lifetimes.Expiry(m.Tier, now)
		}
	}
	err = tx.Restore(m, now)
	if errors.Is(err, store.ErrIDInUse) { // nobody has it, so it was deleted for ever
		err = ErrNotArchived
	}
	if err != nil {
		return memory.Memory{}, err
	}
	return m, tx.Put(r.Ended(now.UnixNano()))
}

// day is what the age of the archive is counted in.
const day = 24 * time.Hour

// Purged is what became of a purge.
type Purged struct {
	Count  int                 // of archived memories that are gone for ever
	Quorum *federation.Outcome // nil when this node stands alone, or nothing was purged
}

// Met tells whether enough nodes have purged them.
func (p Purged) Met() bool { return met(p.Quorum) }

// Purge deletes for ever what was archived more than some days ago; everything, when days is nil or
// 0. Negative days are *Invalid. It waits for other nodes as Create does.
func (s *Service) Purge(ctx context.Context, olderThanDays *int64) (Purged, error) {
	days := int64(0)
	if olderThanDays != nil {
		days = *olderThanDays
	}
	if days < 0 {
		return Purged{}, &Invalid{fmt.Sprintf("older_than_days must be non-negative (got %d)", days)}
	}
	l := &lots{service: s, wait: true}
	count, err := s.purge(ctx, l, days)
	return Purged{Count: count, Quorum: l.outcome}, err
}

// purge is Purge, some dozens at a time.
func (s *Service) purge(ctx context.Context, l *lots, days int64) (count int, err error) {
	q := store.RecordQuery{Kind: memory.KindArchived, Limit: sweepSize}
	if days > 0 {
		q.Before = max(1, s.clock.Now().UnixNano()-min(days, int64(math.MaxInt64/day))*int64(day))
	}
	for {
		n := 0
		err := l.write(ctx, func(tx store.Tx) (err error) {
			n, err = purgeSome(tx, q)
			return err
		})
		switch {
		case err != nil:
			return count, fmt.Errorf("purge the archive: %w", err)
		case n > 0 && !q.Hidden:
			count += n
		case n == 0 && q.Hidden:
			return count, nil
		case n == 0:
			q.Hidden = true // what comes now is in nobody's sight, and not counted
		}
	}
}

// purgeSome deletes what a query selects. The time of each stays: what is archived anew later, here
// or elsewhere, is not purged, and all nodes that purge the same agree.
func purgeSome(tx store.Tx, q store.RecordQuery) (int, error) {
	records, err := tx.Records(q)
	if err != nil {
		return 0, err
	}
	for _, r := range records {
		r.Gone, r.Value = true, nil
		if err := tx.Put(r); err != nil {
			return 0, err
		}
	}
	return len(records), nil
}
