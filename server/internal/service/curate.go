package service

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Curation is what the curator does to some memories; what is zero is not done.
type Curation struct {
	Merge  *Merge        // one memory is made of all of them, which are taken out
	Forget string        // the id of one, which is taken out
	Change *memory.Patch // of the first
	Logged bool          // the change is of the priority, and can be rolled back
}

// Merge is the memory that several are made into.
type Merge struct {
	Title   string // another is taken when it is another memory's
	Content string
	Tier    memory.Tier
}

func (c Curation) nothing() bool { return c.Merge == nil && c.Forget == "" && c.Change == nil }

// Curated is what became of it.
type Curated struct {
	Done   bool
	Memory memory.Memory       // the merged, forgotten or changed one
	Logged bool                // the rollback log has what undoes it
	Quorum *federation.Outcome // nil when this node stands alone, or nothing was done
}

// Met tells whether enough nodes hold it.
func (c Curated) Met() bool { return met(c.Quorum) }

// Curate reads the memories with some ids, in full, and does what a function decides to do with them as they
// are then, in the name of memory.Curator, with the entry of the rollback log that undoes it in the same
// transaction (contract section 9.4). The function is called more than once; nothing is done when it says
// so the last time. What is taken out can be rolled back and is not in the archive. It returns *Unknown for an id that no
// memory has; *Invalid for what breaks a rule, is the standard of a namespace, or too long for the log; and
// *Denied when a policy forbids it, or wants it approved.
func (s *Service) Curate(ctx context.Context, ids []string, decide func([]memory.Memory) (Curation, error)) (Curated, error) {
	rows, err := s.store.Pick(ctx, ids)
	if err != nil {
		return Curated{}, fmt.Errorf("curate %d memories: %w", len(ids), err)
	}
	wanted, err := decide(rows)
	if err != nil || wanted.nothing() {
		return Curated{}, err
	}
	for _, a := range wanted.acts(rows) {
		if err := s.permit(ctx, a, "what the curator does"); err != nil {
			return Curated{}, err
		}
	}
	var out Curated
	quorum, err := s.write(ctx, func(tx store.Tx) (err error) {
		out, err = s.curate(tx, ids, decide)
		return err
	})
	if err != nil {
		return Curated{}, fmt.Errorf("curate %d memories: %w", len(ids), err)
	}
	out.Quorum = quorum
	s.announceCuration(wanted, out)
	return out, nil
}

// acts are what policies are asked about.
func (c Curation) acts(rows []memory.Memory) (all []Act) {
	for i, m := range rows {
		switch {
		case c.Merge != nil && i == 0:
			made := memory.Memory{Title: c.Merge.Title, Content: c.Merge.Content, Namespace: m.Namespace}
			all = append(all, Act{Action: ActionStore, Caller: memory.Curator, Memory: made})
		case c.Change != nil && i == 0:
			all = append(all, Act{Action: ActionStore, Caller: memory.Curator, Memory: m, Changes: true})
		}
		if c.Merge != nil || c.Forget == m.ID {
			all = append(all, Act{Action: ActionDelete, Caller: memory.Curator, Memory: m})
		}
	}
	return all
}

func (s *Service) announceCuration(c Curation, done Curated) {
	switch {
	case !done.Done:
	case c.Merge != nil:
		s.announce(EventConsolidate, done.Memory, memory.Curator)
	case c.Forget != "":
		s.announce(EventDelete, done.Memory, memory.Curator)
	default:
		s.announce(EventUpdate, done.Memory, memory.Curator)
	}
}

// curate is Curate within a transaction.
func (s *Service) curate(tx store.Tx, ids []string, decide func([]memory.Memory) (Curation, error)) (Curated, error) {
	rows := make([]memory.Memory, len(ids))
	for i, id := range ids {
		var err error
		if rows[i], err = found(tx, "memory", id); err != nil {
			return Curated{}, err
		}
		if memory.Reserved(rows[i].Namespace) {
			return Curated{}, &Invalid{fmt.Sprintf("memory %s is of a namespace that the server keeps for itself", id)}
		}
	}
	c, err := decide(rows)
	if err != nil || c.nothing() {
		return Curated{}, err
	}
	for _, a := range c.acts(rows) {
		if err := s.guarded(tx, a); err != nil {
			return Curated{}, err
		}
	}
	now := s.clock.Now()
	switch {
	case c.Merge != nil:
		return s.curateMerge(tx, rows, *c.Merge, now)
	case c.Forget != "":
		return s.curateForget(tx, rows, c.Forget, now)
	}
	was := rows[0]
	row, err := tx.Update(was.ID, *c.Change, now)
	if err != nil || !c.Logged {
		return Curated{Done: err == nil, Memory: row}, err
	}
	undo := memory.Rollback{Action: memory.RolledPriority, MemoryID: was.ID, Before: was.Priority, After: row.Priority}
	return Curated{Done: true, Memory: row, Logged: true}, keepRollback(tx, undo, now)
}

func (s *Service) curateMerge(tx store.Tx, rows []memory.Memory, into Merge, now time.Time) (Curated, error) {
	for _, m := range rows {
		if err := withdraw(tx, m, now); err != nil {
			return Curated{}, err
		}
	}
	title, err := freeTitle(tx, into.Title, rows[0].Namespace)
	if err != nil {
		return Curated{}, err
	}
	m, err := memory.Consolidate(rows, memory.Consolidation{
		ID: memory.NewID(), Title: title, Summary: into.Content, Namespace: rows[0].Namespace, Tier: into.Tier,
		Source: memory.SourceCurator, AgentID: memory.Curator,
	}, now)
	if err == nil {
		err = memory.ValidateStored(m)
	}
	var broken *memory.Invalid
	if errors.As(err, &broken) {
		return Curated{}, invalid(broken)
	}
	if err != nil {
		return Curated{}, err
	}
	if m, err = tx.Create(m); err != nil {
		return Curated{}, err
	}
	undo := memory.Rollback{Action: memory.RolledMerge, Originals: rows, ResultID: m.ID}
	return Curated{Done: true, Memory: m, Logged: true}, keepRollback(tx, undo, now)
}

func (s *Service) curateForget(tx store.Tx, rows []memory.Memory, id string, now time.Time) (Curated, error) {
	for _, m := range rows {
		if m.ID != id {
			continue
		}
		if err := withdraw(tx, m, now); err != nil {
			return Curated{}, err
		}
		return Curated{Done: true, Memory: m, Logged: true}, keepRollback(tx, memory.Rollback{Action: memory.RolledForget, Snapshot: &m}, now)
	}
	return Curated{}, &Unknown{"memory", id}
}

// withdraw takes a row out so that it may come back with its id. Its copy is in the rollback log, not in the
// archive. A standard is not taken out.
func withdraw(tx store.Tx, m memory.Memory, at time.Time) error {
	of, err := tx.Records(store.RecordQuery{Kind: memory.KindStandard, Ref: &m.ID, Limit: 1})
	if err != nil {
		return err
	}
	if len(of) > 0 {
		return &Invalid{fmt.Sprintf("memory %s is the standard of a namespace", m.ID)}
	}
	if err := tx.Archive(m.ID, memory.ArchivedForgot, at); err != nil {
		return err
	}
	kept, err := tx.Record(memory.KindArchived, m.ID)
	if err != nil {
		return err
	}
	return tx.Put(kept.Ended(at.UnixNano()))
}

// freeTitle is a title that no memory of a namespace has: the one that is wanted, or that with a number.
func freeTitle(tx store.Tx, wanted, namespace string) (string, error) {
	for n := 1; ; n++ {
		title, mark := wanted, ""
		if n > 1 {
			mark = fmt.Sprintf(" (%d)", n)
		}
		for utf8.RuneCountInString(title)+len(mark) > memory.MaxTitle {
			_, size := utf8.DecodeLastRuneInString(title)
			title = title[:len(title)-size]
		}
		_, err := tx.ByTitle(title+mark, namespace)
		if errors.Is(err, store.ErrNotFound) {
			return title + mark, nil
		}
		if err != nil {
			return "", err
		}
	}
}

// keepRollback writes into the rollback log. Two entries of one time are two, whoever writes them.
func keepRollback(tx store.Tx, r memory.Rollback, at time.Time) error {
	for {
		m, err := r.Memory(memory.NewID(), memory.FormatTime(at))
		var broken *memory.Invalid
		if errors.As(err, &broken) {
			return &Invalid{"what undoes it is too long for the rollback log: " + broken.Error()}
		}
		if err != nil {
			return err
		}
		_, err = tx.ByTitle(m.Title, m.Namespace)
		if errors.Is(err, store.ErrNotFound) {
			_, err = tx.Create(m)
			return err
		}
		if err != nil {
			return err
		}
		at = at.Add(time.Nanosecond)
	}
}

// KeepReport keeps what a curator tells of a cycle (contract section 9.5): it does not expire.
func (s *Service) KeepReport(ctx context.Context, at time.Time, content string) error {
	title := "curator cycle @ " + memory.FormatTime(at)
	now := memory.FormatTime(s.clock.Now())
	_, err := s.write(ctx, func(tx store.Tx) error {
		title, err := freeTitle(tx, title, memory.ReportsNamespace)
		if err != nil {
			return err
		}
		m := memory.Memory{
			ID: memory.NewID(), Tier: memory.Mid, Namespace: memory.ReportsNamespace, Title: title, Content: content,
			Tags: []string{memory.TagCurator, memory.TagReport}, Priority: 2, Confidence: 1, Source: memory.SourceCurator,
			Metadata: []byte(`{"agent_id":"` + memory.Curator + `"}`), CreatedAt: now, UpdatedAt: now,
		}
		if err := memory.ValidateStored(m); err != nil {
			return invalid(err)
		}
		_, err = tx.Create(m)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the report of a cycle: %w", err)
	}
	return nil
}
