package sqlite

import (
	"context"
	"errors"
	"fmt"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Create stores a valid memory, by memory.Upsert when its title and namespace are there.
func (s *Store) Create(ctx context.Context, m memory.Memory) (store.Change, error) {
	var created store.Change
	m = m.Normalized()
	err := s.writer.write(ctx, func(t *tx) (err error) {
		created, err = t.create(m)
		return err
	})
	if err != nil {
		return store.Change{}, fmt.Errorf("storing a memory: %w", err)
	}
	return created, nil
}

func (t *tx) create(m memory.Memory) (store.Change, error) {
	existing, found, err := t.byTitle(m.Title, m.Namespace)
	if err != nil {
		return store.Change{}, err
	}
	if !found {
		c := store.Change{Memory: m, Event: t.next()}
		return c, t.insert(c)
	}
	c := store.Change{Memory: memory.Upsert(existing.Memory, m), Event: t.next()}
	return c, t.update(existing, c)
}

// Merge stores what another node sent. A row is refused for good: sending it again changes
// nothing, so the vector moves on past it.
func (s *Store) Merge(ctx context.Context, b store.Batch) (store.Merged, error) {
	refused := make([]error, len(b.Changes))
	rows := make([]store.Change, len(b.Changes))
	for i, c := range b.Changes {
		refused[i] = memory.ValidateStored(c.Memory)
		rows[i] = store.Change{Memory: c.Memory.Normalized(), Event: c.Event}
	}
	var merged store.Merged
	err := s.writer.write(ctx, func(t *tx) (err error) {
		merged, err = t.merge(rows, refused)
		if err != nil {
			return err
		}
		if span := b.Span; span != nil && t.vector[span.Origin] >= span.After {
			t.raise(span.Origin, span.Upto)
		}
		for origin, seq := range b.Have {
			t.raise(origin, seq)
		}
		merged.Vector = t.vector.Clone()
		return nil
	})
	if err != nil {
		return store.Merged{}, fmt.Errorf("merging %d memories: %w", len(b.Changes), err)
	}
	return merged, nil
}

// merge applies rows one by one, except the refused.
func (t *tx) merge(rows []store.Change, refused []error) (store.Merged, error) {
	out := store.Merged{IDs: make([]string, len(rows)), Errs: append([]error(nil), refused...)}
	type key struct{ title, namespace string }
	ids := make(map[key]string, len(rows)) // a later version in the batch may give the row another id
	for i, c := range rows {
		if refused[i] != nil {
			continue
		}
		id, changed, err := t.apply(c)
		switch {
		case errors.Is(err, store.ErrIDInUse):
			out.Errs[i] = err
			continue
		case err != nil:
			return store.Merged{}, err
		case changed:
			out.Changed++
		}
		ids[key{c.Memory.Title, c.Memory.Namespace}] = id
	}
	for i, c := range rows {
		if out.Errs[i] == nil {
			out.IDs[i] = ids[key{c.Memory.Title, c.Memory.Namespace}]
		}
	}
	return out, nil
}

// apply joins one version into its row and labels the result: with the version's event when
// that is the row's state now, with the event it had when nothing changed, and with a new one
// of this node when it is a mixture that exists nowhere else yet.
func (t *tx) apply(c store.Change) (id string, changed bool, err error) {
	if c.Event.Origin == t.origin {
		t.raise(t.origin, c.Event.Seq) // it came back after this node had lost it: the number is used
	}
	existing, found, err := t.byTitle(c.Memory.Title, c.Memory.Namespace)
	if err != nil {
		return "", false, err
	}
	if !found {
		if c.Event.Origin == "" {
			c.Event = t.next()
		}
		return c.Memory.ID, true, t.insert(c)
	}
	joined := store.Change{Event: c.Event}
	if c.Event.Origin == "" {
		joined.Memory = memory.Receive(existing.Memory, c.Memory)
	} else {
		joined.Memory = memory.Merge(existing.Memory, c.Memory)
	}
	switch {
	case memory.Equal(joined.Memory, existing.Memory):
		return existing.Memory.ID, false, nil
	case c.Event.Origin == "" || !memory.Equal(joined.Memory, c.Memory):
		joined.Event = t.next()
	}
	return joined.Memory.ID, true, t.update(existing, joined)
}

// NoteSync records how far a peer has been seen; what is recorded never goes back.
func (s *Store) NoteSync(ctx context.Context, agentID, peerID, seen string) error {
	const upsert = `INSERT INTO sync_state (agent_id, peer_id, last_seen_at, last_pulled_at)
		VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
		last_seen_at = max(last_seen_at, excluded.last_seen_at), last_pulled_at = excluded.last_pulled_at`
	now := memory.FormatTime(s.now())
	err := s.writer.write(ctx, func(t *tx) error {
		return run(t.conn, upsert, nil, agentID, peerID, seen, now)
	})
	if err != nil {
		return fmt.Errorf("noting how far %s was seen: %w", peerID, err)
	}
	return nil
}
