package faults_test

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"chaosctl/faults"
)

// The doubles in this file wrap one part of a cluster and change one thing about it.

var errRefused = errors.New("refused")

func cancellable(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}

// fixedStates always shows the same thread states.
type fixedStates struct {
	faults.Process
	states string
}

func (p fixedStates) ThreadStates() ([]byte, error) { return []byte(p.states), nil }

// statesBy asks a function for thread states.
type statesBy struct {
	faults.Process
	states func() ([]byte, error)
}

func (p statesBy) ThreadStates() ([]byte, error) { return p.states() }

// undying takes SIGKILL and does not end.
type undying struct{ faults.Process }

func (p undying) Signal(sig syscall.Signal) error {
	if sig == syscall.SIGKILL {
		return nil
	}
	return p.Process.Signal(sig)
}

// refusing fails to send one kind of signal, as long as refuses holds.
type refusing struct {
	faults.Process
	signal  syscall.Signal
	refuses *bool
}

func (p refusing) Signal(sig syscall.Signal) error {
	if sig == p.signal && *p.refuses {
		return errRefused
	}
	return p.Process.Signal(sig)
}

// onSignal tells a function about a signal after it was sent.
type onSignal struct {
	faults.Process
	told func(syscall.Signal)
}

func (p onSignal) Signal(sig syscall.Signal) error {
	err := p.Process.Signal(sig)
	p.told(sig)
	return err
}

// loadSeen runs a function whenever the load is drained.
type loadSeen struct {
	faults.Load
	drained func()
}

func (l loadSeen) Drained(ctx context.Context) (int, error) {
	l.drained()
	return l.Load.Drained(ctx)
}

// cutBy is a network whose cut is this one.
type cutBy struct {
	links  []faults.Link
	counts []uint64 // what Dropped returns, one after the other
	heals  []error  // what Heal returns, one after the other, then nil
	count  error    // what Dropped returns when counts are used up
	err    error    // what Cut returns
}

func (c *cutBy) Cut(_ context.Context, links []faults.Link) (faults.Cut, error) {
	c.links = links
	return c, c.err
}

func (c *cutBy) Dropped(context.Context) (uint64, error) {
	if len(c.counts) == 0 {
		return 0, c.count
	}
	n := c.counts[0]
	c.counts = c.counts[1:]
	return n, nil
}

func (c *cutBy) Heal(context.Context) error {
	if len(c.heals) == 0 {
		return nil
	}
	err := c.heals[0]
	c.heals = c.heals[1:]
	return err
}
