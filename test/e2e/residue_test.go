package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// residueLimit is how soon after its end nothing of chaosctl may be left.
const residueLimit = 2 * time.Second

// wantNothingLeft checks that no process of ours runs, nothing of ours is mounted, and the
// temporary folder is empty.
func wantNothingLeft(t *testing.T, p place) {
	t.Helper()
	left := awaitNothing(func() []string { return append(residue(t, p.dir), entries(t, p.tmp)...) })
	if len(left) > 0 {
		t.Errorf("%v after its end chaosctl left %q", residueLimit, left)
	}
}

// awaitNothing asks what is left until nothing is, or the time is up.
func awaitNothing(left func() []string) []string {
	for deadline := time.Now().Add(residueLimit); ; time.Sleep(10 * time.Millisecond) {
		found := left()
		if len(found) == 0 || time.Now().After(deadline) {
			return found
		}
	}
}

func residue(t *testing.T, dir string) []string {
	t.Helper()
	var left []string
	for _, pid := range ours() {
		left = append(left, fmt.Sprintf("process %d %s", pid, cmdline(pid)))
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, dir) {
			left = append(left, "mount "+strings.TrimSpace(line))
		}
	}
	return left
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range found {
		names = append(names, "file "+filepath.Join(dir, e.Name()))
	}
	return names
}

// ours lists the processes that run a program that TestMain built.
func ours() []int {
	found, _ := filepath.Glob("/proc/[0-9]*/exe")
	var pids []int
	for _, link := range found {
		path, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(path, bin+"/") {
			continue // gone, or another's
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

func cmdline(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.ReplaceAll(string(text), "\x00", " ")
}

// namespaces returns the namespaces that processes are in, but for those of this test.
func namespaces(pids []int) []string {
	own := namespacesOf("self")
	var found []string
	for _, pid := range pids {
		for _, ns := range namespacesOf(strconv.Itoa(pid)) {
			if !slices.Contains(own, ns) && !slices.Contains(found, ns) {
				found = append(found, ns)
			}
		}
	}
	return found
}

func namespacesOf(pid string) []string {
	links, _ := filepath.Glob(filepath.Join("/proc", pid, "ns", "*"))
	var found []string
	for _, link := range links {
		if ns, err := os.Readlink(link); err == nil {
			found = append(found, ns)
		}
	}
	return found
}

// alive returns which namespaces still have a process in them or a file descriptor on them. A
// process that is dead and waits to be reaped is none: its new parent is the machine's init, which
// takes its time on some machines.
func alive(wanted []string) []string {
	var found []string
	for _, pattern := range []string{"/proc/[0-9]*/ns/*", "/proc/[0-9]*/fd/*"} {
		links, _ := filepath.Glob(pattern)
		for _, link := range links {
			ns, err := os.Readlink(link)
			if err == nil && slices.Contains(wanted, ns) && !dead(filepath.Dir(filepath.Dir(link))) {
				found = append(found, ns+" by "+link)
			}
		}
	}
	return found
}

// dead reports whether a process has ended and was not reaped, or is gone.
func dead(proc string) bool {
	stat, err := os.ReadFile(filepath.Join(proc, "stat"))
	if err != nil {
		return true
	}
	_, fields, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
	return strings.HasPrefix(fields, "Z") || strings.HasPrefix(fields, "X")
}
