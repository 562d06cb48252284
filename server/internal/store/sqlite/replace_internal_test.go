package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/store/sqlite/schema"
)

// write writes files of a folder and returns their paths.
func files(t *testing.T, dir string, names ...string) (paths []string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// listed is the files of a folder and what they hold.
func listed(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[entry.Name()] = string(text)
	}
	return found
}

// TestExchange has both ways of giving the name to another file end the same.
func TestExchange(t *testing.T) {
	t.Parallel()
	for name, give := range map[string]func(path, with, aside string) error{"exchange": exchange, "overwrite": overwrite} {
		dir := t.TempDir()
		paths := files(t, dir, "m.db", "fresh")
		if err := give(paths[0], paths[1], filepath.Join(dir, "aside.db")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(map[string]string{"m.db": "fresh", "aside.db": "m.db"}, listed(t, dir)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestOverwriteKeepsWhatIsAside does nothing when the old database cannot be kept.
func TestOverwriteKeepsWhatIsAside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	paths := files(t, dir, "m.db", "fresh")
	if err := overwrite(paths[0], paths[1], filepath.Join(dir, "nowhere", "aside.db")); err == nil {
		t.Error("the old database was given up")
	}
	if diff := cmp.Diff(map[string]string{"m.db": "m.db", "fresh": "fresh"}, listed(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestSettleSwaps has what processes leave that are killed before and after the exchange.
func TestSettleSwaps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	paths := files(t, dir, "m.db", "never taken", "old", "other.pre-restore-1.db.swap-1", "m.db.swap-1", "m.pre-restore-3.db")
	for i, swap := range []string{"m.pre-restore-1.db.swap-%d", "m.pre-restore-2.db.swap-%d"} {
		inode, err := inodeOf(paths[1]) // the name tells the new file's
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(paths[1+i], filepath.Join(dir, fmt.Sprintf(swap, inode+uint64(i)*1000))); err != nil {
			t.Fatal(err)
		}
		paths[1] = filepath.Join(dir, fmt.Sprintf(swap, inode))
	}
	if err := settleSwaps(paths[0]); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"m.db": "m.db", "m.pre-restore-2.db": "old", "m.pre-restore-3.db": "m.pre-restore-3.db",
		"other.pre-restore-1.db.swap-1": "other.pre-restore-1.db.swap-1", "m.db.swap-1": "m.db.swap-1",
	}
	if diff := cmp.Diff(want, listed(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestHoldNoticesReplacement opens a file and gives its name to another before the lock is taken.
func TestHoldNoticesReplacement(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, other := filepath.Join(dir, "m.db"), filepath.Join(dir, "other.db")
	for _, p := range []string{path, other} {
		if err := install(p); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := connect(path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := hold(conn.Conn, path, before); err != nil {
		t.Fatalf("hold of the file itself: %v", err)
	}
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	if err := hold(conn.Conn, path, before); !errors.Is(err, errReplaced) {
		t.Errorf("hold of a file that was replaced: %v", err)
	}
}

// TestReplaceWaitsForNobody refuses while a connection is open that only reads, or has done nothing yet.
func TestReplaceRefusesIdle(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "m.db")
	if err := install(path); err != nil {
		t.Fatal(err)
	}
	with := files(t, dir, "fresh")[0]
	r := newReaders(path, 1)
	err := r.read(t.Context(), func(conn *connection) error {
		_, err := readOrigin(conn)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Replace(path, with, "1"); !errors.Is(err, ErrInUse) {
		t.Errorf("replaced a database with an idle reader: %v", err)
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	if aside, err := Replace(path, with, "1"); err != nil || aside != filepath.Join(dir, "m.pre-restore-1.db") {
		t.Errorf("replaced: %s, %v", aside, err)
	}
}

// TestLockOut has a file that is no database locked by another open file.
func TestLockOut(t *testing.T) {
	t.Parallel()
	path := files(t, t.TempDir(), "m.db")[0]
	release, err := lockOut(path)
	if err != nil {
		t.Fatal(err)
	}
	if used, err := InUse(path); !used || err != nil {
		t.Errorf("in use: %v, %v; want true", used, err)
	}
	if _, err := lockOut(path); !errors.Is(err, ErrInUse) {
		t.Errorf("locked twice: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if used, err := InUse(path); used || err != nil {
		t.Errorf("in use: %v, %v; want false", used, err)
	}
}

// TestAdoptRefuses looks at what is no database of ours.
func TestAdoptRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	foreign := func(name, table string) string {
		path := filepath.Join(dir, name)
		conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(execute(conn, table), conn.Close()); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		empty,
		foreign("other", "CREATE TABLE t (x)"),
		foreign("original", "CREATE TABLE schema_version AS SELECT 13 AS version"),
		foreign("newer", "CREATE TABLE schema_version AS SELECT 9999 AS version"),
	} {
		var unsupported *schema.Unsupported
		if err := Adopt(t.Context(), path); !errors.As(err, &unsupported) {
			t.Errorf("%s: %v, want that it is not supported", filepath.Base(path), err)
		}
	}
}

// TestSnapshotEnds with its context.
func TestSnapshotEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	if err := Snapshot(ctx, filepath.Join(dir, "m.db"), filepath.Join(dir, "s.db")); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("snapshot: %v, want that it was enough", err)
	}
}
