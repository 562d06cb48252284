// Package faults breaks one thing at a time and mends it again. A fault is a value that
// prints as it parses; an injection is a fault in force and carries the evidence that it took
// effect and that it is gone. The package knows neither its caller nor what a campaign is.
package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"
)

// Fault is one way to break a cluster. It is a value: it prints as it parses.
type Fault interface {
	fmt.Stringer
	// Spec describes the kind of fault: its names, parameters and needs.
	Spec() Spec
	// Preflight returns nil when this host can do the fault, else an *Unsupported that says
	// what is missing and what would help.
	Preflight(ctx context.Context, host Host) error
	// For is how long the fault stays in force before it is healed; 0 for one that is over
	// when it is done.
	For() time.Duration
	// Inject puts the fault in force and returns when its effect was observed. On error
	// nothing is left behind, unless the error is an *Unhealed. A *NotExercised says that
	// the moment did not suit; ErrNodeGone, that a node had ended by itself.
	Inject(ctx context.Context, t Target) (Injection, error)
}

// Injection is a fault in force.
type Injection interface {
	// Heal ends the fault. It is idempotent and legal in every state, and returns nil only
	// when healing was observed; for a kill: when death was. The end of ctx does not stop
	// it, its own bound of a few seconds does; then it returns an *Unhealed and may be
	// called again.
	Heal(ctx context.Context) error
	// Evidence tells what was observed so far. It is complete after Heal.
	Evidence() Evidence
}

// Evidence is what was observed of an injection.
type Evidence struct {
	Effective bool             // the fault was seen to act, not merely issued
	Healed    bool             // its end was seen
	Nodes     []int            // the nodes it struck
	Killed    bool             // those nodes are dead
	Isolated  []int            // nodes cut from every other node, both ways
	Stopped   []int            // nodes whose every thread stood still from Active until HealBegan
	Active    time.Time        // from here on the effect was in force for certain
	HealBegan time.Time        // zero before Heal
	HealedAt  time.Time        // zero until healing was observed
	Facts     map[string]int64 // what was read: pids, signals, threads stopped, packets dropped
	Why       string           // when not effective or not healed: the reason
}

// Spec describes a kind of fault for people and programs.
type Spec struct {
	Name        string   // the field's name, as accepted by --fault
	Aliases     []string // further accepted names
	Summary     string   // one line
	Params      []Param
	Needs       []string // what a host must have, in words; empty when every sandbox will do
	ConflictKey string   // faults with equal keys must not be in force at once
	Exercise    Exercise // what must happen to requests for the fault to count as tested
}

// Exercise is what must happen to clients' requests for an injection to count as tested; without
// it the fault struck an idle system.
type Exercise struct {
	MidWrite  bool // at least one request was fully sent before the fault and its fate stayed unknown
	Contained bool // requests began and ended while the fault was in force
	Overlap   bool // at least one request was under way while the fault was in force
}

// Param is one parameter of a fault.
type Param struct {
	Name    string
	Default string
	Range   string // unit and accepted values, in words
	Help    string
}

// Target is all a fault may touch.
type Target struct {
	Nodes   []Process // Nodes[0] is the primary
	Network Network   // nil where nodes share one namespace
	Load    Load
	Rand    *rand.Rand // the injection's own stream: every choice comes from it
}

// Process is a node's process as a fault may see it.
type Process interface {
	// PID is the process id that people on the host see.
	PID() int
	// Signal sends a signal through a handle that can never mean another process.
	Signal(sig syscall.Signal) error
	// Exited is closed when the end of the process was observed.
	Exited() <-chan struct{}
	// ThreadStates returns the state letter of every thread as proc(5) gives it. A thread
	// that ends while they are read is left out.
	ThreadStates() ([]byte, error)
}

// Link is one direction between two nodes: packets that From sends to To.
type Link struct{ From, To int }

// Network cuts links between nodes. Clients outside the cluster still reach every node.
type Network interface {
	// Cut drops every packet on the links and returns when the cut is in force. On error
	// nothing is cut.
	Cut(ctx context.Context, links []Link) (Cut, error)
}

// Cut is a set of links that are cut.
type Cut interface {
	// Dropped counts the packets the cut dropped so far, by its own counter.
	Dropped(ctx context.Context) (uint64, error)
	// Heal lets packets pass again and returns when that is in force. It is idempotent.
	Heal(ctx context.Context) error
}

// Load is what a fault may know of the requests that clients have under way.
type Load interface {
	// Unanswered counts the requests that are fully sent and not answered.
	Unanswered() int
	// Drained returns when the answers that had already arrived were read, with the number
	// of requests that are fully sent and still not answered.
	Drained(ctx context.Context) (int, error)
}

// Host tells what the machine can do.
type Host interface {
	// Program returns where a program is, or an error when it is not installed.
	Program(name string) (string, error)
}

// Unsupported says that a host cannot do a fault, or that the fault does not exist on purpose.
type Unsupported struct {
	Fault  string
	Reason string // what is missing or why it is refused
	Remedy string // what would help
}

// Error says what is missing and what would help.
func (u *Unsupported) Error() string {
	if u.Remedy == "" {
		return fmt.Sprintf("fault %s cannot be injected here: %s", u.Fault, u.Reason)
	}
	return fmt.Sprintf("fault %s cannot be injected here: %s; %s", u.Fault, u.Reason, u.Remedy)
}
