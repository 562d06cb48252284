package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// MaxNodes is how many nodes a network can have.
const MaxNodes = 253

// The addresses are of a block that is never routed (RFC 2544): node n is 198.18.0.(n+1), the
// hub, where clients are, 198.18.0.254.
const (
	prefixBits = 24
	hubHost    = 254
)

func address(host int) net.IP { return net.IPv4(198, 18, 0, byte(host)).To4() }

// hardwareAddress is a locally administered one that spells the IP address.
func hardwareAddress(host int) net.HardwareAddr {
	return append(net.HardwareAddr{0x02, 0x00}, address(host)...)
}

func subnet(host int) *netlink.Addr {
	return &netlink.Addr{IPNet: &net.IPNet{IP: address(host), Mask: net.CIDRMask(prefixBits, 32)}}
}

// Network is a network in a sandbox: every node in a namespace of its own, joined by a bridge in
// the sandbox's namespace, from where clients reach all of them. It is a place for a cluster's
// nodes. It is safe for concurrent use, and vanishes with the sandbox.
type Network struct {
	nodes   []*node
	hub     *netlink.Handle
	spawner *spawner

	mu     sync.Mutex // protects the rest
	tables *tables
	closed bool
}

// node is a node's namespace.
type node struct {
	ns     netns.NsHandle
	handle *netlink.Handle
	link   int // its interface
}

// Build builds a network for a number of nodes, 1 to MaxNodes. Enter must have been called; there
// is one network in a sandbox. When the host is the reason, the error is an *Unavailable.
func Build(nodes int) (*Network, error) {
	if nodes < 1 || nodes > MaxNodes {
		return nil, fmt.Errorf("build a network: %d nodes are not between 1 and %d", nodes, MaxNodes)
	}
	if _, err := os.Stat(hostProc + "/self"); os.Getpid() != 1 || err != nil {
		return nil, errors.New("build a network: this process is in no sandbox: call Enter first")
	}
	spawner, err := newSpawner()
	if err != nil {
		return nil, explainStep(setUpNetwork, err, readSysctl)
	}
	n := &Network{spawner: spawner}
	if err := n.build(nodes); err != nil {
		return nil, errors.Join(explainStep(setUpNetwork, err, readSysctl), n.Close())
	}
	return n, nil
}

func (n *Network) build(nodes int) error {
	hub, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("open netlink: %w", err)
	}
	n.hub = hub
	if err := n.spawner.in(context.Background(), netns.None(), quietIPv6); err != nil {
		return err
	}
	bridge := newBridge()
	if err := n.hub.LinkAdd(bridge); err != nil {
		return fmt.Errorf("add the bridge: %w", err)
	}
	var ports []int
	for i := range nodes {
		made := &node{ns: netns.None()}
		n.nodes = append(n.nodes, made)
		port, err := n.buildNode(i, made, nodes, bridge.Index)
		if err != nil {
			return fmt.Errorf("node %d: %w", i, err)
		}
		ports = append(ports, port)
	}
	for i, node := range n.nodes {
		if err := errors.Join(awaitUp(node.handle, node.link), awaitUp(n.hub, ports[i])); err != nil {
			return fmt.Errorf("node %d: %w", i, err)
		}
	}
	// A bridge that comes up before its ports drops packets until the kernel gets round to it,
	// which may take a second.
	if err := raise(n.hub, bridge, hubHost); err != nil {
		return fmt.Errorf("the bridge: %w", err)
	}
	// Neighbours are fixed, so that no packet waits for an address to be resolved.
	for i := range nodes {
		if err := fixNeighbour(n.hub, bridge.Index, i+1); err != nil {
			return err
		}
	}
	return nil
}

func newBridge() *netlink.Bridge {
	attributes := netlink.NewLinkAttrs()
	attributes.Name = "hub"
	attributes.HardwareAddr = hardwareAddress(hubHost)
	snooping := false
	return &netlink.Bridge{LinkAttrs: attributes, MulticastSnooping: &snooping}
}

// buildNode makes a namespace and joins it to the bridge, by the port that is returned.
func (n *Network) buildNode(i int, made *node, nodes, bridge int) (port int, err error) {
	if err := n.spawner.in(context.Background(), netns.None(), made.make); err != nil {
		return 0, err
	}
	if made.handle, err = netlink.NewHandleAt(made.ns, unix.NETLINK_ROUTE); err != nil {
		return 0, fmt.Errorf("open netlink: %w", err)
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name = fmt.Sprintf("node%d", i)
	attributes.MasterIndex = bridge
	pair := netlink.NewVeth(attributes)
	pair.PeerName = "eth0"
	pair.PeerHardwareAddr = hardwareAddress(i + 1)
	pair.PeerNamespace = netlink.NsFd(made.ns)
	if err := n.hub.LinkAdd(pair); err != nil {
		return 0, fmt.Errorf("add a pair of interfaces: %w", err)
	}
	inside, err := made.handle.LinkByName(pair.PeerName)
	if err != nil {
		return 0, fmt.Errorf("find its interface: %w", err)
	}
	made.link = inside.Attrs().Index
	if err := raise(made.handle, inside, i+1); err != nil {
		return 0, err
	}
	if err := n.hub.LinkSetUp(pair); err != nil {
		return 0, fmt.Errorf("bring the bridge's side up: %w", err)
	}
	for host := 1; host <= nodes; host++ {
		if host != i+1 {
			if err := fixNeighbour(made.handle, made.link, host); err != nil {
				return 0, err
			}
		}
	}
	return pair.Index, fixNeighbour(made.handle, made.link, hubHost)
}

// make moves the calling thread into a new namespace and keeps a handle of that. The spawner
// brings its thread home.
func (m *node) make() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("make a network namespace: %w", err)
	}
	ns, err := netns.Get()
	if err != nil {
		return fmt.Errorf("open a network namespace: %w", err)
	}
	m.ns = ns
	if err := loopbackUp(); err != nil {
		return err
	}
	return quietIPv6()
}

// quietIPv6 switches IPv6 off in the calling thread's namespace: links need not wait until their
// addresses are known to be unique. A kernel without IPv6 is quiet already.
func quietIPv6() error {
	for _, scope := range []string{"all", "default"} {
		path := "/proc/sys/net/ipv6/conf/" + scope + "/disable_ipv6"
		if err := os.WriteFile(path, []byte("1"), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("switch IPv6 off: %w", err)
		}
	}
	return nil
}

// raise gives an interface its address and brings it up.
func raise(handle *netlink.Handle, link netlink.Link, host int) error {
	if err := handle.AddrAdd(link, subnet(host)); err != nil {
		return fmt.Errorf("set its address: %w", err)
	}
	if err := handle.LinkSetUp(link); err != nil {
		return fmt.Errorf("bring it up: %w", err)
	}
	return nil
}

// upLimit bounds how long an interface may take to come up; it takes milliseconds.
const upLimit = 5 * time.Second

// awaitUp waits until an interface is in operation. The kernel sees to that in its own time, and
// until then packets are dropped: a connection would be tried again only after a second.
func awaitUp(handle *netlink.Handle, index int) error {
	pause := 100 * time.Microsecond
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for deadline := time.Now().Add(upLimit); ; pause = min(2*pause, 2*time.Millisecond) {
		link, err := handle.LinkByIndex(index)
		if err != nil {
			return fmt.Errorf("look at an interface: %w", err)
		}
		state := link.Attrs().OperState
		if state == netlink.OperUp {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("interface %s is %v after %v", link.Attrs().Name, state, upLimit)
		}
		timer.Reset(pause)
		<-timer.C
	}
}

func fixNeighbour(handle *netlink.Handle, link, host int) error {
	err := handle.NeighSet(&netlink.Neigh{
		LinkIndex: link, Family: unix.AF_INET, State: netlink.NUD_PERMANENT,
		IP: address(host), HardwareAddr: hardwareAddress(host),
	})
	if err != nil {
		return fmt.Errorf("fix the neighbour %v: %w", address(host), err)
	}
	return nil
}

// Address is where a node is reached, by the other nodes and by clients.
func (n *Network) Address(node int) string { return address(node + 1).String() }

// Start starts the command in a node's namespace, as exec.Cmd.Start does. A death signal set on
// the command comes at the latest when the network is closed.
func (n *Network) Start(ctx context.Context, node int, cmd *exec.Cmd) error {
	if err := n.check(node); err != nil {
		return err
	}
	return n.spawner.in(ctx, n.nodes[node].ns, cmd.Start)
}

// HostPID is the process id that a process of the sandbox has on the host, by its pidfd.
func (*Network) HostPID(pidfd int) (int, error) { return hostPID(pidfd) }

func (n *Network) check(node int) error {
	if node < 0 || node >= len(n.nodes) {
		return fmt.Errorf("the network has no node %d, it has %d nodes", node, len(n.nodes))
	}
	return nil
}

// Close lets the network go: its namespaces end with the processes in them, and processes with a
// death signal get it. The bridge goes with the sandbox. It is idempotent.
func (n *Network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil
	}
	n.closed = true
	n.spawner.close()
	var failed []error
	for _, node := range n.nodes {
		if node.handle != nil {
			node.handle.Close()
		}
		if node.ns.IsOpen() {
			failed = append(failed, node.ns.Close())
		}
	}
	if n.hub != nil {
		n.hub.Close()
	}
	return errors.Join(failed...)
}
