package cluster_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/cluster"
)

func TestSignalsAndThreadStates(t *testing.T) {
	c := newCluster(t, serves)
	start(t, c.Start)
	p := c.Nodes()[0].Process()
	if p.PID() != p.HostPID() {
		t.Errorf("PID %d, HostPID %d, want the same without a pid namespace", p.PID(), p.HostPID())
	}
	signal := func(sig syscall.Signal) {
		t.Helper()
		if err := p.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	signal(syscall.SIGSTOP)
	awaitStates(t, p, func(states []byte) bool {
		threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.PID())) // how many there are is the runtime's choice
		return err == nil && len(threads) > 1 && len(states) == len(threads) && bytes.Count(states, []byte("T")) == len(states)
	})
	signal(syscall.SIGCONT)
	awaitStates(t, p, func(states []byte) bool { return !bytes.Contains(states, []byte("T")) })
	signal(syscall.SIGSTOP)
	signal(syscall.SIGKILL)
	<-p.Exited()
	exit, ended := p.Exit()
	if !ended || !exit.Ours || exit.Status != "signal: killed" || exit.At.IsZero() {
		t.Errorf("exit = %+v, %v, want killed by us", exit, ended)
	}
	if err := p.Signal(syscall.SIGKILL); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("signal after the end: error = %v, want os.ErrProcessDone", err)
	}
	if states, err := p.ThreadStates(); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("thread states after the end = %q, %v, want os.ErrProcessDone", states, err)
	}
}

func awaitStates(t *testing.T, p *cluster.Process, wanted func([]byte) bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; {
		states, err := p.ThreadStates()
		if err != nil {
			t.Fatal(err)
		}
		if wanted(states) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("thread states stay %q", states)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestWhoseExit kills from outside and from inside.
func TestWhoseExit(t *testing.T) {
	for name, tt := range map[string]struct {
		mode   string
		kill   func(p *cluster.Process) error
		ours   bool
		status string
	}{
		"a stranger kills": {serves, func(p *cluster.Process) error {
			return syscall.Kill(p.PID(), syscall.SIGKILL)
		}, false, "signal: killed"},
		"we stop, a stranger kills": {serves, func(p *cluster.Process) error {
			return errors.Join(p.Signal(syscall.SIGSTOP), syscall.Kill(p.PID(), syscall.SIGKILL))
		}, false, "signal: killed"},
		"a stranger ends it": {obeys, func(p *cluster.Process) error {
			return syscall.Kill(p.PID(), syscall.SIGTERM)
		}, false, "exit status 7"},
		"we end it": {obeys, func(p *cluster.Process) error {
			return p.Signal(syscall.SIGTERM)
		}, true, "exit status 7"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, tt.mode)
			start(t, c.Start)
			p := c.Nodes()[0].Process()
			if err := tt.kill(p); err != nil {
				t.Fatal(err)
			}
			<-p.Exited()
			exit, _ := p.Exit()
			exit.At = time.Time{}
			if diff := cmp.Diff(cluster.Exit{Ours: tt.ours, Status: tt.status}, exit); diff != "" {
				t.Errorf("exit (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEndOfProcessIsEndOfGroup: a child that a node leaves behind must not hold its port or its
// output.
func TestEndOfProcessIsEndOfGroup(t *testing.T) {
	c := newCluster(t, bears)
	start(t, c.Start)
	n := c.Nodes()[0]
	var child int
	if _, err := fmt.Sscanf(strings.Join(n.Tail(), " "), "child %d", &child); err != nil {
		t.Fatalf("tail = %q: %v", n.Tail(), err)
	}
	start(t, n.Kill)
	for deadline := time.Now().Add(5 * time.Second); ; {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("child %d outlived its node: %s", child, stat)
		}
		time.Sleep(time.Millisecond)
	}
}
