package e2e_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// running is a chaosctl under way.
type running struct {
	place
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer // whole after wait
	ended          chan error
}

// patience is how long a test waits for something that takes a moment.
const patience = 30 * time.Second

// start starts chaosctl in a place.
func (p place) start(t *testing.T, u user, args ...string) *running {
	t.Helper()
	r := &running{place: p, cmd: p.chaosctl(t, u, args...), ended: make(chan error, 1)}
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { r.ended <- r.cmd.Wait() }()
	t.Cleanup(func() { _ = r.cmd.Process.Kill() })
	return r
}

// wait waits for the end and returns the exit status, or -1 when a signal ended it.
func (r *running) wait(t *testing.T) int {
	t.Helper()
	select {
	case err := <-r.ended:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return r.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("chaosctl still runs after %v", patience)
		return 0
	}
}

func (r *running) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// awaitRecords waits until the campaign has written that many lines.
func (r *running) awaitRecords(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		found, _ := filepath.Glob(filepath.Join(r.dir, "runs", "*", "chaos-report.jsonl"))
		if len(found) == 1 {
			if text, err := os.ReadFile(found[0]); err == nil && bytes.Count(text, []byte("\n")) >= n {
				return
			}
		}
		select {
		case err := <-r.ended:
			t.Fatalf("chaosctl ended before %d lines were written: %v\n%s", n, err, r.stderr.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %d lines within %v", n, patience)
		}
	}
}
