package faultstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"syscall"

	"chaosctl/faults"
)

// Cluster is a cluster in memory: processes that stop, run and end by signals, links that can
// be cut, and a number of unanswered requests. It is safe for concurrent use. Like a kernel it
// is a little late: the first reading after SIGSTOP still shows a thread that runs, the first
// after SIGCONT one that is stopped.
type Cluster struct {
	mu         sync.Mutex // protects the rest, the processes' fields included
	processes  []*process
	cuts       map[*cut]struct{}
	unanswered int
}

// threads is how many threads each process in memory has.
const threads = 4

// NewCluster returns a cluster of running nodes with all links whole and unanswered requests
// under way.
func NewCluster(nodes, unanswered int) *Cluster {
	c := &Cluster{cuts: map[*cut]struct{}{}, unanswered: unanswered}
	for i := range nodes {
		c.processes = append(c.processes, &process{cluster: c, pid: 1001 + i, exited: make(chan struct{})})
	}
	return c
}

// Target returns what a fault may touch of the cluster, with a random stream that is the same
// each time.
func (c *Cluster) Target() faults.Target {
	t := faults.Target{Network: network{c}, Load: load{c}, Rand: rand.New(rand.NewPCG(1, 2))}
	for _, p := range c.processes {
		t.Nodes = append(t.Nodes, p)
	}
	return t
}

// Probe is the cluster's Probe. It sends one packet over each link between nodes that run.
func (c *Cluster) Probe(_ context.Context, dead []int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var wrong []error
	for i, p := range c.processes {
		switch {
		case slices.Contains(dead, i):
		case p.dead:
			wrong = append(wrong, fmt.Errorf("node %d is dead", i))
		case p.stopped:
			wrong = append(wrong, fmt.Errorf("node %d is stopped", i))
		}
	}
	for from := range c.processes {
		for to := range c.processes {
			if from != to && c.running(from) && c.running(to) && !c.deliver(faults.Link{From: from, To: to}) {
				wrong = append(wrong, fmt.Errorf("node %d does not hear node %d", to, from))
			}
		}
	}
	return errors.Join(wrong...)
}

func (c *Cluster) running(node int) bool {
	return !c.processes[node].dead && !c.processes[node].stopped
}

func (c *Cluster) deliver(l faults.Link) bool {
	for active := range maps.Keys(c.cuts) {
		if slices.Contains(active.links, l) {
			active.dropped++
			return false
		}
	}
	return true
}

// process is a faults.Process in memory.
type process struct {
	cluster *Cluster
	pid     int
	exited  chan struct{}
	stopped bool
	dead    bool
	late    bool // the next reading shows one thread as it was before the last signal
}

func (p *process) PID() int                { return p.pid }
func (p *process) Exited() <-chan struct{} { return p.exited }

func (p *process) Signal(sig syscall.Signal) error {
	p.cluster.mu.Lock()
	defer p.cluster.mu.Unlock()
	if p.dead {
		return os.ErrProcessDone
	}
	switch sig {
	case syscall.SIGSTOP:
		p.late, p.stopped = !p.stopped, true
	case syscall.SIGCONT:
		p.late, p.stopped = p.stopped, false
	case syscall.SIGKILL:
		p.dead = true
		close(p.exited)
	default:
		return fmt.Errorf("no fault may send signal %d", sig)
	}
	return nil
}

func (p *process) ThreadStates() ([]byte, error) {
	p.cluster.mu.Lock()
	defer p.cluster.mu.Unlock()
	if p.dead {
		return nil, os.ErrNotExist
	}
	now, before := byte('S'), byte('T')
	if p.stopped {
		now, before = 'T', 'R'
	}
	states := bytes.Repeat([]byte{now}, threads)
	if p.late {
		p.late, states[threads-1] = false, before
	}
	return states, nil
}

// network is the faults.Network of a cluster in memory.
type network struct{ cluster *Cluster }

func (n network) Cut(ctx context.Context, links []faults.Link) (faults.Cut, error) {
	n.cluster.mu.Lock()
	defer n.cluster.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	made := &cut{cluster: n.cluster, links: slices.Clone(links)}
	n.cluster.cuts[made] = struct{}{}
	return made, nil
}

// cut is a faults.Cut in memory.
type cut struct {
	cluster *Cluster
	links   []faults.Link
	dropped uint64
}

func (c *cut) Dropped(ctx context.Context) (uint64, error) {
	c.cluster.mu.Lock()
	defer c.cluster.mu.Unlock()
	return c.dropped, ctx.Err()
}

func (c *cut) Heal(ctx context.Context) error {
	c.cluster.mu.Lock()
	defer c.cluster.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	delete(c.cluster.cuts, c)
	return nil
}

// load is the faults.Load of a cluster in memory.
type load struct{ cluster *Cluster }

func (l load) Unanswered() int {
	l.cluster.mu.Lock()
	defer l.cluster.mu.Unlock()
	return l.cluster.unanswered
}

func (l load) Drained(ctx context.Context) (int, error) {
	return l.Unanswered(), ctx.Err()
}
