package service

import (
	"context"
	"errors"
	"fmt"

	"chaosctl/server/internal/fulltext"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// errLooked ends a transaction that was only to look.
var errLooked = errors.New("looked")

// ByTitle returns the memory with a title and namespace, or ErrNotFound.
func (s *Service) ByTitle(ctx context.Context, title, namespace string) (m memory.Memory, err error) {
	_, err = s.store.Write(ctx, func(tx store.Tx) (err error) {
		if m, err = tx.ByTitle(title, namespace); err == nil {
			err = errLooked
		}
		return err
	})
	if errors.Is(err, errLooked) {
		err = nil
	}
	return m, err
}

// Check returns the row that Create would store, and on whose behalf, and stores nothing. A draft that breaks a rule
// is *Invalid. Policies are not asked.
func (s *Service) Check(d Draft) (m memory.Memory, agent string, err error) {
	return s.draft(d, s.clock.Now())
}

// filter is what a request to forget selects.
func (f Forget) filter() (store.Filter, error) {
	if f.Namespace == nil && f.Pattern == nil && f.Tier == nil {
		return store.Filter{}, &Invalid{"at least one of namespace, pattern, or tier is required"}
	}
	filter := store.Filter{Namespace: f.Namespace, Tier: f.Tier}
	if f.Pattern != nil {
		match := fulltext.Any(fulltext.Parse(*f.Pattern))
		filter.Match = &match
	}
	return filter, nil
}

// WouldForget counts what Forget would take out, what has to be approved first included.
func (s *Service) WouldForget(ctx context.Context, f Forget) (int, error) {
	filter, err := f.filter()
	if err != nil {
		return 0, err
	}
	selected, err := s.store.IDs(ctx, filter)
	if err != nil {
		return 0, fmt.Errorf("forget: %w", err)
	}
	return len(selected), nil
}

// WouldCollect counts what Collect would take out.
func (s *Service) WouldCollect(ctx context.Context) (int, error) {
	before := s.clock.Now().UnixNano()
	selected, err := s.store.IDs(ctx, store.Filter{ExpiredBefore: &before})
	if err != nil {
		return 0, fmt.Errorf("collect: %w", err)
	}
	return len(selected), nil
}
