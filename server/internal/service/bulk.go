package service

import (
	"context"
	"errors"
	"fmt"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// MaxBulk is the most memories that are stored or imported at once (contract sections 2.7, 2.10).
const MaxBulk = 1000

// Bulk is what became of drafts that were stored together.
type Bulk struct {
	IDs    []string            // of the rows, one for each draft that was stored, in order
	Errors []string            // one for each that was not, beginning with its title
	Quorum *federation.Outcome // nil when this node stands alone, or nothing was stored
}

// Met tells whether enough nodes hold all of them.
func (b Bulk) Met() bool { return met(b.Quorum) }

// CreateAll stores up to MaxBulk drafts in one transaction and waits for their copies as Create
// does. A draft that breaks a rule, that a policy forbids, or that waits for approval is told in
// Errors and stops none of the others. All get one time. Whom a draft is attributed to, and its
// scope, are not looked at (contract section 2.7); caller is who asks, where a policy wants to know.
func (s *Service) CreateAll(ctx context.Context, drafts []Draft, caller string) (Bulk, error) {
	if len(drafts) > MaxBulk {
		return Bulk{}, &Invalid{fmt.Sprintf("bulk operations limited to %d items", MaxBulk)}
	}
	agent, now := named(caller), s.clock.Now()
	refused, rows := make([]string, len(drafts)), make([]memory.Memory, len(drafts))
	for i, d := range drafts {
		rows[i] = d.row(now)
		why := ""
		if err := memory.ValidateNew(rows[i], d.TTLSecs, now); err != nil {
			why = err.Error()
		} else if why, err = s.objection(ctx, Act{Action: ActionStore, Caller: agent, Memory: rows[i]}); err != nil {
			return Bulk{}, err
		}
		if why != "" {
			refused[i] = d.Title + ": " + why
			continue
		}
		rows[i].ID, rows[i].ExpiresAt = memory.NewID(), s.expiry(d, now)
	}
	var stored []memory.Memory
	var late []string
	outcome, err := s.write(ctx, func(tx store.Tx) error {
		stored, late = nil, append([]string(nil), refused...)
		for i, m := range rows {
			if late[i] != "" {
				continue
			}
			why, err := objects(s.guarded(tx, Act{Action: ActionStore, Caller: agent, Memory: m}))
			if err != nil {
				return err
			}
			if why != "" {
				late[i] = m.Title + ": " + why
				continue
			}
			row, err := tx.Create(m)
			if err != nil {
				return err
			}
			stored = append(stored, row)
		}
		return nil
	})
	if err != nil {
		return Bulk{}, fmt.Errorf("store %d memories: %w", len(drafts), err)
	}
	b := Bulk{IDs: ids(stored), Errors: said(late), Quorum: outcome}
	s.announceAll(EventStore, stored, agent)
	return b, nil
}

// objection asks whether an act may be done, and returns why it is not done now in the words of a
// list of errors; "" when it may be.
func (s *Service) objection(ctx context.Context, a Act) (string, error) {
	queued, err := s.admit(ctx, a)
	if queued != nil {
		return "queued for approval: pending_id=" + queued.PendingID, err
	}
	return objects(err)
}

// guarded is guard where there may be a policy.
func (s *Service) guarded(tx store.Tx, a Act) error {
	if !s.governs() {
		return nil
	}
	return guard(tx, a)
}

// objects is what a policy said, unless the error is another.
func objects(err error) (string, error) {
	var denied *Denied
	if errors.As(err, &denied) {
		return denied.Error(), nil
	}
	return "", err
}

// named is who asks: the caller of the transport where that can be one, else a made-up agent.
func named(caller string) string {
	if memory.ValidateAgentID(caller) != nil {
		return anonymous()
	}
	return caller
}

// said leaves out what is empty.
func said(texts []string) []string {
	out := []string{}
	for _, text := range texts {
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}

func ids(rows []memory.Memory) []string {
	out := make([]string, len(rows))
	for i, m := range rows {
		out[i] = m.ID
	}
	return out
}

// announceAll tells of an event of each row.
func (s *Service) announceAll(event string, rows []memory.Memory, agent string) {
	for _, m := range rows {
		s.announce(event, m, agent)
	}
}
