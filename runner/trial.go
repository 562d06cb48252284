package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"

	"chaosctl/cluster"
	"chaosctl/cluster/sandbox"
	"chaosctl/faults"
)

// IdleCommand is the hidden command of chaosctl that is a node of a trial.
const IdleCommand = "idle"

// Bounds of a trial.
const (
	trialHold   = 100 * time.Millisecond // how long a fault is in force
	dialEvery   = 10 * time.Millisecond
	dialTimeout = 20 * time.Millisecond
)

// Tried is what came of a trial.
type Tried struct {
	OK   bool   `json:"ok"`
	Seen string `json:"seen"` // the evidence, or what went wrong
}

// trial injects a fault into idle processes in this sandbox, heals it, and tells what was seen.
func trial(ctx context.Context, s Shard, network *sandbox.Network) Tried {
	evidence, err := tryOnIdle(ctx, s, network)
	switch {
	case err != nil:
		return Tried{Seen: err.Error()}
	case !evidence.Effective:
		return Tried{Seen: "injected without effect: " + evidence.Why}
	case !evidence.Healed:
		return Tried{Seen: "not healed: " + evidence.Why}
	}
	facts, err := json.Marshal(evidence.Facts)
	if err != nil {
		return Tried{Seen: err.Error()}
	}
	return Tried{OK: true, Seen: fmt.Sprintf("tried: took effect and healed, seen by %s", facts)}
}

func tryOnIdle(ctx context.Context, s Shard, network *sandbox.Network) (e faults.Evidence, err error) {
	fault, err := faults.Parse(s.Fault)
	if err != nil {
		return e, err
	}
	dir, err := os.MkdirTemp("", "chaosctl-trial-")
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	c := &cycle{shardRun: &shardRun{Shard: s, fault: fault, network: network}}
	nodes, err := cluster.New(idle{}, network, c.nodeConfigs(dir), cluster.Options{})
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, nodes.Close(context.WithoutCancel(ctx))) }()
	ready, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	if err := nodes.Start(ready); err != nil {
		return e, err
	}
	target := faults.Target{Network: faultNetwork{network}, Load: oneUnanswered{}, Rand: stream("0", s.Fault, 0, 0, forFault)}
	for _, n := range nodes.Nodes() {
		target.Nodes = append(target.Nodes, faultProcess{n.Process()})
	}
	injection, err := fault.Inject(ctx, target)
	if err != nil {
		return e, err
	}
	hold(ctx, trialHold)
	err = injection.Heal(ctx)
	return injection.Evidence(), err
}

// oneUnanswered is a load with one request under way.
type oneUnanswered struct{}

func (oneUnanswered) Unanswered() int                      { return 1 }
func (oneUnanswered) Drained(context.Context) (int, error) { return 1, nil }

// idle is a system of processes that do nothing but reach out to each other.
type idle struct{}

var _ cluster.System = idle{}

// Command starts this program as an idle node.
func (idle) Command(n cluster.NodeConfig) *exec.Cmd {
	args := []string{IdleCommand, net.JoinHostPort(n.Host, strconv.Itoa(n.Port))}
	for _, peer := range n.Peers {
		args = append(args, peer[len("http://"):])
	}
	return exec.Command("/proc/self/exe", args...)
}

// Ready waits until the node accepts connections.
func (idle) Ready(ctx context.Context, n cluster.NodeConfig) error {
	address := net.JoinHostPort(n.Host, strconv.Itoa(n.Port))
	var last error
	if !poll(ctx, func(int) bool { last = reach(ctx, address); return last == nil }) {
		return errors.Join(context.Cause(ctx), last)
	}
	return nil
}

// Write is refused: an idle node stores nothing.
func (idle) Write(context.Context, cluster.NodeConfig, cluster.Write) cluster.Reply {
	return cluster.Reply{Answer: cluster.Refused, Err: errors.ErrUnsupported}
}

// ReadAll is refused likewise.
func (idle) ReadAll(context.Context, cluster.NodeConfig, string) (cluster.Listing, error) {
	return cluster.Listing{}, errors.ErrUnsupported
}

// ServeIdle is a node of a trial: it accepts connections, and connects to its peers again and
// again, so that a cut has packets to drop. It ends with ctx.
func ServeIdle(ctx context.Context, listen string, peers []string) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	for _, peer := range peers {
		go func() { // ends with the process, at the latest
			for ctx.Err() == nil {
				_ = reach(ctx, peer) // that it fails is what a cut is for
				hold(ctx, dialEvery)
			}
		}()
	}
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := conn.Close(); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			return err
		}
	}
}

// reach connects once.
func reach(ctx context.Context, address string) error {
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}
