package contract

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
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

// killedAfter runs a command and kills it after a while; ended tells that it was quicker.
func (n *node) killedAfter(t *testing.T, pause time.Duration, args ...string) (ended bool) {
	t.Helper()
	cmd := n.command(t.Context(), args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(pause, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	kill.Stop()
	if status, is := cmd.ProcessState.Sys().(syscall.WaitStatus); is && status.Signaled() {
		return false
	}
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, complaints.String())
	}
	return true
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

// usualTime is how long a command takes that is not killed.
func usualTime(t *testing.T, run func()) time.Duration {
	t.Helper()
	run()
	began := time.Now()
	run()
	return time.Since(began)
}

// TestKilledBackup kills backups at random moments. Every snapshot has a manifest that is true of it, the newest can
// always be restored, and the next backup leaves nothing of those that were killed.
func TestKilledBackup(t *testing.T) {
	t.Parallel()
	n := seeded(t, 500)
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	to := filepath.Join(t.TempDir(), "bk")
	backup := []string{"backup", "--to", to, "--keep", "4"}
	usual := usualTime(t, func() { n.tell(t, backup...) })
	killed, trials := 0, times(t, "CHAOSCTL_BACKUP_KILLS", 15)
	for trial := range trials {
		if !n.killedAfter(t, time.Duration(moments.Int64N(int64(usual)*5/4)), backup...) {
			killed++
		}
		wantTrue(t, to, trial)
		fresh := onDatabase(t, filepath.Join(t.TempDir(), "fresh.db"))
		fresh.tell(t, "restore", "--from", to)
		if got := len(fresh.tell(t, "list", "-n", "old", "--limit", "1000")["memories"].([]any)); got != 500 {
			t.Fatalf("trial %d: the restored database holds %d memories, want 500", trial, got)
		}
	}
	n.tell(t, backup...)
	for _, name := range filesOf(t, to) {
		stem := strings.TrimSuffix(strings.TrimSuffix(name, ".db"), ".manifest.json")
		for _, path := range []string{stem + ".db", stem + ".manifest.json"} {
			if _, err := os.Stat(filepath.Join(to, path)); err != nil {
				t.Errorf("%s was left alone: %v", name, err)
			}
		}
	}
	t.Logf("%d of %d backups were killed, of %v each", killed, trials, usual)
	if killed < trials/3 {
		t.Errorf("only %d of %d backups were killed: this shows little", killed, trials)
	}
}

// wantTrue holds every snapshot of a folder against its manifest.
func wantTrue(t *testing.T, dir string, trial int) {
	t.Helper()
	for _, name := range filesOf(t, dir) {
		stem, is := strings.CutSuffix(name, ".db")
		if !is {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, stem+".manifest.json"))
		if err != nil {
			t.Fatalf("trial %d: %s has no manifest: %v", trial, name, err)
		}
		var manifest struct {
			Snapshot, SHA256 string
			Bytes            int
		}
		if err := json.Unmarshal(text, &manifest); err != nil {
			t.Fatalf("trial %d: manifest of %s: %v", trial, name, err)
		}
		sum := sha256.Sum256(data)
		if manifest.Snapshot != name || manifest.SHA256 != hex.EncodeToString(sum[:]) || manifest.Bytes != len(data) {
			t.Fatalf("trial %d: the manifest %s is not true of %s", trial, text, name)
		}
	}
}

// TestKilledRestore kills restores, over the database of a killed writer, at random moments: the old database is there with all
// that was acknowledged, or the new one, never a mixture; and where it is the new one, the old one is aside.
func TestKilledRestore(t *testing.T) {
	t.Parallel()
	source := seeded(t, 200)
	to := filepath.Join(t.TempDir(), "bk")
	source.tell(t, "backup", "--to", to)
	restored := looked(t, source.db, "old")
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	restore := []string{"restore", "--from", to}

	var usual time.Duration
	killed, replaced, trials := 0, 0, times(t, "CHAOSCTL_RESTORE_KILLS", 15)
	for trial := range trials {
		n := newNode(t)
		n.start(t)
		written := map[string]string{}
		for i := range 20 {
			title := fmt.Sprintf("trial %d, %d", trial, i)
			n.create(t, map[string]any{"title": title, "namespace": "old", "content": "of a killed writer", "tier": "long"})
			written[title] = "of a killed writer"
		}
		n.kill()
		if usual == 0 {
			usual = usualTime(t, func() { n.tell(t, restore...) })
			continue
		}
		if !n.killedAfter(t, time.Duration(moments.Int64N(int64(usual)*5/4)), restore...) {
			killed++
		}
		now := looked(t, n.db, "old")
		switch {
		case sameRows(now, restored):
			replaced++
		case sameRows(now, written):
			n.tell(t, restore...)
			if now := looked(t, n.db, "old"); !sameRows(now, restored) {
				t.Fatalf("trial %d: the restore after a killed one left %d memories", trial, len(now))
			}
		default:
			t.Fatalf("trial %d: the database holds %d memories, want the %d of before or the %d of the snapshot: %v",
				trial, len(now), len(written), len(restored), now)
		}
		n.tell(t, restore...) // ends what the killed one left half done
		wantAside(t, n.db, written, trial)
	}
	t.Logf("%d of %d restores were killed, of %v each; %d had replaced the database", killed, trials-1, usual, replaced)
	if killed < (trials-1)/3 {
		t.Errorf("only %d of %d restores were killed: this shows little", killed, trials-1)
	}
}

func sameRows(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for title, content := range a {
		if b[title] != content {
			return false
		}
	}
	return true
}

// wantAside wants the database of before among those aside, and nothing that is half done.
func wantAside(t *testing.T, db string, written map[string]string, trial int) {
	t.Helper()
	dir, found := filepath.Dir(db), false
	for _, name := range filesOf(t, dir) {
		switch {
		case strings.HasPrefix(name, "memory.pre-restore-") && strings.HasSuffix(name, ".db"):
			found = found || sameRows(looked(t, filepath.Join(dir, name), "old"), written)
		case name != "memory.db" && !strings.HasPrefix(name, "memory.pre-restore-"):
			t.Errorf("trial %d: %s was left behind", trial, name)
		case strings.Contains(name, "swap"):
			t.Errorf("trial %d: %s was left half done", trial, name)
		}
	}
	if !found {
		t.Fatalf("trial %d: the database of before is not aside: %v", trial, filesOf(t, dir))
	}
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
