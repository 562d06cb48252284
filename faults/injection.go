package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// undoBound is how long an undo may take before it counts as unproven. What is undone here
// takes milliseconds; a host that needs seconds is in trouble of its own.
const undoBound = 5 * time.Second

// ErrNodeGone says that a node's process had ended before the fault struck it, or ended while
// it was held, and not by this package's doing.
var ErrNodeGone = errors.New("the node's process ended by itself")

// NotExercised says that a fault had nothing to strike at this moment. Nothing is left behind;
// the same fault may be injected again.
type NotExercised struct {
	Fault string
	Why   string // what was looked for and not there
}

// Error says what was not there.
func (n *NotExercised) Error() string {
	return fmt.Sprintf("fault %s struck nothing: %s", n.Fault, n.Why)
}

// Unhealed says that a fault may still be in force although it was to end.
type Unhealed struct {
	Fault  string
	Nodes  []int  // the nodes that may still be struck
	Remedy string // how to mend by hand, with process ids as people on the host see them; may be empty
	Err    error  // why healing was not observed
	Cause  error  // why the injection was given up; nil when it was Heal that did not succeed
}

// Error says which fault may be left, why, and how to mend it by hand.
func (u *Unhealed) Error() string {
	text := fmt.Sprintf("fault %s may still be in force on nodes %v: %v", u.Fault, u.Nodes, u.Err)
	if u.Cause != nil {
		text += fmt.Sprintf(", when giving up because of: %v", u.Cause)
	}
	if u.Remedy != "" {
		text += "; " + u.Remedy
	}
	return text
}

// Unwrap returns why healing was not observed, and why the injection was given up.
func (u *Unhealed) Unwrap() []error {
	if u.Cause == nil {
		return []error{u.Err}
	}
	return []error{u.Err, u.Cause}
}

// detached returns a context for an undo: the end of ctx does not stop it, undoBound does.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.WithoutCancel(ctx), undoBound,
		fmt.Errorf("not seen within %v", undoBound))
}

// ledger holds what was observed of an injection. It is safe for concurrent use.
type ledger struct {
	healing sync.Mutex // held through a whole Heal, so that two do not interleave

	mu         sync.Mutex // protects the rest
	observed   Evidence
	healFailed error // of the last Heal
}

// Evidence returns a copy of what was observed so far.
func (l *ledger) Evidence() Evidence {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.observed
	e.Nodes = slices.Clone(e.Nodes)
	e.Isolated = slices.Clone(e.Isolated)
	e.Stopped = slices.Clone(e.Stopped)
	e.Facts = maps.Clone(e.Facts)
	if !e.Healed && l.healFailed != nil {
		e.Why = l.healFailed.Error()
	}
	return e
}

// note changes what is known.
func (l *ledger) note(change func(*Evidence)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.observed)
}

// healBegins notes the time of the first Heal and tells whether there is anything to heal.
func (l *ledger) healBegins() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.observed.HealBegan.IsZero() {
		l.observed.HealBegan = time.Now()
	}
	return !l.observed.Healed
}

// healed notes that healing was observed.
func (l *ledger) healed() {
	l.note(func(e *Evidence) { e.Healed, e.HealedAt = true, time.Now() })
}

// unhealed notes that a Heal did not succeed and returns its error.
func (l *ledger) unhealed(u *Unhealed) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.healFailed = u
	return u
}
