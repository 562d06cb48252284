package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// times is how often something is tried; a variable of the environment has it tried more often.
func times(t *testing.T, variable string, usual int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number", variable, text)
	}
	return n
}

// onDatabase is a node that is not to be started at this database yet.
func onDatabase(t *testing.T, db string) *node {
	t.Helper()
	n := newNode(t)
	n.db = db
	return n
}

// attempt runs a command on the node's database, and returns its exit status and what it said on stderr.
func (n *node) attempt(t *testing.T, args ...string) (status int, stderr string) {
	t.Helper()
	cmd := n.command(t.Context(), args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), complaints.String()
}

// contents reads title and content of all memories of a namespace.
func (n *node) contents(t *testing.T, namespace string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for offset := 0; ; offset += 200 {
		rows := list(n.get(t, fmt.Sprintf("/api/v1/memories?namespace=%s&limit=200&offset=%d", namespace, offset)).object(t))
		for _, row := range rows {
			m := row.(map[string]any)
			found[m["title"].(string)] = m["content"].(string)
		}
		if len(rows) < 200 {
			return found
		}
	}
}

// looked is what a database holds, as a server of it tells.
func looked(t *testing.T, db, namespace string) map[string]string {
	t.Helper()
	n := onDatabase(t, db)
	n.start(t)
	defer n.interrupt(t)
	if h := n.get(t, "/api/v1/health"); h.status != http.StatusOK {
		t.Fatalf("health of %s is %d %s", db, h.status, h.body)
	}
	return n.contents(t, namespace)
}

// counter is a title that one writer writes ever greater numbers to.
type counter struct{ acknowledged, attempted atomic.Int64 }

// count writes until ctx ends.
func count(ctx context.Context, n *node, counters []*counter, writer int) {
	for i := 0; ctx.Err() == nil; i++ {
		k := i % len(counters)
		next := counters[k].attempted.Add(1)
		text, err := json.Marshal(map[string]any{
			"title": fmt.Sprintf("w%d-%d", writer, k), "content": strconv.FormatInt(next, 10), "namespace": "load", "source": "chaos",
		})
		if err != nil {
			return
		}
		if a, err := n.try(ctx, http.MethodPost, "/api/v1/memories", text, nil); err == nil && a.status/100 == 2 {
			counters[k].acknowledged.Store(next)
		}
	}
}

// TestBackupUnderLoad backs a server's database up while all it can do is write. What was acknowledged before a
// backup began is in it, and nothing that was not sent before it ended.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.start(t)
	const writers, each = 6, 40
	counters := make([][]*counter, writers)
	ctx, cancel := context.WithCancel(t.Context())
	var load sync.WaitGroup
	defer load.Wait()
	defer cancel()
	for w := range writers {
		for range each {
			counters[w] = append(counters[w], &counter{})
		}
		load.Go(func() { count(ctx, n, counters[w], w) })
	}
	read := func(of func(*counter) int64) map[string]int64 {
		found := map[string]int64{}
		for w := range counters {
			for k, c := range counters[w] {
				found[fmt.Sprintf("w%d-%d", w, k)] = of(c)
			}
		}
		return found
	}
	acknowledged := func() map[string]int64 { return read(func(c *counter) int64 { return c.acknowledged.Load() }) }
	within(t, 20*time.Second, "every title was written", func() bool {
		for _, number := range acknowledged() {
			if number == 0 {
				return false
			}
		}
		return true
	})
	to, trials := t.TempDir(), times(t, "CHAOSCTL_BACKUP_TRIALS", 5)
	var took time.Duration
	for trial := range trials {
		before := acknowledged()
		began := time.Now()
		snapshot := n.tell(t, "backup", "--to", to, "--keep", "3")["snapshot"].(string)
		took += time.Since(began)
		after := read(func(c *counter) int64 { return c.attempted.Load() })

		fresh := onDatabase(t, filepath.Join(t.TempDir(), "fresh.db"))
		fresh.tell(t, "restore", "--from", filepath.Join(to, snapshot))
		stored := looked(t, fresh.db, "load")
		if len(stored) != writers*each {
			t.Fatalf("trial %d: %d memories, want %d", trial, len(stored), writers*each)
		}
		for title, content := range stored {
			number, err := strconv.ParseInt(content, 10, 64)
			if err != nil || number < before[title] || number > after[title] {
				t.Fatalf("trial %d: %s holds %q; %d was acknowledged before the backup, %d sent after",
					trial, title, content, before[title], after[title])
			}
		}
	}
	sum := int64(0)
	for _, number := range acknowledged() {
		sum += number
	}
	t.Logf("%d backups, %v each, %d writes acknowledged meanwhile", trials, took/time.Duration(trials), sum)
	if found := filesOf(t, to); len(found) != 6 {
		t.Errorf("3 snapshots are kept, the folder has %v", found)
	}
}

// filesOf lists a folder, hidden files and all.
func filesOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// TestRestoreIsRefusedWhileInUse has processes that use the database and do nothing at the moment.
func TestRestoreIsRefusedWhileInUse(t *testing.T) {
	t.Parallel()
	n := seeded(t, 3)
	to := filepath.Join(t.TempDir(), "bk")
	n.tell(t, "backup", "--to", to)
	refused := func(what string) {
		t.Helper()
		status, stderr := n.attempt(t, "restore", "--from", to)
		if status != 1 || !strings.HasPrefix(stderr, "Error: database "+n.db+" is in use; nothing was changed: stop the server") {
			t.Errorf("restore beside %s: status %d, %s", what, status, stderr)
		}
	}
	n.start(t)
	refused("a server")
	id := n.create(t, map[string]any{"title": "later", "namespace": "old"})
	if got := n.memory(t, id)["title"]; got != "later" {
		t.Errorf("the server goes on with %v", got)
	}
	n.signal(t, syscall.SIGSTOP)
	refused("a server that hangs")
	n.signal(t, syscall.SIGCONT)
	n.interrupt(t)

	agent := converse(t, n.command(t.Context(), "mcp"))
	agent.ask(t, ping)
	refused("an agent's server that waits")
	if status := agent.close(t); status != 0 {
		t.Errorf("the agent's server ended with %d", status)
	}

	idle := n.command(t.Context(), "sync-daemon", "--peers", "http://127.0.0.1:1", "--interval", "3600")
	if err := idle.Start(); err != nil {
		t.Fatal(err)
	}
	within(t, 10*time.Second, "the other process has the database open", func() bool {
		_, err := os.Stat(n.db + "-shm")
		return err == nil
	})
	refused("a process that waits")
	if err := idle.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = idle.Wait() // it was killed
	if status, stderr := n.attempt(t, "restore", "--from", to); status != 0 {
		t.Errorf("restore after all have ended: status %d, %s", status, stderr)
	}
}

// TestBackupSays looks at what is told beside the results.
func TestBackupSays(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	to := filepath.Join(t.TempDir(), "bk")
	for _, test := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{"backup", "--to", to}, 0, "warning: there was no database " + n.db + ": the snapshot is of a new, empty one; older snapshots are kept\n"},
		{[]string{"backup", "--to", to}, 0, ""},
		{[]string{"backup", "--to", n.db}, 1, "Error: creating backup dir " + n.db + "\n\nCaused by:\n    "},
		{[]string{"backup", "--to", ""}, 2, "error: --to is empty\n"},
		{[]string{"backup", "--keep", "-1"}, 2, "error: "},
		{[]string{"restore", "--from", filepath.Join(to, "..", "no.db")}, 1, "Error: snapshot "},
	} {
		status, stderr := n.attempt(t, test.args...)
		if status != test.status || !strings.HasPrefix(stderr, test.stderr) || test.stderr == "" && stderr != "" {
			t.Errorf("%v: status %d, %q; want %d, %q", test.args, status, stderr, test.status, test.stderr)
		}
	}
	if found := filesOf(t, to); len(found) != 4 {
		t.Errorf("2 snapshots were made, the folder has %v", found)
	}
}

// TestOpenedWhileRestored has commands use the database while it is restored, over and over: each finds the old database or the
// new one, and what it writes stays in the one it found.
func TestOpenedWhileRestored(t *testing.T) {
	t.Parallel()
	n := seeded(t, 50)
	to := filepath.Join(t.TempDir(), "bk")
	n.tell(t, "backup", "--to", to)
	ctx, cancel := context.WithCancel(t.Context())
	var others sync.WaitGroup
	var used atomic.Int64
	for w := range 2 {
		random := rand.New(rand.NewPCG(uint64(w), 0))
		others.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				cmd := n.command(t.Context(), "store", "-T", fmt.Sprintf("w%d-%d", w, i), "-c", "c", "-n", "new")
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("store beside restores: %v\n%s", err, out)
					return
				}
				used.Add(1)
				pause := time.NewTimer(time.Duration(random.IntN(40)) * time.Millisecond)
				<-pause.C
			}
		})
	}
	restores, refused := 0, 0
	within(t, time.Minute, "some restores between the commands", func() bool {
		status, stderr := n.attempt(t, "restore", "--from", to)
		switch {
		case status == 0:
			restores++
		case strings.Contains(stderr, "is in use"):
			refused++
		default:
			t.Fatalf("restore: %s", stderr)
		}
		return restores >= 15 && refused > 0
	})
	cancel()
	others.Wait()
	t.Logf("%d restores, %d refused, %d stores", restores, refused, used.Load())
	if got := len(looked(t, n.db, "old")); got != 50 {
		t.Errorf("%d memories of the snapshot, want 50", got)
	}
	// What a whole database is, a backup checks.
	for _, name := range filesOf(t, filepath.Dir(n.db)) {
		if strings.HasSuffix(name, ".db") {
			onDatabase(t, filepath.Join(filepath.Dir(n.db), name)).tell(t, "backup", "--to", filepath.Join(t.TempDir(), "check"))
		}
	}
}

// seeded is a database with some memories, which nobody has open.
func seeded(t *testing.T, rows int) *node {
	t.Helper()
	n := newNode(t)
	n.start(t)
	var all []any
	for i := range rows {
		all = append(all, map[string]any{
			"title": fmt.Sprint("kept ", i), "content": strings.Repeat("word ", 200), "namespace": "old", "source": "chaos", "tier": "long",
		})
	}
	n.post(t, "/api/v1/memories/bulk", all)
	n.interrupt(t)
	return n
}
