package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Limits of the list of pending actions (contract section 2.12), in rows.
const (
	DefaultPendingLimit = 100
	MaxPendingLimit     = 1000
)

// Pending returns actions that wait, or waited, newest first: those of a status unless it is nil.
// A limit above MaxPendingLimit is lowered to it.
func (s *Service) Pending(ctx context.Context, status *string, limit int) ([]memory.PendingAction, error) {
	out := []memory.PendingAction{}
	if limit <= 0 {
		return out, nil
	}
	found, err := s.store.Records(ctx, store.RecordQuery{Kind: memory.KindPending, Ref2: status, Limit: s.options.page(limit, MaxPendingLimit)})
	if err != nil {
		return nil, fmt.Errorf("list pending actions: %w", err)
	}
	for _, r := range found {
		p, err := memory.PendingOf(r)
		if err != nil {
			return nil, fmt.Errorf("list pending actions: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

// Refused says why an approval does not count; its text is that of contract section 2.12.
type Refused struct{ Reason string }

// Error returns the text.
func (r *Refused) Error() string { return "approve rejected: " + r.Reason }

// Errors of decisions.
var (
	ErrNotPending  = errors.New("pending action not found or already decided")
	ErrNotExecuted = errors.New("approved but execution failed")
)

// Decision is what became of an approval or a rejection.
type Decision struct {
	ID        string
	By        string // as the caller spells it
	Done      bool   // false: more votes are needed
	MemoryID  string // of what was stored, deleted or promoted
	Votes     int
	Needed    int                 // votes
	Quorum    *federation.Outcome // of nodes; nil when this node stands alone
	announced []event
}

// Met tells whether enough nodes hold the decision.
func (d Decision) Met() bool { return met(d.Quorum) }

// Approve approves a pending action, or votes for it; an action that is approved is done, in one
// transaction with the decision. It returns *Refused, *Invalid, or ErrNotExecuted when what is to
// be done to a memory cannot be, because there is no such memory now: that is decided all the same.
func (s *Service) Approve(ctx context.Context, id, caller string) (Decision, error) {
	agent, err := deciding(id, caller)
	if err != nil {
		return Decision{}, err
	}
	registered, err := s.registered(ctx, agent)
	if err != nil {
		return Decision{}, err
	}
	var d Decision
	failed := false
	quorum, err := s.write(ctx, func(tx store.Tx) (err error) {
		d, failed = Decision{ID: id, By: agent}, false
		err = s.approve(tx, &d, registered)
		if errors.Is(err, ErrNotExecuted) {
			failed, err = true, nil
		}
		return err
	})
	if err != nil {
		return Decision{}, fmt.Errorf("approve %s: %w", id, err)
	}
	d.Quorum = quorum
	s.tell(d.announced...)
	if failed {
		return d, ErrNotExecuted
	}
	return d, nil
}

func deciding(id, caller string) (agent string, err error) {
	if err := memory.ValidateID(id); err != nil {
		return "", invalid(err)
	}
	return acting(caller)
}

// approve counts an approval within a transaction.
func (s *Service) approve(tx store.Tx, d *Decision, registered bool) error {
	p, err := pendingIn(tx, d.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &Refused{"pending action not found: " + d.ID}
	case err != nil:
		return err
	case p.Status != memory.Pending:
		return &Refused{"already decided: status=" + string(p.Status)}
	}
	g, err := governanceOf(p.Namespace, tx.Record, tx.Get)
	if err != nil {
		return err
	}
	approver := memory.Approver{}
	if g != nil {
		approver = g.policy.Approver
	}
	now := s.clock.Now()
	by := d.By
	switch {
	case approver.Agent != "" && approver.Agent != d.By:
		return &Refused{fmt.Sprintf("designated approver is '%s'; got '%s'", approver.Agent, d.By)}
	case approver.Consensus > 0 && !registered:
		return &Refused{fmt.Sprintf("consensus voter '%s' is not a registered agent", d.By)}
	case approver.Consensus > 0:
		p = p.Vote(memory.Approval{AgentID: d.By, ApprovedAt: memory.FormatTime(now), Node: s.store.Origin()})
		if d.Votes, d.Needed = len(p.Approvals), int(approver.Consensus); d.Votes < d.Needed {
			return tx.Put(p.Record())
		}
		by = strings.ToLower(d.By)
	}
	d.Done = true
	return s.conclude(tx, d, p.Decide(memory.Approved, by, memory.FormatTime(now)), now)
}

// conclude keeps an approved action and does it.
func (s *Service) conclude(tx store.Tx, d *Decision, p memory.PendingAction, now time.Time) error {
	if err := tx.Put(p.Record()); err != nil {
		return err
	}
	done, what, err := execute(tx, p, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		d.announced = []event{decided(p, "")}
		return ErrNotExecuted
	case err != nil:
		return err
	}
	d.MemoryID = done.ID
	d.announced = []event{decided(p, done.ID)}
	if what != "" {
		d.announced = append(d.announced, about(what, done, p.RequestedBy))
	}
	return nil
}

func pendingIn(tx store.Tx, id string) (memory.PendingAction, error) {
	r, err := tx.Record(memory.KindPending, id)
	if err != nil {
		return memory.PendingAction{}, err
	}
	return memory.PendingOf(r)
}

// execute does what was approved, and returns the memory and the event it makes. What two nodes do
// at once that both saw the last vote is the same: ids come from the action's.
func execute(tx store.Tx, p memory.PendingAction, now time.Time) (done memory.Memory, what string, err error) {
	if Action(p.ActionType) == ActionStore {
		done, err = executeStore(tx, p, now)
		return done, EventStore, err
	}
	if p.MemoryID == nil {
		return done, "", store.ErrNotFound
	}
	row, err := exactly(*p.MemoryID, tx.Get)
	if Action(p.ActionType) == ActionDelete {
		if errors.Is(err, store.ErrNotFound) { // that is what was asked for
			return memory.Memory{ID: *p.MemoryID}, "", nil
		}
		if err != nil {
			return done, "", err
		}
		if done, err = tx.Delete(row.ID, now); err == nil {
			err = unseat(tx, row.ID, now)
		}
		return done, EventDelete, err
	}
	if err != nil {
		return done, "", err
	}
	done, err = executePromotion(tx, p, row, now)
	return done, EventPromote, err
}

// executeStore stores the memory that was kept, with an id and times of its own (contract section
// 4.12). Its expiry stays as it was asked for.
func executeStore(tx store.Tx, p memory.PendingAction, now time.Time) (memory.Memory, error) {
	var m memory.Memory
	if err := json.Unmarshal(p.Payload, &m); err != nil {
		return m, fmt.Errorf("read what is to be stored: %w", err)
	}
	at := memory.FormatTime(now)
	m.ID, m.CreatedAt, m.UpdatedAt, m.AccessCount, m.LastAccessedAt = derivedID(p.ID), at, at, 0, nil
	if err := memory.ValidateStored(m); err != nil {
		return m, fmt.Errorf("store what was approved: %w", err)
	}
	row, err := tx.Create(m)
	if errors.Is(err, store.ErrIDInUse) { // it was stored before, and has moved on since
		return m, nil
	}
	return row, err
}

// executePromotion makes a memory last, or copies it into a namespace above its own (contract
// section 4.14).
func executePromotion(tx store.Tx, p memory.PendingAction, row memory.Memory, now time.Time) (memory.Memory, error) {
	var payload struct {
		ToNamespace *string `json:"to_namespace"`
	}
	if err := json.Unmarshal(p.Payload, &payload); err != nil {
		return row, fmt.Errorf("read what is to be promoted: %w", err)
	}
	if payload.ToNamespace == nil {
		long := memory.Long
		return tx.Update(row.ID, memory.Patch{Tier: &long}, now)
	}
	clone, err := tx.Create(row.CloneTo(derivedID(p.ID), *payload.ToNamespace, now))
	if err != nil {
		return row, err
	}
	_, err = putLink(tx, clone.ID, row.ID, memory.DerivedFrom, now)
	return clone, err
}

// derivedID is the id of what an approved action stores.
func derivedID(pendingID string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("ai-memory:pending:"+pendingID)).String()
}

// Reject decides that a pending action is not done. Anyone may (contract section 2.12). It returns
// ErrNotPending or *Invalid.
func (s *Service) Reject(ctx context.Context, id, caller string) (Decision, error) {
	agent, err := deciding(id, caller)
	if err != nil {
		return Decision{}, err
	}
	d := Decision{ID: id, By: agent, Done: true}
	d.Quorum, err = s.write(ctx, func(tx store.Tx) error {
		p, err := pendingIn(tx, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && p.Status != memory.Pending {
			return ErrNotPending
		}
		if err != nil {
			return err
		}
		p = p.Decide(memory.Rejected, agent, memory.FormatTime(s.clock.Now()))
		d.announced = []event{decided(p, "")}
		return tx.Put(p.Record())
	})
	if err != nil {
		return Decision{}, fmt.Errorf("reject %s: %w", id, err)
	}
	s.tell(d.announced...)
	return d, nil
}
