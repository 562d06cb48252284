// Package schema holds the numbered migrations of the SQLite store and makes the empty database
// that fresh stores are copies of.
package schema

import (
	"cmp"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Original is the schema number of ai-memory 0.6.0. Ours go on from there.
const Original = 13

//go:embed migrations/*.sql
var files embed.FS

// Migration is one numbered step.
type Migration struct {
	Number int
	Name   string // the file's
	SQL    string
}

// Migrations returns all steps in order.
func Migrations() ([]Migration, error) {
	entries, err := files.ReadDir("migrations")
	if err != nil {
		return nil, fmt.Errorf("reading the embedded migrations: %w", err)
	}
	steps := make([]Migration, 0, len(entries))
	for _, entry := range entries {
		text, err := files.ReadFile("migrations/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("reading the embedded migrations: %w", err)
		}
		digits, _, _ := strings.Cut(entry.Name(), "_")
		number, err := strconv.Atoi(digits)
		if err != nil {
			return nil, fmt.Errorf("migration %s has no number: %w", entry.Name(), err)
		}
		steps = append(steps, Migration{Number: number, Name: entry.Name(), SQL: string(text)})
	}
	slices.SortFunc(steps, func(a, b Migration) int { return cmp.Compare(a.Number, b.Number) })
	return steps, nil
}

// Unsupported says that a database cannot be used by this program.
type Unsupported struct {
	Found, Newest int // schema numbers; Found is 0 when there is none
}

// Error says what the database is and what to do.
func (u *Unsupported) Error() string {
	switch {
	case u.Found > u.Newest:
		return fmt.Sprintf("the database has schema %d, newer than %d, the newest this program knows: "+
			"use the newer program that made it", u.Found, u.Newest)
	case u.Found > 0:
		return fmt.Sprintf("the database has schema %d and was made by ai-memory 0.6.0 or older: "+
			"export it there and import it into a new file", u.Found)
	default:
		return "the file is a database of another program: name another file"
	}
}

// supported returns the schema number of a database, 0 for an empty one, and *Unsupported for
// one that cannot be brought to the newest.
func supported(conn *sqlite.Conn, newest int) (int, error) {
	tables, version := 0, 0
	hasVersion := false
	err := sqlitex.ExecuteTransient(conn, "SELECT name FROM sqlite_schema", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			tables++
			hasVersion = hasVersion || stmt.ColumnText(0) == "schema_version"
			return nil
		},
	})
	if err != nil {
		return 0, fmt.Errorf("reading the schema: %w", err)
	}
	if hasVersion {
		err = sqlitex.ExecuteTransient(conn, "SELECT max(version) FROM schema_version", &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error {
				version = stmt.ColumnInt(0)
				return nil
			},
		})
		if err != nil {
			return 0, fmt.Errorf("reading the schema number: %w", err)
		}
	}
	if version > newest || tables > 0 && version <= Original {
		return version, &Unsupported{Found: version, Newest: newest}
	}
	return version, nil
}

// Migrate brings a database to the newest schema, all in one transaction. It returns
// *Unsupported, the database untouched, for one that is newer or not ours.
func Migrate(conn *sqlite.Conn) (err error) {
	steps, err := Migrations()
	if err != nil {
		return err
	}
	return migrate(conn, steps)
}

func migrate(conn *sqlite.Conn, steps []Migration) (err error) {
	newest := steps[len(steps)-1].Number
	version, err := supported(conn, newest)
	if err != nil || version == newest {
		return err
	}
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return fmt.Errorf("beginning to migrate: %w", err)
	}
	defer end(&err)
	// Another process may have migrated while this one waited.
	if version, err = supported(conn, newest); err != nil {
		return err
	}
	if version == 0 {
		const table = "CREATE TABLE schema_version (version INTEGER NOT NULL); INSERT INTO schema_version VALUES (0)"
		if err := script(conn, table); err != nil {
			return fmt.Errorf("creating schema_version: %w", err)
		}
	}
	for _, step := range steps {
		if step.Number <= version {
			continue
		}
		if err := script(conn, step.SQL); err != nil {
			return fmt.Errorf("migration %s: %w", step.Name, err)
		}
		if err := script(conn, fmt.Sprintf("UPDATE schema_version SET version = %d", step.Number)); err != nil {
			return fmt.Errorf("migration %s: %w", step.Name, err)
		}
	}
	return nil
}

// script runs statements within the transaction there is.
func script(conn *sqlite.Conn, text string) error {
	return sqlitex.ExecuteScript(conn, text, nil)
}

// Unnamed stands in the template for the node's origin. Whoever copies the template writes a name
// of the same length over it: naming the node by a transaction would cost a fresh store three
// syncs more.
const Unnamed = "UNNAMEDUNNAMEDUNNAMEDUNNAM"

// Build returns the bytes of an empty database of the newest schema, in WAL mode, of a node
// called Unnamed.
func Build(dir string) (_ []byte, err error) {
	path := filepath.Join(dir, "template.db")
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	err = Migrate(conn)
	for _, statement := range []string{
		"INSERT INTO node (origin) VALUES ('" + Unnamed + "')", "VACUUM", "PRAGMA journal_mode = WAL",
	} {
		if err == nil {
			err = sqlitex.ExecuteTransient(conn, statement, nil)
		}
	}
	if err = cmp.Or(err, conn.Close()); err != nil {
		return nil, fmt.Errorf("making the empty database: %w", err)
	}
	data, err := os.ReadFile(path) //nolint:gosec // the file was made above
	if err != nil {
		return nil, fmt.Errorf("making the empty database: %w", err)
	}
	return data, nil
}
