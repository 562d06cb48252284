package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestRefusals is the table of what is refused before anything is started: one clear line, the
// exit status, and nothing left.
func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		args   []string
		status int
		words  []string
	}{
		"an unknown fault":       {[]string{"--fault", "partitoin"}, 2, []string{`unknown fault "partitoin"`, "partition", "(E_UNKNOWN_FAULT)"}},
		"an unknown parameter":   {[]string{"--fault", "pause(speed=3)"}, 2, []string{`"speed"`, "(E_BAD_PARAMETER)"}},
		"a bad parameter":        {[]string{"--fault", "pause(for=never)"}, 2, []string{"never", "(E_BAD_PARAMETER)"}},
		"no cycles":              {[]string{"--fault", "pause", "--cycles", "0"}, 2, []string{"--cycles", "(E_USAGE)"}},
		"no fault":               {nil, 2, []string{"--fault", "(E_USAGE)"}},
		"an unknown flag":        {[]string{"--fautl", "pause"}, 2, []string{"did you mean --fault?", "(E_USAGE)"}},
		"a refused fault":        {[]string{"--fault", "clock_skew_peer"}, 4, []string{"clock_skew_peer", "leave it out"}},
		"a missing binary":       {[]string{"--fault", "pause", "--bin", "./nothing"}, 4, []string{"nothing", "--bin", "(E_NO_BINARY)"}},
		"an unwritable folder":   {[]string{"--fault", "pause", "--out", "/proc/runs"}, 4, []string{"/proc/runs", "--out", "(E_OUTPUT)"}},
		"a file for a folder":    {[]string{"--fault", "pause", "--out", "/dev/null/runs"}, 4, []string{"/dev/null", "(E_OUTPUT)"}},
		"a name that is no name": {[]string{"--fault", "pause", "--id", "../x"}, 2, []string{"--id", "(E_USAGE)"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, u := range users() {
				r := chaosctl(t, u, append([]string{"run"}, test.args...)...)
				r.wantStatus(t, test.status)
				r.wantOneError(t, test.words...)
				if r.stdout != "" {
					t.Errorf("as %v: stdout is %q, want nothing", u, r.stdout)
				}
				if _, err := os.Stat(filepath.Join(r.dir, "runs")); !os.IsNotExist(err) {
					t.Errorf("as %v: runs was left: %v", u, err)
				}
			}
		})
	}
}

// TestSecondCampaignIsLockedOut starts a campaign into a folder in which one runs.
func TestSecondCampaignIsLockedOut(t *testing.T) {
	p := newPlace(t, self())
	first := p.start(t, self(), "run", "--fault", "pause", "--cycles", "1000")
	first.awaitRecords(t, 1)
	second := p.chaosctl(t, self(), "run", "--fault", "pause", "--cycles", "1")
	out, _ := second.CombinedOutput()
	if got := second.ProcessState.ExitCode(); got != 4 {
		t.Errorf("exit status %d, want 4: %s", got, out)
	}
	pid := strconv.Itoa(first.cmd.Process.Pid)
	if text := string(out); !strings.Contains(text, "process "+pid) || !strings.Contains(text, "(E_LOCKED)") {
		t.Errorf("said %q, want the holder, process %s", text, pid)
	}
	first.signal(t, syscall.SIGINT)
	if got := first.wait(t); got != 130 {
		t.Errorf("the first campaign exited with %d, want 130", got)
	}
	wantNothingLeft(t, p)
}

// TestWithoutIptables hides the program from chaosctl: partition is refused, and nothing else.
func TestWithoutIptables(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can hide a program from others")
	}
	hidden := func(t *testing.T, args ...string) (int, string) {
		t.Helper()
		p := newPlace(t, 0)
		cmd := p.chaosctl(t, 0, args...)
		script := `for f in "$(readlink -f "$(PATH=$PATH:/usr/sbin type -P iptables)")"; do mount --bind /dev/null "$f"; done; exec "$0" "$@"`
		wrapped := exec.CommandContext(t.Context(), "unshare",
			append([]string{"--mount", "--propagation", "private", "bash", "-c", script}, cmd.Args...)...)
		wrapped.Dir, wrapped.Env = cmd.Dir, cmd.Env
		out, _ := wrapped.CombinedOutput()
		wantNothingLeft(t, p)
		return wrapped.ProcessState.ExitCode(), string(out)
	}
	status, out := hidden(t, "run", "--fault", "partition", "--cycles", "1")
	if status != 4 || !strings.Contains(out, "install") || !strings.Contains(out, "iptables") {
		t.Errorf("partition: exit status %d: %s; want 4 and the package to install", status, out)
	}
	for _, fault := range []string{"pause", "kill_primary_mid_write"} {
		if status, out := hidden(t, "run", "--fault", fault, "--cycles", "1"); status != 0 {
			t.Errorf("%s: exit status %d: %s", fault, status, out)
		}
	}
	if status, out := hidden(t, "doctor"); status != 3 || !strings.Contains(out, "iptables") {
		t.Errorf("doctor: exit status %d: %s; want 3, because one fault is not possible", status, out)
	}
}

// TestWithoutNamespaces takes from an ordinary user what sandboxes are made of: run refuses with
// the reason and what would help.
func TestWithoutNamespaces(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can take namespaces from others")
	}
	p := newPlace(t, nobody)
	cmd := p.chaosctl(t, 0, "run", "--fault", "pause", "--cycles", "1")
	script := `echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$0" "$@"`
	wrapped := exec.CommandContext(t.Context(), "bash", append([]string{"-c", script}, cmd.Args...)...)
	wrapped.Dir, wrapped.Env = cmd.Dir, cmd.Env
	everybody := []syscall.SysProcIDMap{{Size: nobody + 1}}
	wrapped.SysProcAttr = &syscall.SysProcAttr{ // where the limit is this namespace's, not the machine's
		Cloneflags: syscall.CLONE_NEWUSER, UidMappings: everybody, GidMappings: everybody, GidMappingsEnableSetgroups: true,
	}
	out, _ := wrapped.CombinedOutput()
	if got := wrapped.ProcessState.ExitCode(); got != 4 || !strings.Contains(string(out), "(E_NO_SANDBOX)") {
		t.Errorf("exit status %d: %s; want 4 and the reason", got, out)
	}
	wantNothingLeft(t, p)
}

// TestDoctor tells what a user can do here, which this test's other campaigns show to be true.
func TestDoctor(t *testing.T) {
	for _, u := range users() {
		r := chaosctl(t, u, "doctor")
		r.wantStatus(t, 0)
		for _, fault := range faultNames() {
			if !strings.Contains(r.stdout, fault) {
				t.Errorf("as %v: doctor does not tell of %s:\n%s", u, fault, r.stdout)
			}
		}
	}
}
