package service

import (
	"context"

	"chaosctl/server/internal/memory"
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
}

// Queued says that an action waits for approval.
type Queued struct {
	PendingID string
	Action    Action
	Namespace string
	MemoryID  string // of what is there already; empty for a store
}

// Denied says that a policy forbids an action.
type Denied struct {
	Action Action
	Reason string
}

// Error is worded as contract section 2.4 has it.
func (d *Denied) Error() string { return string(d.Action) + " denied by governance: " + d.Reason }

// admit tells whether an action may be done now: nil, nil. It is *Denied, or has been queued.
func (s *Service) admit(context.Context, Act) (*Queued, error) { return nil, nil } //nolint:nilnil // there is no third
