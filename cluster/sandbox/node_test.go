package sandbox_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"chaosctl/cluster/sandbox"
)

const (
	nodePort    = "19077"
	dialTimeout = 100 * time.Millisecond // as a server under test uses it
	hearTimeout = 60 * time.Millisecond  // a datagram between two nodes takes microseconds
)

// serveAsNode obeys one order a connection: "dial ADDRESS" tells whether a connection to another
// node could be made, "send ADDRESS WORD" sends a datagram, "heard WORD" waits for one.
func serveAsNode() int {
	listener, err := net.Listen("tcp", ":"+nodePort)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	packets, err := net.ListenPacket("udp", ":"+nodePort)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	n := &testNode{packets: packets, words: make(map[string]bool)}
	go n.listen()
	for {
		conn, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		go n.obey(conn)
	}
}

type testNode struct {
	packets net.PacketConn
	mu      sync.Mutex // protects words
	words   map[string]bool
}

func (n *testNode) listen() {
	buffer := make([]byte, 1024)
	for {
		size, _, err := n.packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		n.mu.Lock()
		n.words[string(buffer[:size])] = true
		n.mu.Unlock()
	}
}

func (n *testNode) obey(conn net.Conn) {
	defer conn.Close()
	order, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return // a peer that only looked whether it could connect
	}
	fmt.Fprintln(conn, n.do(strings.Fields(order)))
}

func (n *testNode) do(order []string) string {
	switch order[0] {
	case "dial":
		peer, err := net.DialTimeout("tcp", order[1], dialTimeout)
		if err != nil {
			return err.Error()
		}
		peer.Close()
	case "send":
		to, err := net.ResolveUDPAddr("udp", order[1])
		if err != nil {
			return err.Error()
		}
		if _, err := n.packets.WriteTo([]byte(order[2]), to); err != nil {
			return err.Error()
		}
	case "heard":
		for deadline := time.Now().Add(hearTimeout); ; {
			n.mu.Lock()
			heard := n.words[order[1]]
			n.mu.Unlock()
			if heard {
				break
			}
			if time.Now().After(deadline) {
				return "not heard"
			}
			time.Sleep(time.Millisecond)
		}
	}
	return "ok"
}

// rig is a network with a node in each of its namespaces.
type rig struct {
	*sandbox.Network
	nodes []*exec.Cmd
	word  int
}

// build builds a network, starts nodes in it and waits until they listen.
func build(t *testing.T, nodes int) *rig {
	t.Helper()
	began := time.Now()
	network, err := sandbox.Build(nodes)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("measured: build a network of %d nodes %v", nodes, time.Since(began))
	r := &rig{Network: network}
	t.Cleanup(func() {
		r.stop()
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	})
	began = time.Now()
	for i := range nodes {
		r.start(t, i, nil)
	}
	for i := range nodes {
		r.awaitNode(t, i)
	}
	t.Logf("measured: start %d nodes until they listen %v", nodes, time.Since(began))
	return r
}

func nodeCommand() *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), nodeEnv+"=1")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

func (r *rig) start(tb testing.TB, node int, pidfd *int) *exec.Cmd {
	tb.Helper()
	cmd := nodeCommand()
	cmd.SysProcAttr.PidFD = pidfd
	if err := r.Start(tb.Context(), node, cmd); err != nil {
		tb.Fatal(err)
	}
	r.nodes = append(r.nodes, cmd)
	return cmd
}

// awaitNode waits until a node listens.
func (r *rig) awaitNode(tb testing.TB, node int) {
	tb.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		conn, err := net.DialTimeout("tcp", r.endpoint(node), time.Second)
		if err == nil {
			conn.Close()
			return
		}
		if !errors.Is(err, unix.ECONNREFUSED) || time.Now().After(deadline) {
			tb.Fatalf("node %d does not listen: %v", node, err)
		}
		time.Sleep(time.Millisecond)
	}
}

func (r *rig) stop() {
	for _, cmd := range r.nodes {
		cmd.Process.Kill()
		cmd.Wait()
	}
	r.nodes = nil
}

func (r *rig) endpoint(node int) string { return net.JoinHostPort(r.Address(node), nodePort) }

// order gives an order to a node as a client in the hub does.
func (r *rig) order(t *testing.T, node int, format string, args ...any) string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", r.endpoint(node), time.Second)
	if err != nil {
		t.Fatalf("a client cannot reach node %d: %v", node, err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, format+"\n", args...)
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatalf("node %d gives no answer: %v", node, err)
	}
	return strings.TrimSpace(answer)
}

// datagrams is how many datagrams are sent over a link before it counts as one that carries nothing: a busy machine
// loses some.
const datagrams = 4

// deaf sends datagrams over every link and returns those over which none came.
func (r *rig) deaf(t *testing.T) []sandbox.Link {
	t.Helper()
	var deaf []sandbox.Link
	for from := range r.nodes {
		for to := range r.nodes {
			if from == to {
				continue
			}
			if !r.carries(t, from, to) {
				deaf = append(deaf, sandbox.Link{From: from, To: to})
			}
		}
	}
	return deaf
}

func (r *rig) carries(t *testing.T, from, to int) bool {
	t.Helper()
	for range datagrams {
		r.word++
		r.order(t, from, "send %s word-%d", r.endpoint(to), r.word)
		if r.order(t, to, "heard word-%d", r.word) == "ok" {
			return true
		}
	}
	return false
}

// wantDeaf checks that exactly these links carry nothing.
func (r *rig) wantDeaf(t *testing.T, when string, want ...sandbox.Link) {
	t.Helper()
	if diff := cmp.Diff(want, r.deaf(t)); diff != "" {
		t.Errorf("%s: links that carry nothing (-want +got):\n%s", when, diff)
	}
}

func cut(t *testing.T, r *rig, links ...sandbox.Link) *sandbox.Cut {
	t.Helper()
	began := time.Now()
	c, err := r.Cut(t.Context(), links)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("measured: cut %v %v", links, time.Since(began))
	return c
}

func heal(t *testing.T, c *sandbox.Cut) {
	t.Helper()
	began := time.Now()
	if err := c.Heal(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Logf("measured: heal %v", time.Since(began))
}

func dropped(t *testing.T, c *sandbox.Cut) uint64 {
	t.Helper()
	packets, err := c.Dropped(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return packets
}
