package runner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"chaosctl/cluster"
	"chaosctl/metrics"
)

// readyLimit is how long nodes may take to answer for the first time.
const readyLimit = 10 * time.Second

// boot decides what is to be done, which tells the namespaces to look at, starts the nodes on fresh
// data, and returns when all are ready and seen to be empty.
func (c *cycle) boot(ctx context.Context) error {
	c.steps = c.plan()
	dir := c.workDir(c.number)
	nodes, err := cluster.New(c.system, c.network, c.nodeConfigs(dir), cluster.Options{LogDir: dir})
	if err != nil {
		return err
	}
	c.nodes = nodes
	c.undo.push("stop the nodes", func(ctx context.Context) error { return nodes.Close(ctx) })
	for _, n := range nodes.Nodes() {
		c.logs = append(c.logs, n.LogFile())
	}
	limited, cancel := context.WithTimeoutCause(ctx, readyLimit, fmt.Errorf("no answer within %v", readyLimit))
	defer cancel()
	if err := nodes.Start(limited); err != nil {
		return c.notReady(err)
	}
	c.observe(ctx, metrics.AtStart, c.everyNode())
	return nil
}

// nodeConfigs tells each node where it lives and who its peers are.
func (c *cycle) nodeConfigs(dir string) []cluster.NodeConfig {
	configs := make([]cluster.NodeConfig, c.Campaign.Nodes)
	url := func(node int) string {
		return fmt.Sprintf("http://%s:%d", c.network.Address(node), c.Campaign.FirstPort+node)
	}
	for node := range configs {
		var peers []string
		for other := range configs {
			if other != node {
				peers = append(peers, url(other))
			}
		}
		configs[node] = cluster.NodeConfig{
			Index:         node,
			Host:          c.network.Address(node),
			Port:          c.Campaign.FirstPort + node,
			Dir:           filepath.Join(dir, nodeName(node)),
			Peers:         peers,
			Quorum:        c.Campaign.Quorum,
			QuorumTimeout: c.Campaign.QuorumTimeout,
		}
	}
	return configs
}

// notReady ends the campaign when no cycle of the shard got further; later it is a cycle's error.
func (c *cycle) notReady(err error) error {
	if c.sound || errors.Is(err, context.Canceled) {
		return err
	}
	var died *cluster.DiedError
	stopped := Stopped{Reason: NotReady, Message: err.Error()}
	if errors.As(err, &died) {
		stopped.Tail = died.Tail
	}
	return &stopError{stopped}
}

// nodeName is how records call a node.
func nodeName(node int) string { return fmt.Sprintf("node%d", node) }

// everyNode lists all node numbers.
func (c *cycle) everyNode() []int {
	all := make([]int, c.Campaign.Nodes)
	for i := range all {
		all[i] = i
	}
	return all
}

// living lists the nodes whose process runs.
func (c *cycle) living() []int {
	var living []int
	for i, n := range c.nodes.Nodes() {
		if n.Running() {
			living = append(living, i)
		}
	}
	return living
}

// noteExits puts the ends of all processes into the history, but for those of the teardown.
func (c *cycle) noteExits() {
	c.history.Exits = nil
	for i, n := range c.nodes.Nodes() {
		for _, e := range n.Exits() {
			c.history.Exits = append(c.history.Exits, metrics.Exit{
				Node: i, At: c.at(e.At), Ours: e.Ours, Status: e.Status,
			})
		}
	}
}
