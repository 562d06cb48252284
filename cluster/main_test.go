package cluster_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"chaosctl/cluster"
)

// modeEnv makes the test binary a node that behaves in one of these ways.
const modeEnv = "CLUSTER_TEST_MODE"

const (
	serves    = "serves" // listens and writes a line for each start of its data directory
	dies      = "dies"   // says its last words and ends
	idles     = "idles"  // runs and never listens
	bears     = "bears"  // starts a child that holds its output open, and serves
	obeys     = "obeys"  // serves, and ends with status 7 on SIGTERM
	talks     = "talks"  // writes many lines before it serves
	nodeCount = 3
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(modeEnv); mode != "" {
		os.Exit(serveAsNode(mode, os.Args[1]))
	}
	goleak.VerifyTestMain(m)
}

func serveAsNode(mode, address string) int {
	switch mode {
	case dies:
		fmt.Println("starting")
		fmt.Fprintln(os.Stderr, "the disk is on fire")
		return 3
	case idles:
		fmt.Println("thinking")
		select {}
	case bears:
		child := exec.Command("/proc/self/exe", address)
		child.Env = append(os.Environ(), modeEnv+"="+idles)
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			return 1
		}
		fmt.Println("child", child.Process.Pid)
	case obeys:
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		go func() { <-stop; os.Exit(7) }()
	case talks:
		for i := range 100 {
			fmt.Println("line", i)
		}
	}
	for range 5 {
		go func() {
			runtime.LockOSThread()
			nameThread("a) R (b") // which a careless reader of its state stumbles over
			select {}
		}()
	}
	starts, err := os.OpenFile("starts", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 1
	}
	fmt.Fprintln(starts, "start")
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return 1
		}
		conn.Close()
	}
}

func nameThread(name string) {
	text := append([]byte(name), 0)
	_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&text[0])), 0, 0, 0)
}

// host is a place without namespaces.
type host struct{}

func (host) Start(_ context.Context, _ int, cmd *exec.Cmd) error { return cmd.Start() }
func (host) Address(int) string                                  { return "127.0.0.1" }

// system is a system whose nodes only listen.
type system struct {
	cluster.System // what the tests do not use
	modes          []string
}

func (s system) Command(n cluster.NodeConfig) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", address(n))
	cmd.Env = append(os.Environ(), modeEnv+"="+s.modes[n.Index])
	return cmd
}

func (system) Ready(ctx context.Context, n cluster.NodeConfig) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var last error
	for {
		select {
		case <-ctx.Done():
			return last
		case <-timer.C:
		}
		conn, err := net.Dial("tcp", address(n))
		if err == nil {
			conn.Close()
			return nil
		}
		last = err
		timer.Reset(time.Millisecond)
	}
}

func address(n cluster.NodeConfig) string {
	return net.JoinHostPort(n.Host, strconv.Itoa(n.Port))
}

// newCluster makes a cluster of nodes that behave as said. It is closed with the test.
func newCluster(t *testing.T, modes ...string) *cluster.Cluster {
	t.Helper()
	dir := t.TempDir()
	var configs []cluster.NodeConfig
	for i := range modes {
		configs = append(configs, cluster.NodeConfig{
			Index: i, Host: "127.0.0.1", Port: freePort(t), Dir: filepath.Join(dir, fmt.Sprint("node", i)),
		})
	}
	c, err := cluster.New(system{modes: modes}, host{}, configs, cluster.Options{LogDir: filepath.Join(dir, "logs")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return c
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func start(t *testing.T, do func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := do(ctx); err != nil {
		t.Fatal(err)
	}
}
