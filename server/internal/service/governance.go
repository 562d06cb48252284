package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Action is what a policy may gate (contract section 4.12).
type Action string

// The actions.
const (
	ActionStore   Action = "store"
	ActionDelete  Action = "delete"
	ActionPromote Action = "promote"
)

// Act is one action that somebody wants to do.
type Act struct {
	Action Action
	Caller string        // the agent id it is done by
	Memory memory.Memory // to be stored; or the row to be deleted or promoted
	// ToNamespace is where a memory is promoted to; nil: to tier long.
	ToNamespace *string
	// Changes says that what is stored is a change of the memory, which is there already.
	Changes bool
	// Imports says that what is stored comes from an export, which may hold registrations.
	Imports bool
}

// Queued says that an action waits for approval.
type Queued struct {
	PendingID string
	Action    Action
	Namespace string
	MemoryID  string              // of what is there already; empty for a store
	Quorum    *federation.Outcome // nil when this node stands alone
}

// Answer is what whoever asked for the action is told (contract sections 2.4 and 2.6).
func (q Queued) Answer() map[string]any {
	answer := map[string]any{
		"action": q.Action, "pending_id": q.PendingID, "reason": "governance requires approval", "status": "pending",
	}
	if q.Action == ActionStore {
		answer["namespace"] = q.Namespace
	} else {
		answer["memory_id"] = q.MemoryID
	}
	return answer
}

// Met tells whether enough nodes hold what was queued.
func (q Queued) Met() bool { return met(q.Quorum) }

// Denied says that a policy forbids an action.
type Denied struct {
	Action Action
	Reason string
}

// Error is worded as contract section 2.4 has it.
func (d *Denied) Error() string { return string(d.Action) + " denied by governance: " + d.Reason }

// Forbidden says that the caller may not do something; its text is for the client.
type Forbidden struct{ Message string }

// Error returns the message.
func (f *Forbidden) Error() string { return f.Message }

// admit tells whether an action may be done now: nil, nil. It is *Denied, or has been queued. It
// asks no database where no namespace has ever had a standard. Whoever does the action asks guard
// as well, within the transaction.
func (s *Service) admit(ctx context.Context, a Act) (*Queued, error) {
	verdict, err := s.judge(ctx, a)
	if err != nil || verdict != memory.Queue {
		return nil, err
	}
	return s.queue(ctx, a)
}

// judge is admit for what cannot be queued, or not yet: Allow, Queue, or *Denied.
func (s *Service) judge(ctx context.Context, a Act) (memory.Verdict, error) {
	if err := reserved(a); err != nil {
		return memory.Deny, err
	}
	if !s.governs() {
		return memory.Allow, nil
	}
	g, err := s.governance(ctx, a.Memory.Namespace)
	if err != nil {
		return memory.Deny, err
	}
	if g == nil {
		return memory.Allow, nil
	}
	claim := memory.Claim{Caller: a.Caller, Owner: a.owner(g.standard), Granted: a.granted()}
	level := a.level(g.policy)
	if level == memory.LevelRegistered {
		if claim.Registered, err = s.registered(ctx, a.Caller); err != nil {
			return memory.Deny, err
		}
	}
	verdict, reason := level.Decide(claim)
	if verdict == memory.Deny {
		return verdict, &Denied{a.Action, reason}
	}
	return verdict, nil
}

// permit is admit for what cannot wait: what has to be approved first is denied, as of a kind of
// thing that cannot wait.
func (s *Service) permit(ctx context.Context, a Act, what string) error {
	verdict, err := s.judge(ctx, a)
	if err == nil && verdict == memory.Queue {
		err = &Denied{a.Action, "governance: " + what + " cannot wait for approval"}
	}
	return err
}

// governs is false when certainly no namespace has a policy.
func (s *Service) governs() bool { return s.store.Holds(memory.KindStandard) }

// reserved refuses what clients write among the registrations of agents, so that nobody registers
// an agent by writing its row.
func reserved(a Act) error {
	if a.Memory.Namespace != memory.AgentsNamespace || a.Imports {
		return nil
	}
	return &Denied{a.Action, "namespace '" + memory.AgentsNamespace + "' is written by agent registration only"}
}

func (a Act) level(p memory.Policy) memory.Level {
	switch a.Action {
	case ActionDelete:
		return p.Delete
	case ActionPromote:
		return p.Promote
	case ActionStore:
	}
	return p.Write
}

// owner is whose consent the level owner asks for: of what is stored, the owner of the standard.
func (a Act) owner(standard memory.Memory) string {
	if a.Action == ActionStore {
		return standard.AgentID()
	}
	return a.Memory.AgentID()
}

func (a Act) granted() bool {
	if a.Action == ActionStore {
		return a.Changes && a.Memory.Granted(a.Caller, memory.MayWrite)
	}
	return a.Memory.Granted(a.Caller, memory.MayAdmin)
}

// governed is a namespace's policy and the memory that holds it.
type governed struct {
	policy   memory.Policy
	standard memory.Memory
}

// governance returns what governs exactly a namespace; nil when nothing does.
func (s *Service) governance(ctx context.Context, namespace string) (*governed, error) {
	g, err := governanceOf(
		namespace,
		func(kind memory.RecordKind, key string) (memory.Record, error) { return s.store.Record(ctx, kind, key) },
		func(id string) (memory.Memory, error) { return s.store.Get(ctx, id) },
	)
	if err != nil {
		return nil, fmt.Errorf("look up the policy of namespace %s: %w", namespace, err)
	}
	return g, nil
}

// governanceOf is governance by a store or a transaction. A standard whose memory is gone, or has
// no policy that can be read, governs nothing.
func governanceOf(
	namespace string, record func(memory.RecordKind, string) (memory.Record, error), get func(string) (memory.Memory, error),
) (*governed, error) {
	r, err := record(memory.KindStandard, namespace)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // nothing governs it
	}
	if err != nil {
		return nil, err
	}
	standard, err := memory.StandardOf(r)
	if err != nil {
		return nil, err
	}
	m, err := exactly(standard.StandardID, get)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // nothing governs it
	}
	if err != nil {
		return nil, err
	}
	policy, ok := m.Policy()
	if !ok {
		return nil, nil //nolint:nilnil // nothing governs it
	}
	return &governed{policy, m}, nil
}

// exactly gets a row by its id in full: ErrNotFound for a prefix.
func exactly(id string, get func(string) (memory.Memory, error)) (memory.Memory, error) {
	m, err := get(id)
	var ambiguous *store.AmbiguousPrefix
	if errors.As(err, &ambiguous) || err == nil && m.ID != id {
		return memory.Memory{}, store.ErrNotFound
	}
	return m, err
}

// guard refuses to change or delete a memory that holds the policy of some namespace to all but
// its owner, and those whom the owner made admins: else a policy would bind only who does not know
// how to lift it. A memory without an owner is anyone's. What is to be stored is looked for by its
// title and namespace, what is to be changed or deleted is given.
func guard(tx store.Tx, a Act) error {
	row := a.Memory
	var err error
	if a.Action == ActionStore && !a.Changes {
		if row, err = tx.ByTitle(row.Title, row.Namespace); errors.Is(err, store.ErrNotFound) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	if _, governs := row.Policy(); !governs || row.AgentID() == "" {
		return nil
	}
	of, err := tx.Records(store.RecordQuery{Kind: memory.KindStandard, Ref: &row.ID, Limit: 1})
	if err != nil || len(of) == 0 || row.Granted(a.Caller, memory.MayAdmin) {
		return err
	}
	if _, reason := memory.LevelOwner.Decide(memory.Claim{Caller: a.Caller, Owner: row.AgentID()}); reason != "" {
		return &Denied{a.Action, reason}
	}
	return nil
}

// unseat clears the standards of all namespaces whose standard a memory was.
func unseat(tx store.Tx, id string, at time.Time) error {
	of, err := tx.Records(store.RecordQuery{Kind: memory.KindStandard, Ref: &id})
	if err != nil {
		return err
	}
	for _, r := range of {
		if err := tx.Put(r.Ended(at.UnixNano())); err != nil {
			return err
		}
	}
	return nil
}

// queue keeps an action until it is decided.
func (s *Service) queue(ctx context.Context, a Act) (*Queued, error) {
	payload, err := json.Marshal(a.payload())
	if err != nil {
		return nil, fmt.Errorf("write what is to be approved: %w", err)
	}
	p := memory.PendingAction{
		ID: memory.NewID(), ActionType: string(a.Action), Namespace: a.Memory.Namespace, Payload: payload,
		RequestedBy: a.Caller, RequestedAt: memory.FormatTime(s.clock.Now()), Status: memory.Pending,
	}
	q := &Queued{PendingID: p.ID, Action: a.Action, Namespace: p.Namespace}
	if a.Action != ActionStore {
		p.MemoryID, q.MemoryID = &a.Memory.ID, a.Memory.ID
	}
	if q.Quorum, err = s.write(ctx, func(tx store.Tx) error { return tx.Put(p.Record()) }); err != nil {
		return nil, fmt.Errorf("queue for approval: %w", err)
	}
	return q, nil
}

// payload is what is kept of an action (contract section 4.12).
func (a Act) payload() any {
	switch a.Action {
	case ActionDelete:
		return map[string]string{"id": a.Memory.ID, "title": a.Memory.Title}
	case ActionPromote:
		return map[string]any{"id": a.Memory.ID, "to_namespace": a.ToNamespace}
	case ActionStore:
	}
	return a.Memory
}

// acting is who a request is attributed to: the caller of the transport, or a made-up agent.
func acting(caller string) (string, error) {
	if caller == "" {
		return anonymous(), nil
	}
	if err := memory.ValidateAgentID(caller); err != nil {
		return "", &Invalid{"invalid agent_id: " + err.Error()}
	}
	return caller, nil
}
