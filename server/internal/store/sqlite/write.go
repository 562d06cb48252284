package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Create stores a valid memory, by memory.Upsert when its title and namespace are there.
func (s *Store) Create(ctx context.Context, m memory.Memory) (store.Change, error) {
	m = m.Normalized()
	var made store.Change
	err := s.writer.write(ctx, func(t *tx) (err error) {
		made, err = t.create(m)
		return err
	})
	if err != nil {
		return store.Change{}, fmt.Errorf("storing a memory: %w", err)
	}
	return made, nil
}

func (t *tx) create(m memory.Memory) (store.Change, error) {
	existing, found, err := t.byTitle(m.Title, m.Namespace)
	if err != nil {
		return store.Change{}, err
	}
	if found {
		c := store.Change{Memory: memory.Upsert(existing.Memory, m), Event: t.next()}
		return c, t.update(existing, c)
	}
	if m.Generation, err = t.generation(m.Title, m.Namespace); err != nil {
		return store.Change{}, err
	}
	switch deletion, err := t.deletionOf(m.ID); {
	case err != nil:
		return store.Change{}, err
	case deletion != nil:
		return store.Change{}, store.ErrIDInUse
	}
	c := store.Change{Memory: m, Event: t.next()}
	return c, t.insert(c)
}

// patch changes the row with an id or a unique prefix.
func (t *tx) patch(idOrPrefix string, p memory.Patch, at time.Time) (store.Change, error) {
	was, err := resolve(t.conn, idOrPrefix)
	if err != nil {
		return store.Change{}, err
	}
	now := memory.Update(was.Memory, p, at)
	if now.Title == was.Memory.Title && now.Namespace == was.Memory.Namespace {
		c := store.Change{Memory: now, Event: t.next()}
		return c, t.update(was, c)
	}
	return t.rename(was, now, at)
}

// rename stores a row under another title or namespace, and says that its pair was left.
func (t *tx) rename(was row, now memory.Memory, at time.Time) (store.Change, error) {
	switch other, found, err := t.byTitle(now.Title, now.Namespace); {
	case err != nil:
		return store.Change{}, err
	case found:
		return store.Change{}, &store.TitleInUse{Title: now.Title, Namespace: now.Namespace, ID: other.Memory.ID}
	}
	generation, err := t.generation(now.Title, now.Namespace)
	if err != nil {
		return store.Change{}, err
	}
	now.Generation, now.Moved = generation, max(at.UnixNano(), was.Memory.Moved+1)
	if _, err := t.leave(was.Memory, now.Moved); err != nil {
		return store.Change{}, err
	}
	c := store.Change{Memory: now, Event: t.next()}
	return c, t.update(was, c)
}

// bury deletes a row.
func (t *tx) bury(was row, at time.Time) (store.Change, error) {
	deletion := was.Memory.Delete(memory.FormatTime(at))
	c := store.Change{Deletion: &deletion, Event: t.next()}
	if err := t.record(c); err != nil {
		return store.Change{}, err
	}
	return c, t.remove(was)
}

// harmless reports whether a job failed before it wrote anything.
func harmless(err error) bool {
	var f *failed
	if errors.As(err, &f) {
		return f.clean
	}
	for _, known := range []error{store.ErrIDInUse, store.ErrNotFound, context.Canceled} {
		if errors.Is(err, known) {
			return true
		}
	}
	var (
		ambiguous *store.AmbiguousPrefix
		taken     *store.TitleInUse
	)
	return errors.As(err, &ambiguous) || errors.As(err, &taken)
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
