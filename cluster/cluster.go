package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Options are what a cluster may be told besides its nodes.
type Options struct {
	LogDir string // where each node's whole output is kept, as nodeN.log; "" keeps only its last lines
}

// Cluster is some nodes of one system in one place. It is safe for concurrent use.
type Cluster struct {
	nodes []*Node
}

// New makes a cluster of nodes that do not run yet. It makes the nodes' data directories and
// LogDir when they are needed and leaves removing them to the caller.
func New(system System, place Place, configs []NodeConfig, options Options) (*Cluster, error) {
	if len(configs) == 0 {
		return nil, errors.New("make a cluster: it has no nodes")
	}
	if options.LogDir != "" {
		if err := os.MkdirAll(options.LogDir, 0o755); err != nil {
			return nil, fmt.Errorf("make a cluster: make the directory of its logs: %w", err)
		}
	}
	c := &Cluster{}
	for i, config := range configs {
		n, err := newNode(system, place, i, config, options)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("make a cluster: node %d: %w", i, err), c.closeLogs())
		}
		c.nodes = append(c.nodes, n)
	}
	return c, nil
}

func newNode(system System, place Place, position int, config NodeConfig, options Options) (*Node, error) {
	if config.Index != position {
		return nil, fmt.Errorf("its index is %d", config.Index)
	}
	dir, err := filepath.Abs(config.Dir) // the node runs in it
	if err != nil {
		return nil, err
	}
	config.Dir = dir
	path := ""
	if options.LogDir != "" {
		path = filepath.Join(options.LogDir, fmt.Sprintf("node%d.log", position))
	}
	log, err := openLog(path)
	if err != nil {
		return nil, err
	}
	return &Node{config: config, system: system, place: place, log: log}, nil
}

func (c *Cluster) closeLogs() error {
	var failed []error
	for _, n := range c.nodes {
		failed = append(failed, n.log.close())
	}
	return errors.Join(failed...)
}

// Nodes lists the nodes by index.
func (c *Cluster) Nodes() []*Node { return c.nodes }

// Start starts all nodes at once and returns when all are ready. When one fails the others are
// not waited for: they are killed, and the error is that of the first that failed. When a node
// runs already it returns ErrRunning and changes nothing.
func (c *Cluster) Start(ctx context.Context) error {
	for _, n := range c.nodes {
		if n.Running() {
			return fmt.Errorf("start the cluster: node %d: %w", n.config.Index, ErrRunning)
		}
	}
	group, limited := errgroup.WithContext(ctx)
	for _, n := range c.nodes {
		group.Go(func() error { return n.Start(limited) })
	}
	err := group.Wait()
	if err == nil {
		return nil
	}
	return errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
}

// Stop sends SIGKILL to all nodes at once and returns when all have ended. They may be started
// again.
func (c *Cluster) Stop(ctx context.Context) error {
	return c.each(func(n *Node) error { return n.Kill(ctx) })
}

// Close stops all nodes for good and ends their logs. It is idempotent.
func (c *Cluster) Close(ctx context.Context) error {
	return c.each(func(n *Node) error { return n.close(ctx) })
}

// each does something to all nodes at once and returns all errors.
func (c *Cluster) each(do func(*Node) error) error {
	failed := make([]error, len(c.nodes))
	var all sync.WaitGroup
	for i, n := range c.nodes {
		all.Go(func() { failed[i] = do(n) })
	}
	all.Wait()
	return errors.Join(failed...)
}
