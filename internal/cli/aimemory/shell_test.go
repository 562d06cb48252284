package aimemory_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"chaosctl/internal/cli/aimemory"
)

// TestShell has what the shell does, by all names of its commands (contract section 7.2).
func TestShell(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.imports(t,
		map[string]any{"id": "aaaa-1", "title": "first", "priority": 9}, map[string]any{"id": "aaaa-2", "title": "second", "namespace": "m"},
		map[string]any{"id": "bbbb-1", "title": "third", "namespace": "m", "priority": 1},
	)
	d.run(t, "link", "aaaa-1", "aaaa-2")
	const (
		first  = "[long/aaaa-1] first (p=9, ns=n, * ago)\n"
		second = "[long/aaaa-2] second (p=5, ns=m, * ago)\n"
		third  = "[long/bbbb-1] third (p=1, ns=m, * ago)\n"
	)
	ends := []string{"quit\nls", "exit", "q", ""}
	for i, test := range []struct{ lines, out, err string }{ // of out a star is what is not known
		{"list", first + second + third + "\n3 memory(ies)\n", ""},
		{"ls m", second + third + "\n2 memory(ies)\n", ""},
		{" ls\tm ", second + third + "\n2 memory(ies)\n", ""},
		{"ls nowhere", "", "no memories stored\n"},
		{"search second", second + "\n1 result(s)\n", ""},
		{"s no such words", "", "no results for: no such words\n"},
		{"recall first", "[long/aaaa-1] first * score=* (ns=n, *\n  c\n\n1 memory(ies) recalled [keyword]\n", ""},
		{"r zzzz", "", "no memories found for: zzzz\n"},
		{"get aaaa-1", "{\n*\"title\": \"first\"*\n}\n\nlinks:\n  aaaa-1 --[related_to]--> aaaa-2\n", ""},
		{"get bbbb", "", "error: not found: bbbb\n"},
		{"get BBBB-1", "", "error: not found: BBBB-1\n"},
		{"get aaaa", "", "error: not found: aaaa\n"},
		{"delete aaaa", "", "error: not found: aaaa\n"},
		{"stats", "total memories: 3\n*\nby namespace:\n  m: 2\n  n: 1\n", ""},
		{"ns", "  m: 2 memories\n  n: 1 memories\n", ""},
		{"namespaces", "  m: 2 memories\n  n: 1 memories\n", ""},
		{"", "", ""},
		{"h", "recall CONTEXT*quit *", ""},
		{"help", "recall CONTEXT*quit *", ""},
		{"bogus x", "", "error: unknown command: bogus (try help)\n"},
		{"get", "", "error: it needs an id (try help)\n"},
		{"rm", "", "error: it needs an id (try help)\n"},
		{"r", "", "error: it needs a context (try help)\n"},
		{"s ", "", "error: it needs a query (try help)\n"},
		{"list \xff", "", "error: the line is no UTF-8\n"},
		{"list " + strings.Repeat("x", 1<<20), "", "error: the line is longer than 1 MiB\n"},
		{"ls " + strings.Repeat("x", 1<<20-5), "", "no memories stored\n"},
		{"rm bbbb-1", "deleted: bbbb-1\n", ""},
		{"del aaaa-2\ndelete aaaa-1", "deleted: aaaa-2\ndeleted: aaaa-1\n", ""},
		{"ns", "", "no namespaces\n"},
	} {
		name := test.lines[:min(20, len(test.lines))]
		got := d.pipe(t, test.lines+"\n"+ends[i%len(ends)], "shell")
		if got.exit != 0 || !like(test.out+"goodbye\n", got.out) {
			t.Errorf("%q: exit %d, printed %q, want %q", name, got.exit, got.out, test.out)
		}
		if d := cmp.Diff(test.err, strings.ReplaceAll(got.err, "memory> ", "")); d != "" {
			t.Errorf("%q on stderr (-want +got):\n%s", name, d)
		}
	}
}

// TestShellPrompts before every line, on stderr.
func TestShellPrompts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if got, want := d.pipe(t, "\n\nq\n", "shell"), (told{0, "goodbye\n", "memory> memory> memory> "}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	d.refused(t, 2, "error: unexpected argument 'x' found", "shell", "x")
	d.refused(t, 1, "Error: failed to open database", "--db", "no/folder/x.db", "shell")
}

// TestShellInJSON prints what the commands print with --json.
func TestShellInJSON(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.store(t, "one")
	for _, args := range [][]string{{"list"}, {"search", "one"}, {"namespaces"}} {
		want := d.run(t, append(args, "--json")...).out
		if got := d.pipe(t, strings.Join(args, " "), "shell", "--json"); got.out != want+"goodbye\n" {
			t.Errorf("%v: %q, want %q", args, got.out, want)
		}
	}
}

// TestShellIsInterrupted while it waits for a line.
func TestShellIsInterrupted(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd := command(t, t.TempDir(), "shell")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		seen := &output{}
		cmd.Stdout, cmd.Stderr = &out, seen
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		seen.waitFor(t, "memory> ")
		cmd.Process.Signal(signal)
		if exit := exitStatus(t, cmd.Wait()); exit != 0 || out.String() != "goodbye\n" {
			t.Errorf("%v: exit %d, printed %q", signal, exit, out.String())
		}
		stdin.Close()
	}
}

// waitFor waits until something was written.
func (o *output) waitFor(t *testing.T, text string) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for !strings.Contains(o.String(), text) {
		select {
		case <-limit:
			t.Fatalf("no %q in %q", text, o)
		case <-time.After(time.Millisecond):
		}
	}
}

// TestShellAtATerminal has a history there, and leaves the terminal as it was, however it is left.
func TestShellAtATerminal(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(keys io.Writer, p *os.Process){
		"quit":   func(keys io.Writer, _ *os.Process) { io.WriteString(keys, "quit\r") },
		"ctrl-c": func(keys io.Writer, _ *os.Process) { io.WriteString(keys, "half\x03") },
		"ctrl-d": func(keys io.Writer, _ *os.Process) { io.WriteString(keys, "\x04") },
		"signal": func(_ io.Writer, p *os.Process) { p.Signal(syscall.SIGTERM) },
	} {
		keys, terminal := openTerminal(t)
		before, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		cmd := command(t, t.TempDir(), "shell")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		screen := &output{}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			io.Copy(screen, keys) // until both ends are closed
		}()
		screen.waitFor(t, "memory> ")
		io.WriteString(keys, "ls\r")
		screen.waitFor(t, "no memories stored\r\nmemory> ")
		io.WriteString(keys, "\x1b[A\r")
		screen.waitFor(t, "no memories stored\r\nmemory> ls\r\nno memories stored\r\nmemory> ")
		leave(keys, cmd.Process)
		if exit := exitStatus(t, cmd.Wait()); exit != 0 {
			t.Errorf("%s: exit status %d", name, exit)
		}
		screen.waitFor(t, "goodbye\r\n")
		after, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		if d := cmp.Diff(before, after); err != nil || d != "" {
			t.Errorf("%s: %v (-before +after):\n%s", name, err, d)
		}
		terminal.Close()
		keys.Close()
		<-ended
	}
}

// openTerminal returns a terminal and what is at its other side: keys and screen.
func openTerminal(t *testing.T) (keys, terminal *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := keys.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	var failed error
	err = raw.Control(func(fd uintptr) {
		if failed = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); failed == nil {
			number, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	if terminal, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	return keys, terminal
}

// FuzzShell types anything: the shell ends with a goodbye and exit status 0.
func FuzzShell(f *testing.F) {
	for _, seed := range []string{
		"", "ls\n", "r one\nquit\n", "get x\nrm x\n", "s \"a OR b*\n", "list \x00\n\xff\n", "recall (((\nns\nstats\n", "\n\n\t q", "s -\ns :\ns *\n", "help\r\nls\r\n",
	} {
		f.Add(seed)
	}
	home := f.TempDir()
	f.Setenv("HOME", home)
	f.Setenv("AI_MEMORY_NO_CONFIG", "1")
	db := filepath.Join(home, "m.db")
	for _, title := range []string{"one", "two words", "drei Wörter mehr"} {
		if exit := aimemory.Main(context.Background(), []string{"ai-memory", "--db", db, "store", "-T", title, "-c", "c", "-n", "n"}, strings.NewReader(""), io.Discard, os.Stderr); exit != 0 {
			f.Fatalf("exit status %d", exit)
		}
	}
	f.Fuzz(func(t *testing.T, lines string) {
		var out, complaints bytes.Buffer
		exit := aimemory.Main(t.Context(), []string{"ai-memory", "--db", db, "shell"}, strings.NewReader(lines), &out, &complaints)
		if exit != 0 || !strings.HasSuffix(out.String(), "goodbye\n") {
			t.Errorf("exit status %d, printed %q, said %q", exit, out.String(), complaints.String())
		}
		for _, bad := range []string{"SQL", "sqlite", "fts5", "panic"} {
			if strings.Contains(complaints.String(), bad) && !strings.Contains(lines, bad) {
				t.Errorf("said %q", complaints.String())
			}
		}
	})
}
