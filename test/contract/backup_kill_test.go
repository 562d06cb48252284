package contract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// killer kills commands at random moments of the time that they usually take.
type killer struct {
	moments      *rand.Rand
	usual        time.Duration
	tried, ended int
}

// newKiller finds out how long a command takes.
func newKiller(t *testing.T, run func()) *killer {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	run()
	began := time.Now()
	run()
	return &killer{moments: rand.New(rand.NewPCG(seed, 0)), usual: time.Since(began)}
}

// run runs a command on the node's database and kills it, unless it is quicker.
func (k *killer) run(t *testing.T, n *node, args ...string) {
	t.Helper()
	k.tried++
	began := time.Now()
	if n.killedAfter(t, time.Duration(k.moments.Int64N(int64(k.usual)*5/4)), args...) {
		k.ended++
		k.usual = (k.usual + time.Since(began)) / 2
	}
}

// report tells how many were killed, which must be some.
func (k *killer) report(t *testing.T) {
	t.Helper()
	t.Logf("%d of %d were killed, of %v each", k.tried-k.ended, k.tried, k.usual)
	if k.tried-k.ended < k.tried/5 {
		t.Errorf("only %d of %d were killed: this shows little", k.tried-k.ended, k.tried)
	}
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

// TestKilledBackup kills backups at random moments. Every snapshot has a manifest that is true of it, the newest can
// always be restored, and the next backup leaves nothing of those that were killed.
func TestKilledBackup(t *testing.T) {
	t.Parallel()
	n := seeded(t, 500)
	to := filepath.Join(t.TempDir(), "bk")
	backup := []string{"backup", "--to", to, "--keep", "4"}
	k := newKiller(t, func() { n.tell(t, backup...) })
	for trial := range times(t, "CHAOSCTL_BACKUP_KILLS", 15) {
		k.run(t, n, backup...)
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
	k.report(t)
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
	restore := []string{"restore", "--from", to}
	k := newKiller(t, func() { source.tell(t, restore...) })
	replaced := 0
	for trial := range times(t, "CHAOSCTL_RESTORE_KILLS", 15) {
		n := newNode(t)
		n.start(t)
		written := map[string]string{}
		for i := range 20 {
			title := fmt.Sprintf("trial %d, %d", trial, i)
			n.create(t, map[string]any{"title": title, "namespace": "old", "content": "of a killed writer", "tier": "long"})
			written[title] = "of a killed writer"
		}
		n.kill()
		k.run(t, n, restore...)
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
	t.Logf("%d had replaced the database", replaced)
	k.report(t)
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
