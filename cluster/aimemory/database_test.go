package aimemory_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"chaosctl/cluster"
	"chaosctl/cluster/aimemory"
)

// database makes a node's data with a few rows.
func database(t *testing.T) (cluster.NodeConfig, string) {
	t.Helper()
	n := cluster.NodeConfig{Dir: t.TempDir()}
	path := filepath.Join(n.Dir, "ai-memory.db")
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	err = sqlitex.ExecuteScript(conn, `
		CREATE TABLE memories (id TEXT, namespace TEXT, title TEXT, content TEXT);
		CREATE INDEX by_title ON memories (title);
		INSERT INTO memories SELECT value, 'ns', 'w' || value, hex(randomblob(400))
			FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT 200) SELECT value FROM n);`, nil)
	if err := errors.Join(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
	return n, path
}

func TestIntegrity(t *testing.T) {
	adapter := aimemory.New(aimemory.Options{Binary: "/bin/true"})
	n, path := database(t)
	if problems, err := adapter.Integrity(t.Context(), n); err != nil || len(problems) > 0 {
		t.Errorf("a whole file: %v, %v", problems, err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := append([]byte(nil), whole...)
	for i := 3 * 4096; i < 9*4096; i++ {
		broken[i] ^= 0x5a
	}
	if err := os.WriteFile(path, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	if problems, err := adapter.Integrity(t.Context(), n); err != nil || len(problems) == 0 {
		t.Errorf("a broken file: %v, %v", problems, err)
	}
	if err := os.WriteFile(path, []byte(`{"not":"a database"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := adapter.Integrity(t.Context(), n); !errors.Is(err, cluster.ErrNoStore) {
		t.Errorf("another kind of file: %v", err)
	}
	if _, err := adapter.Integrity(t.Context(), cluster.NodeConfig{Dir: t.TempDir()}); !errors.Is(err, cluster.ErrNoStore) {
		t.Errorf("no file: %v", err)
	}
}

func TestRemove(t *testing.T) {
	adapter := aimemory.New(aimemory.Options{Binary: "/bin/true"})
	n, _ := database(t)
	if err := adapter.Remove(t.Context(), n, "ns", "w7"); err != nil {
		t.Fatal(err)
	}
	for _, again := range []struct{ namespace, key string }{{"ns", "w7"}, {"other", "w8"}} {
		if err := adapter.Remove(t.Context(), n, again.namespace, again.key); err == nil || !strings.Contains(err.Error(), "0 rows") {
			t.Errorf("%v: %v", again, err)
		}
	}
}
