package schema

import (
	"errors"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func database(t *testing.T) *sqlite.Conn {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(t.TempDir(), "memory.db"), sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

func exec(t *testing.T, conn *sqlite.Conn, query string) string {
	t.Helper()
	text := ""
	err := sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		text = stmt.ColumnText(0)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestMigrationsAreNumberedOnFromTheOriginal(t *testing.T) {
	steps, err := Migrations()
	if err != nil || len(steps) == 0 {
		t.Fatal(len(steps), err)
	}
	for i, step := range steps {
		if step.Number != Original+1+i {
			t.Errorf("%s: want number %d", step.Name, Original+1+i)
		}
	}
}

// TestMigrateAnOlderDatabase makes today's schema the older one.
func TestMigrateAnOlderDatabase(t *testing.T) {
	steps, err := Migrations()
	if err != nil {
		t.Fatal(err)
	}
	conn := database(t)
	if err := migrate(conn, steps); err != nil {
		t.Fatal(err)
	}
	exec(t, conn, "INSERT INTO node VALUES ('me')")
	next := steps[len(steps)-1].Number + 1

	broken := append(steps[:len(steps):len(steps)], Migration{next, "broken", "ALTER TABLE node ADD COLUMN a TEXT; ALTER TABLE no RENAME TO so;"})
	if err := migrate(conn, broken); err == nil {
		t.Fatal("a broken migration passed")
	}
	if got := exec(t, conn, "SELECT group_concat(name) FROM pragma_table_info('node')"); got != "origin" {
		t.Errorf("a broken migration left columns %s", got)
	}
	more := append(steps[:len(steps):len(steps)], Migration{next, "more", "ALTER TABLE node ADD COLUMN a TEXT DEFAULT 'b';\n"})
	for range 2 { // the second time there is nothing to do
		if err := migrate(conn, more); err != nil {
			t.Fatal(err)
		}
	}
	if got := exec(t, conn, "SELECT origin || a FROM node"); got != "meb" {
		t.Errorf("the row became %q", got)
	}
	// What the next program made, this one refuses.
	var unsupported *Unsupported
	if err := Migrate(conn); !errors.As(err, &unsupported) || unsupported.Found != next {
		t.Errorf("got %v, want *Unsupported with %d", err, next)
	}
}
