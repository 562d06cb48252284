package sandbox_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/cluster/sandbox"
)

// markEnv marks every process of one try.
const markEnv = "SANDBOX_TEST_MARK"

const tries = 20

// runAsTool starts a sandbox and waits for it, which ends only when this process is killed.
func runAsTool() int {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), toolEnv+"=", loopEnv+"=1")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	child, err := sandbox.Start(cmd)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintln(os.Stderr, child.Wait())
	return 1
}

// loop is what a tool does in its sandbox until it is killed.
func loop() error {
	if err := sandbox.Enter(); err != nil {
		return err
	}
	network, err := sandbox.Build(3)
	if err != nil {
		return err
	}
	for i := range 3 {
		cmd := nodeCommand()
		cmd.Env = append(cmd.Env, loopEnv+"=")
		if err := network.Start(context.Background(), i, cmd); err != nil {
			return err
		}
	}
	for {
		c, err := network.Cut(context.Background(), alone)
		if err != nil {
			return err
		}
		if err := c.Heal(context.Background()); err != nil {
			return err
		}
	}
}

func TestNothingOutlivesTheTool(t *testing.T) {
	before := hostState(t)
	var slowest time.Duration
	busiest := 0
	for try := range tries {
		mark := fmt.Sprintf("%s=%d-%d", markEnv, os.Getpid(), try)
		var words bytes.Buffer
		tool := exec.Command("/proc/self/exe")
		tool.Env = append(os.Environ(), toolEnv+"=1", mark)
		tool.Stderr = &words
		if err := tool.Start(); err != nil {
			t.Fatal(err)
		}
		// Some tries come before the sandbox stands, some when a link is cut.
		timer := time.NewTimer(time.Duration(rand.Int64N(int64(150 * time.Millisecond))))
		<-timer.C
		processes, namespaces := marked(t, mark)
		busiest = max(busiest, len(processes))
		killed := time.Now()
		tool.Process.Kill()
		tool.WaitDelay = 2 * time.Second
		tool.Wait()
		for {
			left, _ := marked(t, mark)
			held := namespacesAmong(t, namespaces)
			if len(left)+len(held) == 0 {
				break
			}
			if time.Since(killed) > 2*time.Second {
				t.Fatalf("try %d: processes %v and namespaces %v outlived the tool; it said: %s", try, left, held, words.Bytes())
			}
			time.Sleep(time.Millisecond)
		}
		slowest = max(slowest, time.Since(killed))
	}
	t.Logf("measured: %d kills, up to %d processes, all gone within %v", tries, busiest, slowest)
	if busiest < 4 {
		t.Errorf("no try had more than %d processes to leave behind", busiest)
	}
	if diff := cmp.Diff(before, hostState(t)); diff != "" {
		t.Errorf("the host changed (-before +after):\n%s", diff)
	}
}

// marked lists the processes of a try and the network namespaces they are in, this one's left
// out.
func marked(t *testing.T, mark string) (processes []string, namespaces map[string]bool) {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	namespaces = make(map[string]bool)
	for _, dir := range dirs {
		environ, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil || !slices.Contains(strings.Split(string(environ), "\x00"), mark) {
			continue
		}
		processes = append(processes, dir)
		if ns, err := os.Readlink(filepath.Join(dir, "ns/net")); err == nil && ns != own {
			namespaces[ns] = true
		}
	}
	return processes, namespaces
}

// namespacesAmong lists which of the namespaces a process is in still.
func namespacesAmong(t *testing.T, namespaces map[string]bool) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	var held []string
	for _, link := range links {
		if ns, err := os.Readlink(link); err == nil && namespaces[ns] {
			held = append(held, link)
		}
	}
	return held
}

// hostState is what a sandbox must not change: links, mounts and, for root, rules.
func hostState(t *testing.T) map[string]string {
	t.Helper()
	state := make(map[string]string)
	links, err := filepath.Glob("/sys/class/net/*")
	if err != nil {
		t.Fatal(err)
	}
	state["links"] = strings.Join(links, "\n")
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	state["mounts"] = string(mounts)
	if os.Geteuid() == 0 {
		rules, err := exec.CommandContext(t.Context(), "iptables", "-S").CombinedOutput()
		if err != nil {
			t.Fatalf("list rules: %v: %s", err, rules)
		}
		state["rules"] = string(rules)
	}
	return state
}
