package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
)

// tailLines is how many last lines of an incarnation are kept in memory.
const tailLines = 40

// Node is one member of a cluster: a place, a data directory, and the processes that were
// started there one after the other. It is safe for concurrent use.
type Node struct {
	config NodeConfig
	system System
	place  Place
	log    *nodeLog

	mu     sync.Mutex     // protects the rest
	lives  []*incarnation // newest last
	closed bool
}

// incarnation is one process of a node with its last words.
type incarnation struct {
	*Process
	tail *Tail
}

// Config is what the node knows about itself.
func (n *Node) Config() NodeConfig { return n.config }

// LogFile is the file that keeps the node's output; "" when there is none.
func (n *Node) LogFile() string { return n.log.path }

// Process is the newest incarnation of the node, which may have ended; nil before the first
// start.
func (n *Node) Process() *Process {
	if life := n.newest(); life != nil {
		return life.Process
	}
	return nil
}

// Tail is the last lines that the newest incarnation wrote.
func (n *Node) Tail() []string {
	if life := n.newest(); life != nil {
		return life.tail.Lines()
	}
	return nil
}

func (n *Node) newest() *incarnation {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.lives) == 0 {
		return nil
	}
	return n.lives[len(n.lives)-1]
}

// Running reports whether the node has a process that was not seen to end.
func (n *Node) Running() bool { return n.newest().running() }

func (i *incarnation) running() bool {
	if i == nil {
		return false
	}
	_, ended := i.Exit()
	return !ended
}

// Exits lists the ends of the node's processes, oldest first.
func (n *Node) Exits() []Exit {
	n.mu.Lock()
	defer n.mu.Unlock()
	var exits []Exit
	for _, life := range n.lives {
		if exit, ended := life.Exit(); ended {
			exits = append(exits, exit)
		}
	}
	return exits
}

// Start starts the node, or starts it again on the data it has, and returns once it is ready. A
// node that ends first is a *DiedError, and the wait ends with it; one that is not ready when
// ctx ends is killed and a *NotReadyError. It returns ErrRunning when the node runs.
func (n *Node) Start(ctx context.Context) error {
	life, err := n.launch(ctx)
	if err != nil {
		return err
	}
	waiting, stopWaiting := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-life.Exited():
			stopWaiting()
		case <-waiting.Done():
		}
	}()
	err = n.system.Ready(waiting, n.config)
	stopWaiting()
	<-watched
	exit, ended := life.Exit()
	switch {
	case ended:
		return &DiedError{Node: n.config.Index, Status: exit.Status, Tail: life.tail.Lines()}
	case err == nil:
		return nil
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	notReady := &NotReadyError{Node: n.config.Index, Tail: life.tail.Lines(), Err: err}
	if err := life.kill(context.WithoutCancel(ctx)); err != nil {
		notReady.Err = errors.Join(notReady.Err, err)
	}
	return notReady
}

// launch starts a process of the node.
func (n *Node) launch(ctx context.Context) (*incarnation, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.closed:
		return nil, fmt.Errorf("start node %d: %w", n.config.Index, ErrClosed)
	case len(n.lives) > 0 && n.lives[len(n.lives)-1].running():
		return nil, fmt.Errorf("start node %d: %w", n.config.Index, ErrRunning)
	}
	if err := os.MkdirAll(n.config.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("start node %d: make its data directory: %w", n.config.Index, err)
	}
	life := &incarnation{tail: NewTail(tailLines)}
	cmd := n.system.Command(n.config)
	cmd.Dir = n.config.Dir
	output := io.MultiWriter(life.tail, n.log)
	cmd.Stdout, cmd.Stderr = output, output
	process, err := startProcess(ctx, n.place, n.config.Index, cmd)
	if err != nil {
		return nil, fmt.Errorf("start node %d: %w", n.config.Index, err)
	}
	life.Process = process
	n.lives = append(n.lives, life)
	return life, nil
}

// Kill sends SIGKILL and returns once the node's process has ended. A node that does not run is
// left alone.
func (n *Node) Kill(ctx context.Context) error {
	life := n.newest()
	if !life.running() {
		return nil
	}
	if err := life.kill(ctx); err != nil {
		return fmt.Errorf("kill node %d: %w", n.config.Index, err)
	}
	return nil
}

func (p *Process) kill(ctx context.Context) error {
	if err := p.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.Exited():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("process %d was not seen to end after SIGKILL: %w", p.HostPID(), context.Cause(ctx))
	}
}

// close kills the node and lets it start no more.
func (n *Node) close(ctx context.Context) error {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	if err := n.Kill(ctx); err != nil {
		return err
	}
	return n.log.close()
}
