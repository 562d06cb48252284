package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Write runs a function within one transaction.
func (s *Store) Write(ctx context.Context, do func(store.Tx) error) ([]store.Change, error) {
	var made []store.Change
	err := s.writer.write(ctx, func(t *tx) error {
		written, newest := len(t.written), t.vector[t.origin]
		if err := do(transactional{t}); err != nil {
			return &failed{err, len(t.written) == written && t.vector[t.origin] == newest}
		}
		made = nil
		for _, w := range t.written[written:] {
			if !w.gone {
				made = append(made, w.Change)
			}
		}
		return nil
	})
	if err == nil {
		return made, nil
	}
	var f *failed
	if errors.As(err, &f) {
		return nil, f.error
	}
	return nil, fmt.Errorf("writing: %w", err)
}

// failed is the error of a function of Write, and whether it wrote nothing before.
type failed struct {
	error
	clean bool
}

// Unwrap returns the error.
func (f *failed) Unwrap() error { return f.error }

// transactional is a store.Tx.
type transactional struct{ *tx }

var _ store.Tx = transactional{}

// Get returns the row with an id or a unique prefix.
func (t transactional) Get(idOrPrefix string) (memory.Memory, error) {
	r, err := resolve(t.conn, idOrPrefix)
	return r.Memory, err
}

// ByTitle returns the row with a title and namespace.
func (t transactional) ByTitle(title, namespace string) (memory.Memory, error) {
	r, found, err := t.byTitle(title, namespace)
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return r.Memory, err
}

// Select returns rows in storage order.
func (t transactional) Select(f store.Filter) ([]memory.Memory, error) {
	found, err := selectRows(t.conn, columns, "rowid", f, rows)
	return memories(found), err
}

// Create stores a valid memory.
func (t transactional) Create(m memory.Memory) (memory.Memory, error) {
	c, err := t.create(m.Normalized())
	return c.Memory, err
}

// Update changes the row with an id or a unique prefix.
func (t transactional) Update(idOrPrefix string, p memory.Patch, at time.Time) (memory.Memory, error) {
	c, err := t.patch(idOrPrefix, p, at)
	return c.Memory, err
}

// exactly returns the row with an id, or store.ErrNotFound.
func (t transactional) exactly(id string) (row, error) {
	r, found, err := t.byID(id)
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return r, err
}

// Amend gives the row with an id another state.
func (t transactional) Amend(m memory.Memory) error {
	was, err := t.exactly(m.ID)
	if err != nil {
		return err
	}
	m.Title, m.Namespace = was.Memory.Title, was.Memory.Namespace
	m.Generation, m.Moved = was.Memory.Generation, was.Memory.Moved
	c := store.Change{Memory: memory.Merge(was.Memory, m.Normalized())}
	if memory.Equal(was.Memory, c.Memory) {
		return nil
	}
	c.Event = t.next()
	return t.update(was, c)
}

// Delete removes the row with an id or a unique prefix.
func (t transactional) Delete(idOrPrefix string, at time.Time) (memory.Memory, error) {
	was, err := resolve(t.conn, idOrPrefix)
	if err != nil {
		return memory.Memory{}, err
	}
	_, err = t.bury(was, at)
	return was.Memory, err
}

// Archive takes a row out and keeps it as a record.
func (t transactional) Archive(id, reason string, at time.Time) error {
	was, err := t.exactly(id)
	if err != nil {
		return err
	}
	archived := memory.Archived{Memory: was.Memory, ArchivedAt: memory.FormatTime(at), ArchiveReason: reason}
	if err := t.put(archived.Record(at.UnixNano())); err != nil {
		return err
	}
	d := was.Memory.Leave(archived.ArchivedAt)
	if reason == memory.ArchivedExpired {
		d = was.Memory.Expire(archived.ArchivedAt)
	}
	if _, err := t.begin(d); err != nil {
		return err
	}
	return t.remove(was)
}

// Expire takes an expired row out for good.
func (t transactional) Expire(id string, at time.Time) error {
	was, err := t.exactly(id)
	if err != nil {
		return err
	}
	if _, err := t.begin(was.Memory.Expire(memory.FormatTime(at))); err != nil {
		return err
	}
	return t.remove(was)
}

// Restore brings a memory back.
func (t transactional) Restore(m memory.Memory, at time.Time) error {
	m = m.Normalized()
	switch other, found, err := t.byTitle(m.Title, m.Namespace); {
	case err != nil:
		return err
	case found && other.Memory.ID == m.ID:
		return store.ErrIDInUse
	case found:
		return &store.TitleInUse{Title: m.Title, Namespace: m.Namespace, ID: other.Memory.ID}
	}
	deletion, err := t.deletionOf(m.ID)
	switch {
	case err != nil:
		return err
	case deletion != nil:
		return store.ErrIDInUse
	}
	if m.Generation, err = t.generation(m.Title, m.Namespace); err != nil {
		return err
	}
	m.Moved = max(m.Moved+1, at.UnixNano())
	return t.insert(store.Change{Memory: m, Event: t.next()})
}

// Record returns a record that is not gone.
func (t transactional) Record(kind memory.RecordKind, key string) (memory.Record, error) {
	return presentRecord(t.conn, kind, key)
}

// Records answers a query.
func (t transactional) Records(q store.RecordQuery) ([]memory.Record, error) {
	return selectRecords(t.conn, q)
}

// Put joins a record into what there is.
func (t transactional) Put(r memory.Record) error {
	if err := t.put(r); err != nil {
		return fmt.Errorf("keeping a record: %w", err)
	}
	return nil
}
