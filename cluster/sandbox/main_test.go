package sandbox_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"chaosctl/cluster/sandbox"
)

// What the test binary is, when it is not the test: set to "1", but for insideEnv, which names
// the test.
const (
	nodeEnv   = "SANDBOX_TEST_NODE"   // a node of a cluster
	insideEnv = "SANDBOX_TEST_INSIDE" // a test that runs as the first process of a sandbox
	toolEnv   = "SANDBOX_TEST_TOOL"   // a program that has a sandbox
	loopEnv   = "SANDBOX_TEST_LOOP"   // what that program does in it
)

// wantEnv is what the reason must say for which TestAvailable finds no sandbox.
const wantEnv = "SANDBOX_TEST_WANT"

const ordinaryUser = 65534

// quickExit keeps the race detector from waiting a second at the end of a process.
const quickExit = "GORACE=atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	switch {
	case sandbox.IsProbe(os.Args):
		os.Exit(sandbox.Probe(os.Stdout))
	case os.Getenv(nodeEnv) != "":
		os.Exit(serveAsNode())
	case os.Getenv(toolEnv) != "":
		os.Exit(runAsTool())
	case os.Getenv(loopEnv) != "":
		fmt.Fprintln(os.Stderr, loop())
		os.Exit(1)
	case os.Getenv(insideEnv) != "":
		if err := sandbox.Enter(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

// inside runs the rest of a test in a sandbox of its own.
func inside(t *testing.T, do func(t *testing.T)) {
	t.Helper()
	if os.Getenv(insideEnv) == t.Name() {
		do(t)
		return
	}
	var output bytes.Buffer
	cmd := exec.Command("/proc/self/exe", "-test.v", "-test.timeout=1m", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), insideEnv+"="+t.Name(), quickExit)
	cmd.Stdout, cmd.Stderr = &output, &output
	child, err := sandbox.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	err = child.Wait()
	if !bytes.Contains(output.Bytes(), []byte("--- PASS: "+t.Name())) {
		t.Errorf("the test did not pass in its sandbox: %v", err)
	}
	t.Logf("inside:\n%s", output.Bytes())
}

// asOrdinaryUser runs tests of this binary as a user without rights, with more variables in their
// environment. Only root can.
func asOrdinaryUser(t *testing.T, env []string, names ...string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "sandbox-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "sandbox.test")
	copyFile(t, "/proc/self/exe", binary)
	cmd := exec.CommandContext(t.Context(), binary, "-test.v", "-test.timeout=2m",
		"-test.run=^("+strings.Join(names, "|")+")$")
	cmd.Dir = dir
	cmd.Env = append(env, "PATH="+os.Getenv("PATH"), "TMPDIR="+dir, "HOME="+dir, quickExit)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinaryUser, Gid: ordinaryUser}}
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("tests as an ordinary user: %v", err)
	}
	for _, name := range names {
		if !bytes.Contains(output, []byte("\n--- PASS: "+name)) {
			t.Errorf("%s did not pass as an ordinary user", name)
		}
	}
	t.Logf("as an ordinary user:\n%s", output)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	source, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(target, source); err != nil {
		t.Fatal(err)
	}
	if err := target.Close(); err != nil {
		t.Fatal(err)
	}
}
