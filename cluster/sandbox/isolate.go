package sandbox

import (
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Isolate keeps a node from reaching any other and from answering any: its routes to them lead
// nowhere. Clients in the hub still reach it. It needs no program, returns when a look at the
// routes shows that it is in force, and is meant for a node without connections; it is
// idempotent.
func (n *Network) Isolate(node int) error {
	if err := n.eachOther(node, block); err != nil {
		return fmt.Errorf("isolate node %d: %w", node, err)
	}
	return nil
}

// Rejoin ends what Isolate did and returns when the node can reach every other. It is idempotent
// and legal for a node that is not isolated.
func (n *Network) Rejoin(node int) error {
	if err := n.eachOther(node, unblock); err != nil {
		return fmt.Errorf("rejoin node %d: %w", node, err)
	}
	return nil
}

func (n *Network) eachOther(node int, do func(*netlink.Handle, net.IP) error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return errClosed
	}
	if err := n.check(node); err != nil {
		return err
	}
	for other := range n.nodes {
		if other == node {
			continue
		}
		if err := do(n.nodes[node].handle, address(other+1)); err != nil {
			return fmt.Errorf("node %d: %w", other, err)
		}
	}
	return nil
}

// nowhere is a route for one address by which packets are dropped silently. It wins over the
// subnet's, being longer.
func nowhere(to net.IP) *netlink.Route {
	return &netlink.Route{
		Dst:  &net.IPNet{IP: to, Mask: net.CIDRMask(32, 32)},
		Type: unix.RTN_BLACKHOLE,
	}
}

func block(handle *netlink.Handle, to net.IP) error {
	if err := handle.RouteAdd(nowhere(to)); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("add a blackhole route: %w", err)
	}
	// The kernel answers EINVAL when the way to an address is a blackhole.
	routes, err := handle.RouteGet(to)
	switch {
	case err == nil:
		return fmt.Errorf("the blackhole route is not in force: packets to %v go by %v", to, routes)
	case !errors.Is(err, unix.EINVAL):
		return fmt.Errorf("look for the way to %v: %w", to, err)
	}
	return nil
}

func unblock(handle *netlink.Handle, to net.IP) error {
	if err := handle.RouteDel(nowhere(to)); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("delete the blackhole route: %w", err)
	}
	if _, err := handle.RouteGet(to); err != nil {
		return fmt.Errorf("there is still no way to %v: %w", to, err)
	}
	return nil
}
