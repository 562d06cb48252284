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

// exportPage is how many memories of an export are read at a time.
const exportPage = 200

// Export is all that has not expired, to be read piece by piece (contract section 2.10). What is
// changed or deleted meanwhile is exported as it is when its turn comes, or not at all.
type Export struct {
	At      time.Time
	service *Service
	ids     []string // by created_at
	told    map[string]bool
}

// Export begins an export.
func (s *Service) Export(ctx context.Context) (*Export, error) {
	now := s.clock.Now()
	live := now.UnixNano()
	selected, err := s.store.IDs(ctx, store.Filter{LiveAt: &live})
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return &Export{At: now, service: s, ids: selected, told: make(map[string]bool, len(selected))}, nil
}

// Memories calls a function for each memory, by created_at, and returns its error, if any.
func (e *Export) Memories(ctx context.Context, each func(memory.Memory) error) error {
	for page := range slices.Chunk(e.ids, exportPage) {
		rows, err := e.service.store.Pick(ctx, page)
		if err != nil {
			return fmt.Errorf("export memories: %w", err)
		}
		for _, m := range rows {
			if err := each(m); err != nil {
				return err
			}
			e.told[m.ID] = true
		}
	}
	return nil
}

// Links calls a function for each link between memories that Memories has told.
func (e *Export) Links(ctx context.Context, each func(memory.Link) error) error {
	if !e.service.store.Holds(memory.KindLink) {
		return nil
	}
	for page := range slices.Chunk(e.ids, exportPage) {
		links, err := e.service.store.LinksFrom(ctx, page)
		if err != nil {
			return fmt.Errorf("export links: %w", err)
		}
		for _, l := range links {
			if !e.told[l.SourceID] || !e.told[l.TargetID] {
				continue
			}
			if err := each(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// Import is memories with their ids and times, as an export has them.
type Import struct {
	Memories []memory.Memory
	Links    []memory.Link
	Caller   string // from the transport; empty: not given
}

// Imported is what became of it.
type Imported struct {
	Count  int                 // of memories that were stored
	Errors []string            // one for each that was not, beginning with its id
	IDs    map[string]string   // of memories whose id was deleted: what they are stored under
	Quorum *federation.Outcome // nil when this node stands alone, or nothing was stored
}

// Met tells whether enough nodes hold all of it.
func (i Imported) Met() bool { return met(i.Quorum) }

// Import stores up to MaxBulk memories and the links between memories that are there then, in one
// transaction, and waits for copies as Create does (contract section 2.10). A memory replaces the
// one with its title and namespace by memory.Import, older or not. One that breaks a rule, whose id
// is another's, that a policy forbids or that waits for approval is told in Errors and stops none of
// the others; a link that is none is left out. A memory whose id was deleted for ever gets another,
// and its links go with it.
func (s *Service) Import(ctx context.Context, i Import) (Imported, error) {
	if len(i.Memories) > MaxBulk {
		return Imported{}, &Invalid{fmt.Sprintf("import limited to %d memories", MaxBulk)}
	}
	agent := named(i.Caller)
	refused := make([]string, len(i.Memories))
	for n, m := range i.Memories {
		err := memory.ValidateStored(m)
		why := ""
		if err != nil {
			why = err.Error()
		} else if why, err = s.objection(ctx, importing(agent, m)); err != nil {
			return Imported{}, err
		}
		if why != "" {
			refused[n] = m.ID + ": " + why
		}
	}
	var run importRun
	outcome, err := s.write(ctx, func(tx store.Tx) error {
		run = importRun{service: s, tx: tx, now: s.clock.Now(), agent: agent, refused: slices.Clone(refused), ids: map[string]string{}}
		return run.all(i)
	})
	if err != nil {
		return Imported{}, fmt.Errorf("import %d memories: %w", len(i.Memories), err)
	}
	s.announceAll(EventStore, run.stored, agent)
	return Imported{Count: len(run.stored), Errors: said(run.refused), IDs: run.ids, Quorum: outcome}, nil
}

func importing(agent string, m memory.Memory) Act {
	return Act{Action: ActionStore, Caller: agent, Memory: m, Imports: true}
}

// importRun is an import within a transaction.
type importRun struct {
	service *Service
	tx      store.Tx
	now     time.Time
	agent   string
	refused []string // by memory; "" for one that is not
	stored  []memory.Memory
	ids     map[string]string // of memories that got another
}

func (r *importRun) all(i Import) error {
	for n, m := range i.Memories {
		if r.refused[n] != "" {
			continue
		}
		why, err := r.one(m)
		if err != nil {
			return err
		}
		if why != "" {
			r.refused[n] = m.ID + ": " + why
		}
	}
	for _, l := range i.Links {
		if err := r.link(l); err != nil {
			return err
		}
	}
	return nil
}

// one stores a memory, or returns why not.
func (r *importRun) one(m memory.Memory) (string, error) {
	if why, err := objects(r.service.guarded(r.tx, importing(r.agent, m))); why != "" || err != nil {
		return why, err
	}
	row, err := r.tx.Import(m, r.now)
	switch {
	case errors.Is(err, store.ErrIDInUse):
		return "UNIQUE constraint failed: memories.id", nil // as contract section 2.10 has it
	case err != nil:
		return "", err
	}
	if row.ID != m.ID && row.CreatedAt == m.CreatedAt {
		r.ids[m.ID] = row.ID
	}
	r.stored = append(r.stored, row)
	return "", nil
}

// link links two memories, unless one of them is not there, or the link is none.
func (r *importRun) link(l memory.Link) error {
	for was, now := range r.ids {
		l = l.From(was, now)
	}
	if err := memory.ValidateLink(l.SourceID, l.TargetID, l.Relation); err != nil {
		return nil //nolint:nilerr // as the comment says
	}
	for _, id := range []string{l.SourceID, l.TargetID} {
		switch _, err := exactly(id, r.tx.Get); {
		case errors.Is(err, store.ErrNotFound):
			return nil
		case err != nil:
			return err
		}
	}
	_, err := putLink(r.tx, l.SourceID, l.TargetID, l.Relation, r.now)
	return err
}
