package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/backup"
	"chaosctl/server/internal/store/sqlite"
)

func restore(t *testing.T, from, db string, skipVerify bool) backup.Restored {
	t.Helper()
	r, err := backup.Restore(t.Context(), backup.RestoreOptions{From: from, DB: db, SkipVerify: skipVerify, Now: atNoon})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRestore restores over a database, over nothing, and again.
func TestRestore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, to := filepath.Join(dir, "m.db"), filepath.Join(dir, "bk")
	write(t, db, "kept")
	made := snapshot(t, db, to)
	write(t, db, "lost")
	if err := os.Chmod(db, 0o640); err != nil {
		t.Fatal(err)
	}

	want := backup.Restored{From: made.Snapshot, To: db, Previous: filepath.Join(dir, "m.pre-restore-2026-03-01T120000Z.db")}
	if diff := cmp.Diff(want, restore(t, to, db, false)); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"bk", "m.db", "m.pre-restore-2026-03-01T120000Z.db"}, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(db); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode of the restored file: %v %v, want that of the old one", info.Mode(), err)
	}
	if diff := cmp.Diff([]string{"kept"}, titles(t, db)); diff != "" {
		t.Errorf("restored database (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"kept", "lost"}, titles(t, want.Previous)); diff != "" {
		t.Errorf("previous database (-want +got):\n%s", diff)
	}
	again := restore(t, made.Snapshot, db, false)
	if want := filepath.Join(dir, "m.pre-restore-2026-03-01T120000Z_002.db"); again.Previous != want {
		t.Errorf("the second of a second is moved to %s, want %s", again.Previous, want)
	}

	other := filepath.Join(dir, "other")
	if r := restore(t, to, other, false); r.Previous != "" {
		t.Errorf("previous is %q where there was nothing", r.Previous)
	}
	if diff := cmp.Diff([]string{"kept"}, titles(t, other)); diff != "" {
		t.Errorf("database where there was none (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(other); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the new file: %v %v, want 600", info.Mode(), err)
	}
	if r := restore(t, to, other, false); r.Previous != other+".pre-restore-2026-03-01T120000Z.db" {
		t.Errorf("previous of a name without ending is %s", r.Previous)
	}
	// A restore is undone by restoring what it moved.
	restore(t, want.Previous, db, true)
	if diff := cmp.Diff([]string{"kept", "lost"}, titles(t, db)); diff != "" {
		t.Errorf("database of before (-want +got):\n%s", diff)
	}
}

// TestRestoredNodeIsAnother looks at the name of the node in events.
func TestRestoredNodeIsAnother(t *testing.T) {
	t.Parallel()
	db, to := filepath.Join(t.TempDir(), "m.db"), t.TempDir()
	used := open(t, db)
	put(t, used, "one")
	was := used.Origin()
	snapshot(t, db, to)
	first, second := filepath.Join(t.TempDir(), "a.db"), filepath.Join(t.TempDir(), "b.db")
	restore(t, to, first, false)
	restore(t, to, second, false)
	a, b := open(t, first), open(t, second)
	if a.Origin() == was || b.Origin() == was || a.Origin() == b.Origin() || a.Origin() == "" {
		t.Errorf("nodes are called %q, %q and %q, want three names", was, a.Origin(), b.Origin())
	}
	vector, err := a.Vector(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if vector[was] != 1 || vector[a.Origin()] != 0 {
		t.Errorf("vector %v, want what the old node wrote as followed", vector)
	}
	put(t, a, "two")
	if vector, err = a.Vector(t.Context()); err != nil || vector[was] != 1 || vector[a.Origin()] != 1 {
		t.Errorf("vector %v, %v, want the new write under the new name", vector, err)
	}
}

// TestRestoreRefuses leaves everything as it was.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, to := filepath.Join(dir, "data", "m.db"), filepath.Join(dir, "bk")
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file("data/x", "")
	write(t, db, "one")
	made := snapshot(t, db, to)
	data, err := os.ReadFile(made.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	whole := string(data)
	manifest, err := os.ReadFile(made.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	wrongSize := strings.Replace(string(manifest), `"bytes": `, `"bytes": 1`, 1)
	pair := func(name, snapshot, manifest string) string {
		file(name+".manifest.json", manifest)
		return file(name+".db", snapshot)
	}
	broken, err := os.ReadFile(damaged(t))
	if err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "f", "wal.db")
	file("f/wal.db", whole)
	file("f/wal.db-wal", "a log")
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		name, from string
		skip       bool
		want       string
	}{
		{"nothing there", filepath.Join(dir, "no.db"), false, "snapshot " + dir + "/no.db does not exist"},
		{"an empty folder", empty, false, "no snapshots found in " + empty},
		{"a folder of other files", dir, false, "no snapshots found in " + dir},
		{"no manifest", file("a/s.db", whole), false, "manifest " + dir + "/a/s.manifest.json not found; pass --skip-verify to restore anyway"},
		{"an unreadable manifest", pair("b/s", whole, "torn {"), false, "parsing manifest " + dir + "/b/s.manifest.json: "},
		{"an empty manifest", pair("c/s", whole, "{}"), false, "parsing manifest " + dir + "/c/s.manifest.json: "},
		{"a changed snapshot", pair("d/s", whole+"x", string(manifest)), false, "sha256 mismatch — manifest says " + made.Record.SHA256 + ", snapshot is "},
		{"a wrong size", pair("e/s", whole, wrongSize), false, "size mismatch — manifest says "},
		{"a log beside it", foreign, true, "make a backup of it first"},
		{"no database", file("g.db", "no database at all"), true, "cannot be restored"},
		{"an empty file", file("h.db", ""), true, "another program"},
		{"half a database", file("i.db", whole[:len(whole)/2]), true, "cannot be restored"},
		{"a damaged database", file("j.db", string(broken)), true, "damaged"},
	} {
		before := contents(t, filepath.Dir(db))
		_, err := backup.Restore(t.Context(), backup.RestoreOptions{From: test.from, DB: db, SkipVerify: test.skip})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an error with %q", test.name, err, test.want)
		}
		if diff := cmp.Diff(before, contents(t, filepath.Dir(db))); diff != "" {
			t.Errorf("%s: the database's folder changed (-before +after):\n%s", test.name, diff)
		}
	}
	if _, err := backup.Restore(t.Context(), backup.RestoreOptions{From: to, DB: filepath.Join(dir, "nowhere", "m.db")}); err == nil {
		t.Error("restored into a folder that is not there")
	}
	if _, err := backup.Restore(t.Context(), backup.RestoreOptions{From: to, DB: dir}); err == nil {
		t.Error("restored over a folder")
	}
}

// TestSkipVerify restores what the manifest disowns.
func TestSkipVerify(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filepath.Join(dir, "m.db")
	write(t, db, "one")
	made := snapshot(t, db, filepath.Join(dir, "bk"))
	if err := os.WriteFile(made.Manifest, []byte(`{"snapshot":"x","sha256":"00","bytes":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(dir, "fresh.db")
	if _, err := backup.Restore(t.Context(), backup.RestoreOptions{From: made.Snapshot, DB: fresh}); err == nil || !missing(fresh) {
		t.Errorf("restored against the manifest: %v", err)
	}
	restore(t, made.Snapshot, fresh, true)
	if diff := cmp.Diff([]string{"one"}, titles(t, fresh)); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
}

// TestRestoreAfterKilledWriter restores over a database whose last writes are in its log.
func TestRestoreAfterKilledWriter(t *testing.T) {
	t.Parallel()
	source, to := filepath.Join(t.TempDir(), "s.db"), t.TempDir()
	write(t, source, "from the snapshot")
	snapshot(t, source, to)

	db := crashed(t, "acknowledged", "also")
	r := restore(t, to, db, false)
	if diff := cmp.Diff([]string{"m.db", "m.pre-restore-2026-03-01T120000Z.db"}, names(t, filepath.Dir(db))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"from the snapshot"}, titles(t, db)); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"acknowledged", "also"}, titles(t, r.Previous)); diff != "" {
		t.Errorf("previous (-want +got):\n%s", diff)
	}
}

// TestRestoreOverRubbish restores over a file that is no database any more, with half a log or none.
func TestRestoreOverRubbish(t *testing.T) {
	t.Parallel()
	source, to := filepath.Join(t.TempDir(), "s.db"), t.TempDir()
	write(t, source, "from the snapshot")
	snapshot(t, source, to)
	db := crashed(t, "acknowledged")
	log, err := os.ReadFile(db + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ rubbish, log string }{
		{strings.Repeat("rubbish ", 4096), string(log[:len(log)/2])},
		{strings.Repeat("rubbish ", 4096), ""},
		{"short", "rubbish"},
		{"", ""},
	} {
		if err := errors.Join(os.WriteFile(db, []byte(test.rubbish), 0o600), os.WriteFile(db+"-wal", []byte(test.log), 0o600)); err != nil {
			t.Fatal(err)
		}
		r := restore(t, to, db, false)
		if diff := cmp.Diff([]string{"from the snapshot"}, titles(t, db)); diff != "" {
			t.Errorf("restored (-want +got):\n%s", diff)
		}
		if was, err := os.ReadFile(r.Previous); err != nil || !strings.HasPrefix(string(was), test.rubbish) {
			t.Errorf("previous: %.20q, %v; want the rubbish", was, err)
		}
		for _, suffix := range []string{"-wal", "-shm"} {
			if !missing(db + suffix) {
				t.Errorf("%s is still there", suffix)
			}
		}
	}
}

// TestRestoreWhereOnlyALogIs restores where somebody took the database away and left its log, which must not be played
// into the restored one.
func TestRestoreWhereOnlyALogIs(t *testing.T) {
	t.Parallel()
	source, to := filepath.Join(t.TempDir(), "s.db"), t.TempDir()
	write(t, source, "from the snapshot")
	snapshot(t, source, to)
	db := crashed(t, "acknowledged")
	taken := filepath.Join(t.TempDir(), "taken.db")
	if err := os.Rename(db, taken); err != nil {
		t.Fatal(err)
	}
	if r := restore(t, to, db, false); r.Previous != "" {
		t.Errorf("previous is %s", r.Previous)
	}
	if diff := cmp.Diff([]string{"from the snapshot"}, titles(t, db)); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
	// With its log the database that was taken away is whole.
	log := filepath.Join(filepath.Dir(db), "m.pre-restore-2026-03-01T120000Z.db-wal")
	if err := os.Rename(log, taken+"-wal"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"acknowledged"}, titles(t, taken)); diff != "" {
		t.Errorf("taken away (-want +got):\n%s", diff)
	}
}

// TestRestoreInUse has a connection that does nothing.
func TestRestoreInUse(t *testing.T) {
	t.Parallel()
	db, to := filepath.Join(t.TempDir(), "m.db"), t.TempDir()
	used := open(t, db)
	put(t, used, "one")
	snapshot(t, db, to)
	put(t, used, "two")
	_, err := backup.Restore(t.Context(), backup.RestoreOptions{From: to, DB: db})
	var inUse *backup.InUse
	if !errors.As(err, &inUse) || !errors.Is(err, sqlite.ErrInUse) || !strings.Contains(err.Error(), "stop the server") {
		t.Fatalf("restored over a database in use: %v", err)
	}
	put(t, used, "three")
	if err := used.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"one", "two", "three"}, titles(t, db)); diff != "" {
		t.Errorf("the database in use (-want +got):\n%s", diff)
	}
	restore(t, to, db, false)
	if diff := cmp.Diff([]string{"one"}, titles(t, db)); diff != "" {
		t.Errorf("restored once it is closed (-want +got):\n%s", diff)
	}
}

// TestRestoreThroughLink replaces what a symbolic link leads to, and leaves the link.
func TestRestoreThroughLink(t *testing.T) {
	t.Parallel()
	dir, to := t.TempDir(), t.TempDir()
	db, link := filepath.Join(t.TempDir(), "real.db"), filepath.Join(dir, "link.db")
	write(t, db, "one")
	snapshot(t, db, to)
	write(t, db, "two")
	if err := os.Symlink(db, link); err != nil {
		t.Fatal(err)
	}
	restore(t, to, link, false)
	if diff := cmp.Diff([]string{"one"}, titles(t, db)); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
	if target, err := os.Readlink(link); err != nil || target != db {
		t.Errorf("the link leads to %q, %v", target, err)
	}
	if err := os.Remove(db); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(t.Context(), backup.RestoreOptions{From: to, DB: link}); err == nil {
		t.Error("restored through a link to nothing")
	}
}
