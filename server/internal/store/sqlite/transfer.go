package sqlite

import (
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Import stores a memory as it is.
func (t transactional) Import(m memory.Memory, at time.Time) (memory.Memory, error) {
	m = m.Normalized()
	existing, found, err := t.byTitle(m.Title, m.Namespace)
	if err != nil {
		return memory.Memory{}, err
	}
	if found {
		return t.importOver(existing, memory.Import(existing.Memory, m, at), at)
	}
	switch _, inUse, err := t.byID(m.ID); {
	case err != nil:
		return memory.Memory{}, err
	case inUse:
		return memory.Memory{}, store.ErrIDInUse
	}
	switch deletion, err := t.deletionOf(m.ID); {
	case err != nil:
		return memory.Memory{}, err
	case deletion != nil: // what was deleted never comes back: this is another memory
		m.ID = memory.NewID()
	}
	if m.Generation, err = t.generation(m.Title, m.Namespace); err != nil {
		return memory.Memory{}, err
	}
	m.Moved = at.UnixNano() // the id may be known under another title, where nobody has told that it left
	return m, t.insert(store.Change{Memory: m, Event: t.next()})
}

// importOver gives a row another state, by a new generation where it is not a later one. The same
// state is an event too: who imports it once more may wait for its copies.
func (t transactional) importOver(was row, now memory.Memory, at time.Time) (memory.Memory, error) {
	if !memory.Equal(memory.Merge(was.Memory, now), now) {
		left := was.Memory.Leave(memory.FormatTime(at))
		if _, err := t.begin(left); err != nil {
			return memory.Memory{}, err
		}
		now.Generation = left.Generation
	}
	return now, t.update(was, store.Change{Memory: now, Event: t.next()})
}
