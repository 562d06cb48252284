package backup_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"chaosctl/server/internal/backup"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/sqlite"
)

// noon is when the backups of tests are made.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

// write stores memories with these titles.
func write(t *testing.T, db string, titles ...string) {
	t.Helper()
	s := open(t, db)
	put(t, s, titles...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, db string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), db, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t *testing.T, s *sqlite.Store, titles ...string) {
	t.Helper()
	for _, title := range titles {
		_, err := s.Create(t.Context(), memory.Memory{
			ID: "id-of-" + title, Tier: memory.Long, Namespace: "n", Title: title, Content: "content of " + title, Source: "chaos",
			Priority: 5, Confidence: 1, CreatedAt: memory.FormatTime(noon), UpdatedAt: memory.FormatTime(noon), Metadata: []byte("{}"),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// titles reads what a database holds, in order.
func titles(t *testing.T, db string) []string {
	t.Helper()
	s := open(t, db)
	defer s.Close()
	found := []string{}
	_, err := s.Write(t.Context(), func(tx store.Tx) error {
		rows, err := tx.Select(store.Filter{})
		for _, m := range rows {
			found = append(found, m.Title)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// crashed copies a database that is in use as it would be found after its process was killed: what was
// written last is in the log only.
func crashed(t *testing.T, titles ...string) (db string) {
	t.Helper()
	used := filepath.Join(t.TempDir(), "used.db")
	s := open(t, used)
	put(t, s, titles...)
	db = filepath.Join(t.TempDir(), "m.db")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		data, err := os.ReadFile(used + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(db+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// snapshot backs a database up, at noon.
func snapshot(t *testing.T, db, to string) backup.Made {
	t.Helper()
	return makeOne(t, backup.Options{DB: db, To: to, Now: atNoon})
}

func makeOne(t *testing.T, o backup.Options) backup.Made {
	t.Helper()
	made, err := backup.Make(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// names lists a folder, hidden files and all.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := []string{}
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	return found
}

// contents reads all files of a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		found[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func missing(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}
