package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Merge stores what another node sent. A row is refused for good: sending it again changes
// nothing, so the vector moves on past it.
func (s *Store) Merge(ctx context.Context, b store.Batch) (store.Merged, error) {
	refused := make([]error, len(b.Changes))
	changes := make([]store.Change, len(b.Changes))
	for i, c := range b.Changes {
		changes[i], refused[i] = checked(c)
	}
	var merged store.Merged
	err := s.writer.write(ctx, func(t *tx) (err error) {
		merged, err = t.merge(changes, refused)
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
		return store.Merged{}, fmt.Errorf("merging %d changes: %w", len(b.Changes), err)
	}
	return merged, nil
}

// checked returns a change as it is stored, and why it is not.
func checked(c store.Change) (store.Change, error) {
	switch {
	case c.Record != nil:
		r, _, err := c.Record.Checked()
		c.Record = &r
		return c, err
	case c.Deletion == nil:
		err := memory.ValidateStored(c.Memory)
		c.Memory = c.Memory.Normalized()
		return c, err
	}
	d := *c.Deletion
	c.Deletion = &d
	if c.Event.Origin == "" { // nobody has said where the memory was
		d = memory.Deletion{ID: d.ID, Generation: 1, DeletedAt: d.DeletedAt}
	}
	return c, d.Validate()
}

// merge applies changes one by one, except the refused. Deletions are known before rows are
// looked at, but rows go before it is done what deletions say, so that a row that was renamed is
// moved, not removed and made anew.
func (t *tx) merge(changes []store.Change, refused []error) (store.Merged, error) {
	m := merging{tx: t, out: store.Merged{IDs: make([]string, len(changes)), Errs: append([]error(nil), refused...)}}
	for _, step := range []func(int, store.Change) error{m.learn, m.row, m.bury, m.record} {
		for i, c := range changes {
			if m.out.Errs[i] != nil {
				continue
			}
			if err := step(i, c); err != nil {
				return store.Merged{}, err
			}
		}
	}
	for i, c := range changes {
		if c.IsRow() && m.out.Errs[i] == nil {
			if m.out.IDs[i] = m.ids[pairOf(c.Memory)]; m.out.IDs[i] == "" {
				m.out.Errs[i] = store.ErrDeleted
			}
		}
	}
	return m.out, nil
}

// pair is a title and namespace.
type pair struct{ title, namespace string }

func pairOf(m memory.Memory) pair { return pair{m.Title, m.Namespace} }

// merging is a merge under way.
type merging struct {
	*tx
	out store.Merged
	ids map[pair]string // of the rows; a later version in the batch may give a row another id
}

// learn records a deletion.
func (m *merging) learn(i int, c store.Change) error {
	if c.Deletion == nil {
		return nil
	}
	m.out.IDs[i] = c.Deletion.ID
	if c.Event.Origin == m.origin {
		m.raise(m.origin, c.Event.Seq)
	}
	if c.Event.Origin == "" {
		return m.learnID(c.Deletion)
	}
	known, err := m.known(c.Deletion)
	if known || err != nil {
		return err
	}
	m.out.Changed++
	return m.tx.record(c)
}

// learnID records that a memory was deleted of which only the id is known.
func (m *merging) learnID(d *memory.Deletion) error {
	if before, err := m.deletionOf(d.ID); before != nil || err != nil {
		return err
	}
	m.out.Changed++
	full := *d
	if r, found, err := m.byID(d.ID); err != nil {
		return err
	} else if found {
		full = r.Memory.Delete(d.DeletedAt)
	}
	return m.tx.record(store.Change{Deletion: &full, Event: m.next()})
}

// record applies a record.
func (m *merging) record(i int, c store.Change) error {
	if c.Record == nil {
		return nil
	}
	m.out.IDs[i] = c.ID()
	if c.Event.Origin == m.origin {
		m.raise(m.origin, c.Event.Seq)
	}
	r, refs, err := c.Record.Checked() // it has been: this is for what it is looked up by
	if err != nil {
		return err
	}
	changed, err := m.putRecord(store.Change{Record: &r, Event: c.Event}, refs)
	if changed {
		m.out.Changed++
	}
	return err
}

// row applies a row.
func (m *merging) row(i int, c store.Change) error {
	if !c.IsRow() {
		return nil
	}
	id, changed, err := m.apply(c)
	if changed {
		m.out.Changed++
	}
	switch {
	case errors.Is(err, store.ErrIDInUse), errors.Is(err, store.ErrDeleted):
		m.out.Errs[i] = err
		return nil
	case err != nil:
		return err
	}
	if m.ids == nil {
		m.ids = make(map[pair]string, len(m.out.IDs))
	}
	m.ids[pairOf(c.Memory)] = id
	return nil
}

// bury does what a deletion says: rows of older generations go, and the memory with its id, even
// if it was given another title meanwhile.
func (m *merging) bury(_ int, c store.Change) error {
	d := c.Deletion
	if d == nil {
		return nil
	}
	if d.Title != "" {
		r, found, err := m.byTitle(d.Title, d.Namespace)
		if err != nil {
			return err
		}
		if found && r.Memory.Generation < d.Generation {
			if err := m.outdated(r); err != nil {
				return err
			}
		}
	}
	if d.ID == "" {
		return nil
	}
	r, found, err := m.byID(d.ID)
	if !found || err != nil {
		return err
	}
	if _, err := m.begin(r.Memory.Delete(d.DeletedAt)); err != nil {
		return err
	}
	delete(m.ids, pairOf(r.Memory))
	return m.remove(r)
}

// outdated removes a row of an older generation, unless it survives.
func (m *merging) outdated(r row) error {
	survived, err := m.lift(&r)
	if survived || err != nil {
		return err
	}
	delete(m.ids, pairOf(r.Memory))
	return m.remove(r)
}

// apply joins one version into its row and labels the result: with the version's event when
// that is the row's state now, with the event it had when nothing changed, and with a new one
// of this node when it is a mixture that exists nowhere else yet. It returns store.ErrDeleted
// for a version of which nothing is left.
func (t *tx) apply(c store.Change) (id string, changed bool, err error) {
	if c.Event.Origin == t.origin {
		t.raise(t.origin, c.Event.Seq) // it came back after this node had lost it: the number is used
	}
	existing, found, generation, err := t.pair(c.Memory.Title, c.Memory.Namespace)
	if err != nil {
		return "", false, err
	}
	numbered := c.Event.Origin != ""
	switch deletion, err := t.deletionOf(c.Memory.ID); {
	case err != nil:
		return "", false, err
	case deletion != nil && numbered:
		// Wherever the memory has been, it is deleted there.
		return t.outdate(existing, found, c.Memory.Delete(deletion.DeletedAt))
	case deletion != nil:
		return "", false, store.ErrDeleted
	}
	if !numbered && generation > 0 {
		newer, err := t.newer(c.Memory, generation)
		if err != nil {
			return "", false, err
		}
		if newer {
			c.Memory.Generation = generation
		}
	}
	switch {
	case c.Memory.Generation < generation:
		m, survived, err := t.outlives(c.Memory)
		if !survived || err != nil {
			return "", false, cmp.Or(err, store.ErrDeleted)
		}
		c.Memory, c.Event = m, t.next()
	case found && c.Memory.Generation > generation: // the deletion of what is here is yet to come
		if found, err = false, t.remove(existing); err != nil {
			return "", false, err
		}
	}
	id, changed, err = t.place(existing, found, c)
	if errors.Is(err, store.ErrIDInUse) && numbered {
		return t.reconcile(existing, found, c)
	}
	return id, changed, err
}

// place joins a version into the row with its title and namespace, or makes that row.
func (t *tx) place(existing row, found bool, c store.Change) (id string, changed bool, err error) {
	numbered := c.Event.Origin != ""
	if !found {
		if !numbered {
			c.Event = t.next()
		}
		return c.Memory.ID, true, t.insert(c)
	}
	joined := store.Change{Event: c.Event}
	if numbered {
		joined.Memory = memory.Merge(existing.Memory, c.Memory)
	} else {
		joined.Memory = memory.Receive(existing.Memory, c.Memory)
	}
	switch {
	case memory.Equal(joined.Memory, existing.Memory):
		return existing.Memory.ID, false, nil
	case !numbered || !memory.Equal(joined.Memory, c.Memory):
		joined.Event = t.next()
	}
	return joined.Memory.ID, true, t.update(existing, joined)
}

// outdate begins the generation that a deletion speaks of: the version it was made from, and the
// row that may be there, are of no account any more.
func (t *tx) outdate(existing row, found bool, d memory.Deletion) (id string, changed bool, err error) {
	began, err := t.begin(d)
	if err != nil {
		return "", false, err
	}
	if found && existing.Memory.Generation < d.Generation {
		if err := t.remove(existing); err != nil {
			return "", false, err
		}
		began = true
	}
	return "", began, store.ErrDeleted
}

// reconcile stores a version whose id another row has. The memory is where it was moved to last;
// where it was not moved, two memories have one id by some mistake, and the version is refused.
func (t *tx) reconcile(existing row, found bool, c store.Change) (id string, changed bool, err error) {
	other, _, err := t.byID(c.Memory.ID)
	if err != nil {
		return "", false, err
	}
	switch now := c.Memory.Moved; {
	case now < other.Memory.Moved:
		return t.outdate(existing, found, c.Memory.Leave(leftAt(other.Memory.Moved)))
	case now == other.Memory.Moved:
		return "", false, store.ErrIDInUse
	}
	if _, err := t.leave(other.Memory, c.Memory.Moved); err != nil {
		return "", false, err
	}
	// What was written to it where it was, by a node that did not know of the move, goes along.
	along := other.Memory
	along.Title, along.Namespace = c.Memory.Title, c.Memory.Namespace
	along.Generation, along.Moved = c.Memory.Generation, c.Memory.Moved
	joined := store.Change{Memory: memory.Merge(along, c.Memory), Event: c.Event}
	if found {
		joined.Memory = memory.Merge(existing.Memory, joined.Memory)
		if err := t.remove(existing); err != nil {
			return "", false, err
		}
	}
	if !memory.Equal(joined.Memory, c.Memory) {
		joined.Event = t.next()
	}
	return joined.Memory.ID, true, t.update(other, joined)
}
