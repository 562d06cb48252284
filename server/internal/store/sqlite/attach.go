package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"
)

// errReplaced says that another file has taken the name of the database.
var errReplaced = errors.New("the database was replaced while it was being opened")

// attach connects to the database in a file, made first where there is none, brings it to the
// newest schema, and returns the node's name too. From then on Replace leaves the file alone.
func attach(ctx context.Context, path string) (*connection, string, error) {
	for {
		conn, origin, err := attachOnce(ctx, path)
		if !errors.Is(err, errReplaced) {
			return conn, origin, err
		}
	}
}

func attachOnce(ctx context.Context, path string) (*connection, string, error) {
	if err := install(path); err != nil {
		return nil, "", err
	}
	before, err := os.Stat(path)
	if err != nil {
		return nil, "", err
	}
	conn, err := connect(path)
	if err != nil {
		return nil, "", err
	}
	conn.SetInterrupt(ctx.Done())
	origin := ""
	if err = hold(conn.Conn, path, before); err == nil {
		origin, err = prepare(conn)
	}
	conn.SetInterrupt(nil)
	if err != nil {
		return nil, "", cmp.Or(context.Cause(ctx), errors.Join(err, conn.Close()))
	}
	return conn, origin, nil
}

// hold takes the lock that a connection has on a database in WAL mode for as long as it is open, and
// makes sure that the file still has its name: a connection that waited for the lock while the
// file was replaced would write the log of one file and the pages of another.
func hold(conn *sqlite.Conn, path string, before os.FileInfo) error {
	err := execute(conn, "PRAGMA schema_version")
	now, statErr := os.Stat(path)
	if statErr != nil || !os.SameFile(before, now) {
		return errors.Join(errReplaced, err)
	}
	if err != nil {
		return fmt.Errorf("reading the database: %w", err)
	}
	return nil
}
