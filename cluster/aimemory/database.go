package aimemory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"chaosctl/cluster"
)

var _ cluster.Inspector = (*Adapter)(nil)

// databaseFile is the name of a node's database in its data directory.
const databaseFile = "ai-memory.db"

// fileHeader begins every SQLite database (https://www.sqlite.org/fileformat.html, 1.3).
const fileHeader = "SQLite format 3\x00"

// maxProblems is how many findings of SQLite's check are kept.
const maxProblems = 5

// Integrity runs SQLite's own check of the whole file.
func (a *Adapter) Integrity(ctx context.Context, n cluster.NodeConfig) (problems []string, err error) {
	err = withDatabase(ctx, n, func(conn *sqlite.Conn) error {
		check := fmt.Sprintf("PRAGMA integrity_check(%d)", maxProblems)
		return sqlitex.ExecuteTransient(conn, check, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			if text := stmt.ColumnText(0); text != "ok" {
				problems = append(problems, text)
			}
			return nil
		}})
	})
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return append(problems, err.Error()), nil // too broken to be checked
	}
	return problems, err
}

// Remove deletes the row with a title from the table of memories, the name it has in ai-memory
// 0.6.0 and in ours (contract 10.2). The full-text index is left as it is.
func (a *Adapter) Remove(ctx context.Context, n cluster.NodeConfig, namespace, key string) error {
	return withDatabase(ctx, n, func(conn *sqlite.Conn) error {
		err := sqlitex.ExecuteTransient(conn, "DELETE FROM memories WHERE namespace = ? AND title = ?",
			&sqlitex.ExecOptions{Args: []any{namespace, key}})
		if err == nil && conn.Changes() != 1 {
			err = fmt.Errorf("%d rows were removed, not one", conn.Changes())
		}
		return err
	})
}

// withDatabase opens the database of a node that has ended.
func withDatabase(ctx context.Context, n cluster.NodeConfig, do func(*sqlite.Conn) error) (err error) {
	path := filepath.Join(n.Dir, databaseFile)
	if err := isDatabase(path); err != nil {
		return err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return fmt.Errorf("look into the data of node %d: %w", n.Index, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetInterrupt(ctx.Done())
	// Nothing of this need survive the machine: the log is recovered, and checkpointed at the end.
	err = sqlitex.ExecuteTransient(conn, "PRAGMA synchronous = OFF", nil)
	if err == nil {
		err = do(conn)
	}
	if err != nil {
		return fmt.Errorf("look into the data of node %d: %w", n.Index, err)
	}
	return nil
}

// isDatabase returns cluster.ErrNoStore unless a file is a SQLite database.
func isDatabase(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return cluster.ErrNoStore
	}
	if err != nil {
		return err
	}
	defer file.Close()
	header := make([]byte, len(fileHeader))
	if n, _ := file.Read(header); n < len(header) || !bytes.Equal(header, []byte(fileHeader)) {
		return cluster.ErrNoStore
	}
	return nil
}
