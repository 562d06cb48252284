package service

import (
	"context"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/store"
)

// write runs a function within one transaction of the store and waits until enough nodes hold
// what it changed. A caller that goes away stops neither. The function may be called more than
// once. Its error is returned as it is. The outcome is nil when this node stands alone, or nothing
// was changed that is waited for.
func (s *Service) write(ctx context.Context, do func(store.Tx) error) (*federation.Outcome, error) {
	changes, err := s.store.Write(context.WithoutCancel(ctx), do)
	if err != nil || s.replication == nil || len(changes) == 0 {
		return nil, err
	}
	waited := last(changes)
	if len(waited) == 0 {
		s.replication.Notify(changes[len(changes)-1].Event.Seq)
		return nil, nil //nolint:nilnil // there is nothing that a peer could acknowledge
	}
	outcome := s.replication.AwaitAll(ctx, waited)
	return &outcome, nil
}

// spread is write for what nobody waits for: it goes to the other nodes all the same.
func (s *Service) spread(ctx context.Context, do func(store.Tx) error) error {
	changes, err := s.store.Write(context.WithoutCancel(ctx), do)
	if err == nil && len(changes) > 0 && s.replication != nil {
		s.replication.Notify(changes[len(changes)-1].Event.Seq)
	}
	return err
}

// last leaves out what a peer cannot acknowledge by an id: pairs that were left, and states that
// the same transaction has changed again.
func last(changes []store.Change) []store.Change {
	newest := make(map[string]int, len(changes))
	for i, c := range changes {
		newest[c.ID()] = i
	}
	var kept []store.Change
	for i, c := range changes {
		if id := c.ID(); id != "" && newest[id] == i {
			kept = append(kept, c)
		}
	}
	return kept
}
