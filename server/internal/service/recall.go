package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Limits of a recall (contract section 5.4), in rows.
const (
	DefaultRecallLimit = 10
	MaxRecallLimit     = 50
)

// Scored is a memory and how well it fits what was asked.
type Scored struct {
	memory.Memory
	Score float64 `json:"score"` // 3 decimals; it never rises from one memory to the next
}

// Recalled is what a recall brought.
type Recalled struct {
	Memories []Scored // as they were before they were touched
	Tokens   uint64   // what they cost, as memory.Tokens counts
}

// Recall returns unexpired memories with any word of a text, the best first, and touches them
// (contract sections 4.4, 4.15 and 5.2); a limit above MaxRecallLimit is lowered to it. Of a
// namespace with a slash those above count too, the nearer ones more. With a budget it stops
// before the first memory that would exceed it. A blank text and a namespace of an agent that
// cannot be one are *Invalid. Nobody waits until other nodes have heard of the touches.
func (s *Service) Recall(ctx context.Context, q SearchQuery, budget *uint64) (Recalled, error) {
	if strings.TrimSpace(q.Text) == "" {
		return Recalled{}, &Invalid{"context is required"}
	}
	if err := validateAsAgent(q.AsAgent); err != nil {
		return Recalled{}, err
	}
	q.Recall, q.Limit = true, s.options.page(q.Limit, MaxRecallLimit)
	found, err := s.store.Search(ctx, q)
	if err != nil {
		return Recalled{}, fmt.Errorf("recall: %w", err)
	}
	out := within(nearest(found, q.Namespace), budget)
	if err := s.touch(ctx, out.Memories); err != nil {
		// The answer is right all the same.
		s.logger.Warn("service: recalled memories were not touched", "error", err)
	}
	return out, nil
}

// nearest weighs what was found in a namespace with a slash by how far above it that was.
func nearest(found []store.Found, namespace *string) []Scored {
	scored := make([]Scored, len(found))
	for i, f := range found {
		scored[i] = Scored{f.Memory, f.Score}
		if namespace != nil {
			scored[i].Score *= memory.Near(*namespace, f.Namespace)
		}
	}
	slices.SortStableFunc(scored, func(a, b Scored) int { return cmp.Compare(b.Score, a.Score) })
	for i := range scored {
		scored[i].Score = memory.RoundScore(scored[i].Score)
	}
	return scored
}

// within returns the first memories, as many as a budget allows.
func within(scored []Scored, budget *uint64) Recalled {
	out := Recalled{Memories: scored}
	for i, m := range scored {
		cost := uint64(memory.Tokens(m.Memory)) //nolint:gosec // a length
		if budget != nil && out.Tokens+cost > *budget {
			out.Memories = scored[:i]
			return out
		}
		out.Tokens += cost
	}
	return out
}

// touch touches memories, all in one transaction.
func (s *Service) touch(ctx context.Context, recalled []Scored) error {
	if len(recalled) == 0 {
		return nil
	}
	now := s.clock.Now()
	return s.spread(ctx, func(tx store.Tx) error {
		for _, r := range recalled {
			m, err := exactly(r.ID, tx.Get)
			if errors.Is(err, ErrNotFound) { // it was deleted meanwhile
				continue
			}
			if err != nil {
				return err
			}
			if err := tx.Amend(memory.Touch(m, now, s.options.Lifetimes)); err != nil {
				return fmt.Errorf("touch %s: %w", m.ID, err)
			}
		}
		return nil
	})
}
