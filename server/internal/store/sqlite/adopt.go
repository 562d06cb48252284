package sqlite

import (
	"context"
	"crypto/rand"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"chaosctl/server/internal/store/sqlite/schema"
)

// Adopt makes the copy of a database, which nobody else uses, ready to take a node's place: it is
// checked, brought to the newest schema, and the node gets a new name. Peers have seen events of
// the node that are later than the copy. Under its old name the node would give their numbers to
// other writes, which peers would then take for known; with a new one they take them all, and
// give back what was written under the old one. A damaged database is an error, as is one that
// this program does not know how to use (*schema.Unsupported). It is durable when Adopt returns.
func Adopt(ctx context.Context, path string) error {
	return offline(ctx, path, func(conn *sqlite.Conn) error {
		for _, do := range []func(*sqlite.Conn) error{integrity, belongs, schema.Migrate, rename} {
			if err := do(conn); err != nil {
				return err
			}
		}
		return execute(conn, "PRAGMA journal_mode = WAL")
	})
}

// belongs returns *schema.Unsupported for an empty database: to Migrate it would be a new one.
func belongs(conn *sqlite.Conn) error {
	tables := 0
	err := sqlitex.ExecuteTransient(conn, "SELECT count(*) FROM sqlite_schema", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			tables = stmt.ColumnInt(0)
			return nil
		},
	})
	if err == nil && tables == 0 {
		err = &schema.Unsupported{}
	}
	return err
}

// rename gives the node a new name.
func rename(conn *sqlite.Conn) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return fmt.Errorf("naming the node: %w", err)
	}
	defer end(&err)
	if err := execute(conn, "DELETE FROM node"); err != nil {
		return err
	}
	err = sqlitex.ExecuteTransient(conn, "INSERT INTO node (origin) VALUES (?)", &sqlitex.ExecOptions{Args: []any{rand.Text()}})
	if err != nil {
		return fmt.Errorf("naming the node: %w", err)
	}
	return nil
}
