package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Link is one direction between two nodes: packets that From sends to To.
type Link struct{ From, To int }

// ErrAlreadyCut says that the same links are cut already.
var ErrAlreadyCut = errors.New("these links are cut already")

// Cut is a set of links that are cut.
type Cut struct {
	network *Network
	set     *linkSet

	mu     sync.Mutex // protects the rest
	healed bool
}

// Prepare makes what a later Cut of the same links needs, which then takes one command for each
// namespace that is involved. Cut does it itself when it was not done.
func (n *Network) Prepare(ctx context.Context, links []Link) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, err := n.prepare(ctx, links); err != nil {
		return fmt.Errorf("prepare to cut links: %w", err)
	}
	return nil
}

// Cut drops every packet on the links and returns when the cut is in force. The links of one node
// are cut at one instant. Clients in the hub still reach every node. It needs the program
// iptables; on error nothing is cut.
func (n *Network) Cut(ctx context.Context, links []Link) (*Cut, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	set, err := n.prepare(ctx, links)
	if err != nil {
		return nil, fmt.Errorf("cut links: %w", err)
	}
	if set.active {
		return nil, fmt.Errorf("cut links: %w", ErrAlreadyCut)
	}
	for i, s := range set.switches {
		err := n.spawner.in(ctx, n.nodes[s.node].ns, func() error { return n.tables.turn(s, dropRules(s.name)) })
		if err == nil {
			continue
		}
		undo := n.heal(context.WithoutCancel(ctx), set.switches[:i+1])
		return nil, errors.Join(fmt.Errorf("cut links: %w", err), undo)
	}
	set.active = true
	return &Cut{network: n, set: set}, nil
}

// Dropped counts the packets that the rules for these links dropped so far, in this cut and in
// earlier ones of the same links; it never goes back.
func (c *Cut) Dropped(ctx context.Context) (uint64, error) {
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	if c.network.closed {
		return 0, fmt.Errorf("count dropped packets: %w", errClosed)
	}
	var sum uint64
	for _, s := range c.set.switches {
		err := c.network.spawner.in(ctx, c.network.nodes[s.node].ns, func() error {
			packets, err := c.network.tables.dropped(s)
			sum += packets
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("count dropped packets: %w", err)
		}
	}
	return sum, nil
}

// Heal lets packets pass again and returns when a look at the rules shows that. It is idempotent;
// after an error it may be called again.
func (c *Cut) Heal(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.healed {
		return nil
	}
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	if c.network.closed {
		return fmt.Errorf("heal cut links: %w", errClosed)
	}
	if err := c.network.heal(ctx, c.set.switches); err != nil {
		return err
	}
	c.healed, c.set.active = true, false
	return nil
}

// heal turns switches off, all of them whatever fails, and sees that they are; mu is held.
func (n *Network) heal(ctx context.Context, switches []*linkSwitch) error {
	var failed []error
	for _, s := range switches {
		err := n.spawner.in(ctx, n.nodes[s.node].ns, func() error {
			if err := n.tables.turn(s, pass); err != nil {
				return err
			}
			return n.tables.passes(s)
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("heal cut links of node %d: %w", s.node, err))
		}
	}
	return errors.Join(failed...)
}

// linkSet is a set of links that was cut or may be.
type linkSet struct {
	switches []*linkSwitch
	active   bool
}

// linkSwitch is what cuts those links of a set that are cut at one node.
type linkSwitch struct {
	node  int
	name  string
	in    []int // the nodes it must not hear
	out   []int // the nodes that must not hear it
	turns int   // rules in it
}

// plan chooses at which nodes links are cut: first at the node that most of them touch, so that
// cutting one node from all others happens at that node alone, at one instant.
func plan(links []Link, nodes int) []*linkSwitch {
	var switches []*linkSwitch
	for left := slices.Clone(links); len(left) > 0; {
		touched := make([]int, nodes)
		for _, l := range left {
			touched[l.From]++
			touched[l.To]++
		}
		node := slices.Index(touched, slices.Max(touched))
		s := &linkSwitch{node: node}
		left = slices.DeleteFunc(left, func(l Link) bool {
			switch node {
			case l.From:
				s.out = append(s.out, l.To)
			case l.To:
				s.in = append(s.in, l.From)
			default:
				return false
			}
			return true
		})
		switches = append(switches, s)
	}
	return switches
}

// normalise checks links and brings them into one order, each once.
func normalise(links []Link, nodes int) ([]Link, error) {
	if len(links) == 0 {
		return nil, errors.New("there are none")
	}
	for _, l := range links {
		if min(l.From, l.To) < 0 || max(l.From, l.To) >= nodes || l.From == l.To {
			return nil, fmt.Errorf("there is no link from node %d to node %d in a network of %d", l.From, l.To, nodes)
		}
	}
	sorted := slices.SortedFunc(slices.Values(links), func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return slices.Compact(sorted), nil
}
