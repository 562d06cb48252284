package faultstest

import (
	"context"
	"errors"
	"sync"
	"syscall"

	"chaosctl/faults"
)

// errTripped is what a touch returns that was made to fail.
var errTripped = errors.New("made to fail")

// tripwire counts what a fault does to a target and springs at one of these touches, just
// before it happens.
type tripwire struct {
	mu      sync.Mutex // protects the rest
	at      int        // the touch to spring at, from 1
	spring  func() error
	touches int
	sprung  string // what the touch was; empty when there were fewer
}

// touch counts one touch and returns the error it is to fail with.
func (w *tripwire) touch(what string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.touches++
	if w.touches != w.at {
		return nil
	}
	w.sprung = what
	return w.spring()
}

func (w *tripwire) sprungAt() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sprung
}

// arm starts counting anew and springs at the n-th touch from now.
func (w *tripwire) arm(n int, spring func() error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at, w.spring, w.touches, w.sprung = n, spring, 0, ""
}

// wire returns the target with the tripwire in front of everything a fault does to it.
func (w *tripwire) wire(t faults.Target) faults.Target {
	wired := t
	wired.Nodes = nil
	for _, p := range t.Nodes {
		wired.Nodes = append(wired.Nodes, wiredProcess{p, w})
	}
	wired.Load = wiredLoad{t.Load, w}
	if t.Network != nil {
		wired.Network = wiredNetwork{t.Network, w}
	}
	return wired
}

type wiredProcess struct {
	faults.Process
	wire *tripwire
}

func (p wiredProcess) Signal(sig syscall.Signal) error {
	if err := p.wire.touch("send " + sig.String()); err != nil {
		return err
	}
	return p.Process.Signal(sig)
}

func (p wiredProcess) ThreadStates() ([]byte, error) {
	if err := p.wire.touch("read thread states"); err != nil {
		return nil, err
	}
	return p.Process.ThreadStates()
}

type wiredNetwork struct {
	network faults.Network
	wire    *tripwire
}

func (n wiredNetwork) Cut(ctx context.Context, links []faults.Link) (faults.Cut, error) {
	if err := n.wire.touch("cut"); err != nil {
		return nil, err
	}
	cut, err := n.network.Cut(ctx, links)
	if err != nil {
		return nil, err
	}
	return wiredCut{cut, n.wire}, nil
}

type wiredCut struct {
	cut  faults.Cut
	wire *tripwire
}

func (c wiredCut) Dropped(ctx context.Context) (uint64, error) {
	if err := c.wire.touch("count dropped packets"); err != nil {
		return 0, err
	}
	return c.cut.Dropped(ctx)
}

func (c wiredCut) Heal(ctx context.Context) error {
	if err := c.wire.touch("heal the cut"); err != nil {
		return err
	}
	return c.cut.Heal(ctx)
}

type wiredLoad struct {
	load faults.Load
	wire *tripwire
}

// Unanswered cannot fail; a tripwire may still end the context there.
func (l wiredLoad) Unanswered() int {
	_ = l.wire.touch("count unanswered requests")
	return l.load.Unanswered()
}

func (l wiredLoad) Drained(ctx context.Context) (int, error) {
	if err := l.wire.touch("drain the load"); err != nil {
		return 0, err
	}
	return l.load.Drained(ctx)
}
