package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Unknown says that something refers to a memory that is not there.
type Unknown struct {
	What string // "memory", "source memory", "target memory"
	ID   string
}

// Error is worded as contract section 11.5 has it.
func (u *Unknown) Error() string { return u.What + " not found: " + u.ID }

// Linked is what became of a link.
type Linked struct {
	Link   memory.Link         // as it stands: its time is that of the first
	Quorum *federation.Outcome // nil when this node stands alone
}

// Met tells whether enough nodes hold the link.
func (l Linked) Met() bool { return met(l.Quorum) }

// Link relates a memory to another, both named by their full ids, and waits for copies as Create
// does. A link that is there already stays, and is waited for likewise. What breaks a rule is
// *Invalid; then *Unknown.
func (s *Service) Link(ctx context.Context, source, target, relation, caller string) (Linked, error) {
	if err := memory.ValidateLink(source, target, relation); err != nil {
		return Linked{}, invalid(err)
	}
	var from memory.Memory
	var link memory.Link
	outcome, err := s.write(ctx, func(tx store.Tx) (err error) {
		if from, err = found(tx, "source memory", source); err != nil {
			return err
		}
		if _, err = found(tx, "target memory", target); err != nil {
			return err
		}
		link, err = putLink(tx, source, target, relation, s.clock.Now())
		return err
	})
	if err != nil {
		return Linked{}, fmt.Errorf("link %s to %s: %w", source, target, err)
	}
	s.announce(EventLink, from, named(caller))
	return Linked{Link: link, Quorum: outcome}, nil
}

// found returns the row with exactly an id, or *Unknown.
func found(tx store.Tx, what, id string) (memory.Memory, error) {
	m, err := exactly(id, tx.Get)
	if errors.Is(err, store.ErrNotFound) {
		err = &Unknown{what, id}
	}
	return m, err
}

// putLink makes a link, or makes it anew with the time it has: who asks again may do so because too
// few nodes held it.
func putLink(tx store.Tx, source, target, relation string, now time.Time) (memory.Link, error) {
	link := memory.Link{SourceID: source, TargetID: target, Relation: relation, CreatedAt: memory.FormatTime(now)}
	stamp := now.UnixNano()
	was, err := tx.Record(memory.KindLink, link.Key())
	switch {
	case err == nil:
		if link, err = memory.LinkOf(was); err != nil {
			return link, err
		}
		stamp = max(stamp, was.Stamp+1)
	case !errors.Is(err, store.ErrNotFound):
		return link, err
	}
	return link, tx.Put(link.Record(stamp))
}

// Links returns the links of the memory with exactly an id, in both directions, oldest first; none
// for an id that nobody has.
func (s *Service) Links(ctx context.Context, id string) ([]memory.Link, error) {
	if err := memory.ValidateID(id); err != nil {
		return nil, invalid(err)
	}
	if !s.store.Holds(memory.KindLink) {
		return []memory.Link{}, nil
	}
	links, err := s.store.Links(ctx, id)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(links, func(a, b memory.Link) int { return made(a).Compare(made(b)) })
	return append([]memory.Link{}, links...), nil
}

// made is when a link was made.
func made(l memory.Link) time.Time {
	at, err := memory.ParseTime(l.CreatedAt)
	if err != nil { // a link that is none is not stored
		return time.Time{}
	}
	return at
}
