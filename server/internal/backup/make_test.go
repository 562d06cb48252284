package backup_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"chaosctl/server/internal/backup"
	"chaosctl/server/internal/store/sqlite"
)

// TestMake backs up a database that is in use.
func TestMake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, to := filepath.Join(dir, "m.db"), filepath.Join(dir, "a", "bk")
	used := open(t, db)
	put(t, used, "one", "two")
	made := makeOne(t, backup.Options{DB: db, To: to, Keep: 48, Version: "0.6.0", Now: atNoon})

	const stem = "ai-memory-2026-03-01T120000Z"
	if diff := cmp.Diff([]string{stem + ".db", stem + ".manifest.json"}, names(t, to)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	data, err := os.ReadFile(made.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	want := backup.Manifest{
		Snapshot: stem + ".db", SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(data)),
		SourceDB: db, Version: "0.6.0", CreatedAt: "2026-03-01T12:00:00+00:00",
	}
	if diff := cmp.Diff(want, made.Record); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	text, err := os.ReadFile(made.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	var written backup.Manifest
	if err := json.Unmarshal(text, &written); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, written); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	for _, path := range []string{made.Snapshot, made.Manifest} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v, want mode 600", path, info.Mode(), err)
		}
	}
	if len(made.Warnings)+len(made.Removed) > 0 {
		t.Errorf("warnings %v, removed %v", made.Warnings, made.Removed)
	}
	put(t, used, "three")
	if diff := cmp.Diff([]string{"one", "two"}, titles(t, made.Snapshot)); diff != "" {
		t.Errorf("the snapshot holds (-want +got):\n%s", diff)
	}
}

// TestMakeInOneSecond makes backups of one second, one after the other and at once; the order of names is that
// in which they were made.
func TestMakeInOneSecond(t *testing.T) {
	t.Parallel()
	db, to := filepath.Join(t.TempDir(), "m.db"), t.TempDir()
	write(t, db, "one")
	for n, want := range []string{"Z.db", "Z_002.db", "Z_003.db"} {
		if made := snapshot(t, db, to); !strings.HasSuffix(made.Snapshot, want) {
			t.Errorf("backup %d is %s, want one that ends with %s", n, made.Snapshot, want)
		}
	}
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() { _, errs[i] = backup.Make(t.Context(), backup.Options{DB: db, To: to, Now: atNoon}) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	found := names(t, to)
	if len(found) != 2*11 {
		t.Errorf("%d files of 11 backups: %v", len(found), found)
	}
	write(t, db, "two")
	snapshot(t, db, to)
	fresh := filepath.Join(t.TempDir(), "fresh.db")
	r, err := backup.Restore(t.Context(), backup.RestoreOptions{From: to, DB: fresh})
	if err != nil || !strings.HasSuffix(r.From, "Z_012.db") {
		t.Fatalf("restored %+v, %v; want the twelfth", r, err)
	}
	if diff := cmp.Diff([]string{"one", "two"}, titles(t, fresh)); diff != "" {
		t.Errorf("the newest holds (-want +got):\n%s", diff)
	}
}

// TestKeep has a folder with what Make has made and what it has not.
func TestKeep(t *testing.T) {
	t.Parallel()
	db, to := filepath.Join(t.TempDir(), "m.db"), t.TempDir()
	write(t, db, "one")
	var made []string
	for hour := range 4 {
		at := noon.Add(time.Duration(hour) * time.Hour)
		m := makeOne(t, backup.Options{DB: db, To: to, Now: func() time.Time { return at }})
		made = append(made, filepath.Base(m.Snapshot))
		// Others touch files: the oldest is the last by its time of change.
		touched := noon.Add(-time.Duration(hour) * time.Hour)
		if err := os.Chtimes(m.Snapshot, touched, touched); err != nil {
			t.Fatal(err)
		}
	}
	foreign := map[string]string{
		"ai-memory-before-upgrade.db":                "x",
		"ai-memory-2020-01-01T000000Z.db":            "without a manifest",
		"ai-memory-2020-01-02T000000Z.db":            "its manifest is of another",
		"ai-memory-2020-01-02T000000Z.manifest.json": `{"snapshot":"ai-memory-2020-01-09T000000Z.db","sha256":"00"}`,
		"ai-memory-2020-01-03T000000Z.db":            "its manifest is none",
		"ai-memory-2020-01-03T000000Z.manifest.json": "torn {",
		"notes.txt": "x",
	}
	for name, text := range foreign {
		if err := os.WriteFile(filepath.Join(to, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(to, "ai-memory-2020-01-04T000000Z.db"), 0o700); err != nil {
		t.Fatal(err)
	}

	// The clock went back by a year: what was just made stays nevertheless.
	back := noon.AddDate(-1, 0, 0)
	last := makeOne(t, backup.Options{DB: db, To: to, Keep: 3, Now: func() time.Time { return back }})
	if len(last.Warnings) > 0 {
		t.Errorf("warnings: %v", last.Warnings)
	}
	if diff := cmp.Diff([]string{made[1], made[0]}, last.Removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	want := []string{"ai-memory-2020-01-04T000000Z.db"}
	for name := range foreign {
		want = append(want, name)
	}
	for _, name := range []string{made[2], made[3], filepath.Base(last.Snapshot)} {
		want = append(want, name, strings.TrimSuffix(name, ".db")+".manifest.json")
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, names(t, to)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestMakeWithoutDatabase makes a database, as every use does, and says so; snapshots of the one that was
// there before are kept.
func TestMakeWithoutDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, to := filepath.Join(dir, "m.db"), filepath.Join(dir, "bk")
	write(t, db, "one")
	before := snapshot(t, db, to)
	made := makeOne(t, backup.Options{DB: filepath.Join(dir, "mistyped.db"), To: to, Keep: 1, Now: atNoon})
	if len(made.Warnings) != 1 || !strings.Contains(made.Warnings[0].Error(), "mistyped.db") {
		t.Errorf("warnings %v, want one that names the database", made.Warnings)
	}
	if missing(before.Snapshot) {
		t.Error("the snapshot of the right database is gone")
	}
}

// TestMakeFails leaves nothing behind.
func TestMakeFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("no database at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	db, to := filepath.Join(dir, "m.db"), filepath.Join(dir, "bk")
	write(t, db, "one")
	for _, test := range []struct{ db, to, want string }{
		{db, file, "creating backup dir " + file + ": "},
		{file, to, "failed to open database: "},
		{filepath.Join(dir, "nowhere", "m.db"), to, "failed to open database: "},
		{damaged(t), to, "damaged"},
	} {
		_, err := backup.Make(t.Context(), backup.Options{DB: test.db, To: test.to})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("backup of %s to %s: %v, want an error with %q", test.db, test.to, err, test.want)
		}
	}
	if left := names(t, to); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// damaged returns a database with a page of rubbish.
func damaged(t *testing.T) (db string) {
	t.Helper()
	db = filepath.Join(t.TempDir(), "damaged.db")
	var many []string
	for i := range 400 {
		many = append(many, fmt.Sprint("title ", i))
	}
	write(t, db, many...)
	data, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(data), "content of title 300")
	if at < 0 {
		t.Fatal("the rows are not where they were looked for")
	}
	page := at / 4096 * 4096
	copy(data[page:page+4096], strings.Repeat("rubbish ", 512))
	if err := os.WriteFile(db, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return db
}

// TestLeftovers has what killed backups leave, at each step, removed by the next one; and what a running
// one has not.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	db, to := filepath.Join(t.TempDir(), "m.db"), t.TempDir()
	write(t, db, "one")
	made := snapshot(t, db, to)
	put := func(path, text string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(from, to string) {
		if err := os.Link(from, to); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(to, name) }
	// Killed while the pages were copied.
	put(in(".ai-memory-backup-1/snapshot.db"), "half")
	put(in(".ai-memory-backup-1/snapshot.db-wal"), "half")
	// Killed between the names of manifest and snapshot.
	put(in(".ai-memory-backup-2/snapshot.db"), "whole")
	put(in(".ai-memory-backup-2/manifest.json"), `{"snapshot":"ai-memory-2026-02-02T000000Z.db","sha256":"00"}`)
	link(in(".ai-memory-backup-2/manifest.json"), in("ai-memory-2026-02-02T000000Z.manifest.json"))
	// Killed before the manifest got a name that another's has.
	put(in(".ai-memory-backup-3/snapshot.db"), "whole")
	put(in(".ai-memory-backup-3/manifest.json"), `{"snapshot":"`+filepath.Base(made.Snapshot)+`","sha256":"00"}`)
	// Killed after both had their names.
	put(in(".ai-memory-backup-4/manifest.json"), `{"snapshot":"ai-memory-2026-02-04T000000Z.db","sha256":"00"}`)
	link(in(".ai-memory-backup-4/manifest.json"), in("ai-memory-2026-02-04T000000Z.manifest.json"))
	put(in("ai-memory-2026-02-04T000000Z.db"), "whole")
	// Killed while an old snapshot was removed.
	put(in(".ai-memory-backup-6/removed.json"), `{"snapshot":"ai-memory-2026-02-06T000000Z.db","sha256":"00"}`)
	link(in(".ai-memory-backup-6/removed.json"), in("ai-memory-2026-02-06T000000Z.manifest.json"))
	// Somebody took the snapshot away, and will need its manifest.
	put(in("ai-memory-2026-02-07T000000Z.manifest.json"), `{"snapshot":"ai-memory-2026-02-07T000000Z.db","sha256":"00"}`)
	// Under way.
	put(in(".ai-memory-backup-5/snapshot.db"), "half")
	running, err := os.Open(in(".ai-memory-backup-5"))
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	if err := unix.Flock(int(running.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}

	snapshot(t, db, to)
	want := []string{
		".ai-memory-backup-5",
		"ai-memory-2026-02-04T000000Z.db", "ai-memory-2026-02-04T000000Z.manifest.json",
		"ai-memory-2026-02-07T000000Z.manifest.json",
		"ai-memory-2026-03-01T120000Z.db", "ai-memory-2026-03-01T120000Z.manifest.json",
		"ai-memory-2026-03-01T120000Z_002.db", "ai-memory-2026-03-01T120000Z_002.manifest.json",
	}
	if diff := cmp.Diff(want, names(t, to)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestSnapshotNeedsNothingBesideIt looks at the header of a snapshot of a database with a log.
func TestSnapshotNeedsNothingBesideIt(t *testing.T) {
	t.Parallel()
	db, to := filepath.Join(t.TempDir(), "m.db"), t.TempDir()
	used := open(t, db)
	put(t, used, "one")
	made := snapshot(t, db, to)
	header, err := os.ReadFile(made.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	// Bytes 18 and 19 of the header: 1 for a rollback journal, 2 for a write-ahead log.
	if header[18] != 1 || header[19] != 1 {
		t.Errorf("the snapshot is of versions %d, %d: it needs a log", header[18], header[19])
	}
	if used, err := sqlite.InUse(made.Snapshot); used || err != nil {
		t.Errorf("the snapshot is in use: %v, %v", used, err)
	}
}
