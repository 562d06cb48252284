package faults_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"chaosctl/faults"
	"chaosctl/faults/faultstest"
)

// nodeEnv, when set, makes the test binary a node: an idle server with several threads.
const nodeEnv = "FAULTS_TEST_NODE"

// nodeThreads is how many threads a node has at the least.
const nodeThreads = 6

const greeting = "here\n"

// answerLimit is how long a node may take to greet before it counts as not answering.
const answerLimit = time.Second

// serveAsNode prints its address, greets every caller and never returns in good order.
func serveAsNode() int {
	for range nodeThreads - 1 {
		go func() {
			runtime.LockOSThread()
			select {}
		}()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(listener.Addr())
	for {
		conn, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		io.WriteString(conn, greeting)
		conn.Close()
	}
}

// node is a real process under test.
type node struct {
	cmd     *exec.Cmd
	pidfd   int
	address string
	exited  chan struct{}
}

// startNode starts the test binary as a node; it ends with the test.
func startNode(tb testing.TB) *node {
	tb.Helper()
	n := &node{cmd: exec.Command("/proc/self/exe"), exited: make(chan struct{})}
	n.cmd.Env = append(os.Environ(), nodeEnv+"=1")
	n.cmd.Stderr = os.Stderr
	n.cmd.SysProcAttr = &syscall.SysProcAttr{PidFD: &n.pidfd, Pdeathsig: syscall.SIGKILL}
	stdout, err := n.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	line, readErr := bufio.NewReader(stdout).ReadString('\n')
	n.address = strings.TrimSpace(line)
	go func() {
		defer close(n.exited)
		n.cmd.Wait()
	}()
	tb.Cleanup(func() {
		n.Signal(syscall.SIGKILL)
		<-n.exited
		unix.Close(n.pidfd)
	})
	if readErr != nil {
		tb.Fatalf("read the node's address: %v", readErr)
	}
	return n
}

func (n *node) PID() int                { return n.cmd.Process.Pid }
func (n *node) Exited() <-chan struct{} { return n.exited }

func (n *node) Signal(sig syscall.Signal) error {
	return unix.PidfdSendSignal(n.pidfd, sig, nil, 0)
}

func (n *node) ThreadStates() ([]byte, error) {
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", n.PID()))
	if err != nil {
		return nil, err
	}
	var states []byte
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			return nil, err
		}
		// The state follows the name, which is in parentheses and may hold some.
		_, fields, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')'):]), " ")
		states = append(states, fields[0])
	}
	return states, nil
}

// greets returns nil when the node answers a new caller.
func (n *node) greets(ctx context.Context) error {
	var dialer net.Dialer
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp", n.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return err
	}
	heard, err := io.ReadAll(conn)
	if err != nil {
		return err
	}
	if string(heard) != greeting {
		return fmt.Errorf("greeted with %q", heard)
	}
	return nil
}

// startNodes starts three nodes that share one network, under a load that is only a number.
func startNodes(tb testing.TB) (faults.Target, faultstest.Probe) {
	tb.Helper()
	target := faultstest.NewCluster(3, 5).Target()
	target.Network, target.Nodes = nil, nil
	var nodes []*node
	for range 3 {
		n := startNode(tb)
		nodes = append(nodes, n)
		target.Nodes = append(target.Nodes, n)
	}
	return target, func(ctx context.Context, dead []int) error {
		for i, n := range nodes {
			if slices.Contains(dead, i) {
				continue
			}
			if err := n.greets(ctx); err != nil {
				return fmt.Errorf("node %d (pid %d): %w", i, n.PID(), err)
			}
		}
		return nil
	}
}
