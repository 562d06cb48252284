package faults

import (
	"context"
	"fmt"
	"math"
	"time"
)

const partitionName = "partition"

// Which way packets are dropped, seen from the nodes that are cut off.
const (
	bothWays = "both"
	inward   = "in"
	outward  = "out"
)

// partition cuts some nodes from all others, not from each other and not from clients.
type partition struct {
	nodes     nodeSet
	direction string
	duration  time.Duration
}

var _ Fault = partition{}

func newPartition(p *parameters) Fault {
	return partition{
		nodes:     p.nodeSet("nodes"),
		direction: p.word("direction", bothWays, inward, outward),
		duration:  p.inForce("for"),
	}
}

// String prints the fault as Parse reads it.
func (p partition) String() string { return format(p.Spec(), p.nodes, p.direction, p.duration) }

// Spec describes partition.
func (partition) Spec() Spec {
	return Spec{
		Name:    partitionName,
		Aliases: []string{"partition_minority"},
		Summary: "drop every packet between some nodes and all others",
		Params: []Param{
			{
				Name:    "nodes",
				Default: "0",
				Range:   "node numbers from 0 to 63 joined by +, such as 0 or 0+2",
				Help:    "the nodes to cut off; several are cut from the rest, not from each other",
			},
			{
				Name:    "direction",
				Default: bothWays,
				Range:   "both, in or out",
				Help:    "in: the nodes do not hear the others; out: the others do not hear them; both: neither",
			},
			{
				Name:    "for",
				Default: "500ms",
				Range:   "a duration from 1ms to 10m",
				Help:    "how long the nodes stay cut off",
			},
		},
		Needs:       []string{"the program iptables", "a network namespace for each node"},
		ConflictKey: "network",
		Exercise:    Exercise{Contained: true, Overlap: true},
	}
}

// Preflight returns an *Unsupported when the host has no iptables.
func (partition) Preflight(_ context.Context, host Host) error {
	if _, err := host.Program("iptables"); err != nil {
		return &Unsupported{
			Fault:  partitionName,
			Reason: fmt.Sprintf("the program iptables was not found: %v", err),
			Remedy: "install it, on Debian with: apt-get install iptables",
		}
	}
	return nil
}

// For is how long the nodes stay cut off.
func (p partition) For() time.Duration { return p.duration }

// Fits returns a *BadParameter when a cluster of that many nodes lacks one of the nodes to cut
// off, or has no other.
func (p partition) Fits(nodes int) error {
	problem := ""
	switch {
	case p.nodes.highest() >= nodes:
		problem = fmt.Sprintf("names a node that is not in a cluster of %d", nodes)
	case p.nodes.len() >= nodes:
		problem = fmt.Sprintf("leaves no node to be cut from in a cluster of %d", nodes)
	default:
		return nil
	}
	return badValue(partitionName, p.Spec().Params[0], p.nodes.String(), problem)
}

// Inject cuts the nodes off and returns when the cut is in force. Whether it had an effect is
// known after Heal, when the packets it dropped are counted.
func (p partition) Inject(ctx context.Context, t Target) (Injection, error) {
	if err := p.Fits(len(t.Nodes)); err != nil {
		return nil, err
	}
	if t.Network == nil {
		return nil, &Unsupported{
			Fault:  partitionName,
			Reason: "the nodes share one network, in which no link between two of them can be cut",
			Remedy: "give each node a network namespace of its own",
		}
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("fault %s: %w", partitionName, context.Cause(ctx))
	}
	links := p.links(len(t.Nodes))
	cut, err := t.Network.Cut(ctx, links)
	if err != nil {
		return nil, fmt.Errorf("fault %s: cut nodes %v off: %w", partitionName, p.nodes, err)
	}
	active := time.Now()
	before, err := cut.Dropped(ctx)
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, p.abandon(ctx, cut, fmt.Errorf("fault %s: count dropped packets: %w", partitionName, err))
	}
	return &partitioned{
		cut:      cut,
		before:   before,
		isolated: isolated(links, len(t.Nodes)),
		ledger: ledger{observed: Evidence{
			Nodes:  p.nodes.numbers(),
			Active: active,
			Facts:  map[string]int64{"links": int64(len(links)), "packets_dropped_before": clamp(before)},
			Why:    "dropped packets are counted after the heal",
		}},
	}, nil
}

// abandon heals a cut whose injection failed and returns the cause of the failure, as an
// *Unhealed when the heal failed too.
func (p partition) abandon(ctx context.Context, cut Cut, cause error) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := cut.Heal(ctx); err != nil {
		return unhealedCut(p.nodes.numbers(), err, cause)
	}
	return cause
}

func unhealedCut(nodes []int, err, cause error) *Unhealed {
	return &Unhealed{Fault: partitionName, Nodes: nodes, Err: fmt.Errorf("heal the cut: %w", err), Cause: cause}
}

// links lists the directed links to cut in a cluster of that many nodes.
func (p partition) links(nodes int) []Link {
	var links []Link
	for _, inside := range p.nodes.numbers() {
		for outside := range nodes {
			if p.nodes.has(outside) {
				continue
			}
			if p.direction != inward {
				links = append(links, Link{From: inside, To: outside})
			}
			if p.direction != outward {
				links = append(links, Link{From: outside, To: inside})
			}
		}
	}
	return links
}

// isolated lists the nodes that the links cut from every other node, both ways. They need not
// be the nodes that were named: two of three cut off leave the third alone.
func isolated(links []Link, nodes int) []int {
	cutAt := make([]int, nodes) // directed links cut at each node
	for _, l := range links {
		cutAt[l.From]++
		cutAt[l.To]++
	}
	var alone []int
	for node, cut := range cutAt {
		if cut == 2*(nodes-1) {
			alone = append(alone, node)
		}
	}
	return alone
}

// partitioned is a partition in force.
type partitioned struct {
	ledger
	cut      Cut
	before   uint64 // packets dropped when the cut was young
	isolated []int
}

// Heal lets packets pass again, and counts those that were dropped.
func (p *partitioned) Heal(ctx context.Context) error {
	p.healing.Lock()
	defer p.healing.Unlock()
	if !p.healBegins() {
		return nil
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := p.cut.Heal(ctx); err != nil {
		return p.unhealed(unhealedCut(p.Evidence().Nodes, err, nil))
	}
	p.healed()
	after, err := p.cut.Dropped(ctx)
	p.note(func(e *Evidence) { p.judge(e, after, err) })
	return nil
}

// judge decides by the counter whether the partition had an effect. Only packets after the
// first reading count: a counter that merely is not zero may have been so before. Nodes are
// called isolated only then, because an answer such a node gives is held against it.
func (p *partitioned) judge(e *Evidence, after uint64, err error) {
	if err != nil {
		e.Why = "dropped packets could not be counted: " + err.Error()
		return
	}
	e.Facts["packets_dropped_after"] = clamp(after)
	if after < p.before {
		e.Why = fmt.Sprintf("the counter of dropped packets went back from %d to %d", p.before, after)
		return
	}
	dropped := after - p.before
	e.Facts["packets_dropped"] = clamp(dropped)
	if dropped == 0 {
		e.Why = "no packet was dropped: the nodes sent nothing over the links that were cut"
		return
	}
	e.Effective, e.Isolated, e.Why = true, p.isolated, ""
}

// clamp fits a counter into a fact.
func clamp(n uint64) int64 { return int64(min(n, math.MaxInt64)) }
