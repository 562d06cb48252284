package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"chaosctl/server/internal/store/sqlite"
	"chaosctl/server/internal/store/sqlite/schema"
)

// script runs SQL on a file beside the store under test.
func script(tb testing.TB, path, text string) {
	tb.Helper()
	conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite|zombiezen.OpenCreate)
	if err != nil {
		tb.Fatal(err)
	}
	if err := errors.Join(sqlitex.ExecuteScript(conn, text, nil), conn.Close()); err != nil {
		tb.Fatal(err)
	}
}

// query returns the rows of a query on a file, columns joined by |.
func query(tb testing.TB, path, text string) []string {
	tb.Helper()
	conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite)
	if err != nil {
		tb.Fatal(err)
	}
	var found []string
	err = sqlitex.ExecuteTransient(conn, text, &sqlitex.ExecOptions{ResultFunc: func(stmt *zombiezen.Stmt) error {
		var columns []string
		for i := range stmt.ColumnCount() {
			columns = append(columns, stmt.ColumnText(i))
		}
		found = append(found, strings.Join(columns, "|"))
		return nil
	}})
	if err := errors.Join(err, conn.Close()); err != nil {
		tb.Fatal(err)
	}
	return found
}

func closeStore(tb testing.TB, s *sqlite.Store) {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Error(err)
	}
}

// TestTemplateIsWhatMigrationsMake compares a copy of the embedded database with an empty file
// that was migrated. When it fails, run go generate.
func TestTemplateIsWhatMigrationsMake(t *testing.T) {
	dir := t.TempDir()
	copied, migrated := filepath.Join(dir, "copied.db"), filepath.Join(dir, "migrated.db")
	if err := os.WriteFile(migrated, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{copied, migrated} {
		closeStore(t, open(t, path))
	}
	for _, text := range []string{
		"SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name",
		"SELECT version FROM schema_version",
		"SELECT count(*) FROM node",
		"SELECT count(*) FROM memories",
		"PRAGMA journal_mode",
		"PRAGMA page_size",
		"PRAGMA user_version",
	} {
		want := query(t, migrated, text)
		if diff := cmp.Diff(want, query(t, copied, text)); diff != "" || len(want) == 0 {
			t.Errorf("%s (-migrated +template):\n%s", text, diff)
		}
	}
	if triggers := query(t, copied, "SELECT name FROM sqlite_schema WHERE type = 'trigger'"); len(triggers) > 0 {
		t.Errorf("there are triggers: %v", triggers)
	}
}

func TestOpenFresh(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "memory.db")
	closeStore(t, open(t, path))
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want mode 600", info, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestOpenTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.db")
	const n = 8
	stores := make([]*sqlite.Store, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			var err error
			if stores[i], err = sqlite.Open(t.Context(), path, sqlite.Options{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	stores = slices.DeleteFunc(stores, func(s *sqlite.Store) bool { return s == nil }) // the test has failed
	for i, s := range stores {
		if s.Origin() != stores[0].Origin() {
			t.Errorf("origins %s and %s on one file", s.Origin(), stores[0].Origin())
		}
		if _, err := s.Create(t.Context(), fresh(t, fmt.Sprint("title ", i))); err != nil {
			t.Error(err)
		}
	}
	if v, err := stores[0].Vector(t.Context()); err != nil || v[stores[0].Origin()] != int64(len(stores)) {
		t.Errorf("vector %v, %v: numbers were given twice", v, err)
	}
	for _, s := range stores {
		closeStore(t, s)
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name  string
		make  func(t *testing.T, path string)
		found int // schema number in *schema.Unsupported, -1 for another error
		says  string
	}{
		{"a newer schema", func(t *testing.T, path string) {
			closeStore(t, open(t, path))
			script(t, path, "UPDATE schema_version SET version = 9999")
		}, 9999, "use the newer program"},
		{"a database of ai-memory 0.6.0", func(t *testing.T, path string) {
			script(t, path, "CREATE TABLE schema_version (version INTEGER); INSERT INTO schema_version VALUES (13); "+
				"CREATE TABLE memories (id TEXT PRIMARY KEY)")
		}, 13, "export it there and import it"},
		{"another program's database", func(t *testing.T, path string) {
			script(t, path, "CREATE TABLE bookmarks (url TEXT)")
		}, 0, "another program"},
		{"no database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("text "), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		}, -1, "not a database"},
		{"a log without its database", func(t *testing.T, path string) {
			if err := os.WriteFile(path+"-wal", []byte("log"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, -1, "bring the database back"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "memory.db")
			test.make(t, path)
			before, _ := os.ReadFile(path) //nolint:errcheck // one case has no file
			s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			if err == nil {
				closeStore(t, s)
				t.Fatal("it was opened")
			}
			if unsupported, ok := errors.AsType[*schema.Unsupported](err); test.found >= 0 && (!ok || unsupported.Found != test.found) {
				t.Errorf("got %v, want *schema.Unsupported with %d", err, test.found)
			}
			if !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want the path and %q", err, test.says)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) { //nolint:errcheck // as above
				t.Error("the file was changed")
			}
		})
	}
	t.Run("a directory that does not exist", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "no", "memory.db")
		if _, err := sqlite.Open(t.Context(), path, sqlite.Options{}); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
}
