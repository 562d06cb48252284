package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"chaosctl/cluster/sandbox"
)

type link = sandbox.Link

func TestNetworkJoinsAllNodes(t *testing.T) {
	inside(t, func(t *testing.T) {
		r := build(t, 3)
		r.wantDeaf(t, "fresh")
		for node := range 3 {
			if got := r.order(t, node, "dial %s", r.endpoint((node+1)%3)); got != "ok" {
				t.Errorf("node %d cannot connect to the next: %s", node, got)
			}
			if got := r.order(t, node, "dial %s", r.endpoint(node)); got != "ok" {
				t.Errorf("node %d cannot connect to itself: %s", node, got)
			}
		}
		if err := r.Start(t.Context(), 3, nil); err == nil {
			t.Error("a node that does not exist was started")
		}
	})
}

func TestHostPIDIsTheHostsOwn(t *testing.T) {
	inside(t, func(t *testing.T) {
		r := build(t, 1)
		r.stop()
		pidfd := -1
		node := r.start(t, 0, &pidfd)
		defer unix.Close(pidfd)
		pid, err := r.HostPID(pidfd)
		if err != nil {
			t.Fatal(err)
		}
		status, err := os.ReadFile(fmt.Sprintf("/run/host-proc/%d/status", pid))
		if err != nil {
			t.Fatal(err)
		}
		wanted := fmt.Sprintf("\t%d\n", node.Process.Pid) // NSpid lists the pids from the outermost inward
		for line := range strings.Lines(string(status)) {
			if strings.HasPrefix(line, "NSpid:") && !strings.HasSuffix(line, wanted) {
				t.Errorf("process %d of the host is %q, not the node with pid %d", pid, line, node.Process.Pid)
			}
		}
		if pid == node.Process.Pid {
			t.Errorf("pid on the host = pid in the sandbox = %d", pid)
		}
		r.stop()
		if pid, err := r.HostPID(pidfd); err == nil {
			t.Errorf("a dead process has the pid %d on the host", pid)
		}
	})
}

func TestIsolatedNodeReachesClientsOnly(t *testing.T) {
	inside(t, func(t *testing.T) {
		r := build(t, 3)
		began := time.Now()
		for range 2 { // idempotent
			if err := r.Isolate(0); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("measured: isolate twice %v", time.Since(began))
		for _, way := range []link{{0, 1}, {0, 2}, {1, 0}, {2, 0}} {
			if got := r.order(t, way.From, "dial %s", r.endpoint(way.To)); got == "ok" {
				t.Errorf("node %d connected to node %d", way.From, way.To)
			}
		}
		if got := r.order(t, 1, "dial %s", r.endpoint(2)); got != "ok" {
			t.Errorf("node 1 cannot connect to node 2: %s", got)
		}
		began = time.Now()
		for range 2 {
			if err := r.Rejoin(0); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("measured: rejoin twice %v", time.Since(began))
		for _, way := range []link{{1, 0}, {0, 1}, {2, 0}, {0, 2}} {
			if got := r.order(t, way.From, "dial %s", r.endpoint(way.To)); got != "ok" {
				t.Errorf("node %d cannot connect to node %d at once after the rejoin: %s", way.From, way.To, got)
			}
		}
		t.Logf("measured: rejoin until all connected %v", time.Since(began))
		r.wantDeaf(t, "rejoined")
		if err := r.Isolate(3); err == nil {
			t.Error("a node that does not exist was isolated")
		}
	})
}

func TestBuildOutsideASandboxIsRefused(t *testing.T) {
	if network, err := sandbox.Build(1); err == nil {
		network.Close()
		t.Fatal("a network was built on the host")
	}
}

func TestEnterOutsideASandboxIsRefused(t *testing.T) {
	if err := sandbox.Enter(); err == nil {
		t.Fatal("this process entered a sandbox that was not made")
	}
}

func TestAvailable(t *testing.T) {
	began := time.Now()
	err := sandbox.Available(t.Context())
	t.Logf("measured: probe %v", time.Since(began))
	want := os.Getenv(wantEnv)
	if want == "" && err != nil {
		t.Fatal(err)
	}
	var u *sandbox.Unavailable
	if want != "" && (!errors.As(err, &u) || !strings.Contains(u.Reason, want)) {
		t.Fatalf("error = %v, want an *Unavailable that says %q", err, want)
	}
}

func TestMaskedProcIsNamed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mask a part of /proc that an ordinary user cannot unmask")
	}
	inside(t, func(t *testing.T) {
		if err := unix.Mount("/dev/null", "/proc/version", "", unix.MS_BIND, ""); err != nil {
			t.Fatal(err)
		}
		asOrdinaryUser(t, []string{wantEnv + "=masked"}, "TestAvailable")
	})
}

// TestLimitIsNamed lowers a limit that holds in its own user namespace only.
func TestLimitIsNamed(t *testing.T) {
	if os.Geteuid() == 0 && os.Getenv(insideEnv) == "" {
		asOrdinaryUser(t, nil, t.Name())
		return
	}
	inside(t, func(t *testing.T) {
		if err := os.WriteFile("/proc/sys/user/max_net_namespaces", []byte("0"), 0); err != nil {
			t.Fatal(err)
		}
		err := sandbox.Available(t.Context())
		var u *sandbox.Unavailable
		if !errors.As(err, &u) || !strings.Contains(u.Reason, "limit") {
			t.Errorf("error = %v, want an *Unavailable that names the limit", err)
		}
	})
}

func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return // the tests below run as one already
	}
	asOrdinaryUser(t, nil, "TestAvailable", "TestNetworkJoinsAllNodes", "TestHostPIDIsTheHostsOwn",
		"TestIsolatedNodeReachesClientsOnly", "TestCutOneNode", "TestCutOneWay", "TestCutsAreIndependent",
		"TestManyCuts", "TestNothingOutlivesTheTool")
}
