package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"chaosctl/metrics"
)

// nobody is an ordinary user.
const nobody = 65534

// user is who runs chaosctl.
type user int

func (u user) String() string {
	if int(u) == os.Getuid() && u != 0 {
		return "self"
	}
	if u == 0 {
		return "root"
	}
	return "nobody"
}

// users are all that this test can run chaosctl as: as root both kinds, else itself.
func users() []user {
	if os.Getuid() == 0 {
		return []user{0, nobody}
	}
	return []user{user(os.Getuid())}
}

func self() user { return user(os.Getuid()) }

// place is a folder of its own for a run, owned by who runs, with a temporary folder that must
// be empty afterwards.
type place struct{ dir, tmp string }

func newPlace(t *testing.T, u user) place {
	t.Helper()
	dir, err := os.MkdirTemp(bin, "run-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := place{dir, filepath.Join(dir, "tmp")}
	if err := os.Mkdir(p.tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, p.tmp} {
		if err := os.Chown(path, int(u), int(u)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// chaosctl is a command that runs chaosctl in a place.
func (p place) chaosctl(t *testing.T, u user, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program("chaosctl"), args...)
	cmd.Dir = p.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "TMPDIR=" + p.tmp}
	if int(u) != os.Getuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(u), Gid: uint32(u)}}
	}
	return cmd
}

// result is what a run of chaosctl came to.
type result struct {
	place
	stdout, stderr string
	status         int
	took           time.Duration
}

// chaosctl runs it to its end in a place of its own and checks that nothing is left of it.
func chaosctl(t *testing.T, u user, args ...string) result {
	t.Helper()
	p := newPlace(t, u)
	return p.run(t, u, args...)
}

func (p place) run(t *testing.T, u user, args ...string) result {
	t.Helper()
	cmd := p.chaosctl(t, u, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	r := result{place: p, stdout: stdout.String(), stderr: stderr.String(), took: time.Since(began)}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.status = exit.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	wantNothingLeft(t, p)
	return r
}

// wantStatus stops the test when chaosctl exited otherwise, with all it said.
func (r result) wantStatus(t *testing.T, want int) {
	t.Helper()
	if r.status != want {
		t.Fatalf("exit status %d, want %d\nstdout:\n%s\nstderr:\n%s", r.status, want, r.stdout, r.stderr)
	}
}

// wantOneError checks that stderr is one error line that says something.
func (r result) wantOneError(t *testing.T, words ...string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(r.stderr) {
		if strings.HasPrefix(line, "error: ") {
			lines = append(lines, line)
		}
	}
	if len(lines) != 1 {
		t.Errorf("stderr has %d error lines, want 1:\n%s", len(lines), r.stderr)
		return
	}
	for _, w := range words {
		if !strings.Contains(lines[0], w) {
			t.Errorf("stderr %q does not say %q", lines[0], w)
		}
	}
}

// campaign is the folder of the only campaign in a place.
func (p place) campaign(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(p.dir, "runs", "*", "chaos-report.jsonl"))
	if err != nil || len(found) != 1 {
		t.Fatalf("campaigns in %s: %v, %v; want one", p.dir, found, err)
	}
	return filepath.Dir(found[0])
}

// records reads the lines of the only campaign.
func (p place) records(t *testing.T) []metrics.Record {
	t.Helper()
	file, err := os.Open(filepath.Join(p.campaign(t), "chaos-report.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	return decodeRecords(t, bufio.NewReader(file))
}

func decodeRecords(t *testing.T, in *bufio.Reader) []metrics.Record {
	t.Helper()
	var all []metrics.Record
	for decoder := json.NewDecoder(in); decoder.More(); {
		var r metrics.Record
		if err := decoder.Decode(&r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// summary reads the summary of the only campaign.
func (p place) summary(t *testing.T) metrics.Summary {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.campaign(t), "campaign-summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s metrics.Summary
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// finding returns what a checker found in a record.
func finding(t *testing.T, r metrics.Record, checker string) metrics.Finding {
	t.Helper()
	i := slices.IndexFunc(r.Findings, func(f metrics.Finding) bool { return f.Checker == checker })
	if i < 0 {
		t.Fatalf("cycle %d of %s has no finding of %s", r.Cycle, r.Fault, checker)
	}
	return r.Findings[i]
}
