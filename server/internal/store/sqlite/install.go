package sqlite

import (
	"bytes"
	"cmp"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"chaosctl/server/internal/store/sqlite/schema"
)

//go:generate go run ./schema/mktemplate template.db

// template is an empty database of the newest schema, its node unnamed; a copy opens in a few milliseconds where
// creating the tables takes ten times that.
//
//go:embed template.db
var template []byte

// fileMode keeps memories to whoever runs the server.
const fileMode = 0o600

// install puts a copy of the template where no database is yet: whole or not at all, durable,
// and never over a file that another process put there meanwhile.
func install(path string) (err error) {
	// In this order: who makes a database at this moment makes it before its log.
	_, withoutLog := os.Stat(path + "-wal")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// A log without its database would be played into the new one.
	if withoutLog == nil {
		return fmt.Errorf("%s-wal is there but %s is not: bring the database back, "+
			"or move the log away if its writes are not wanted", path, filepath.Base(path))
	}
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, filepath.Base(path)+".new-*")
	if err != nil {
		return fmt.Errorf("making a new database: %w", err)
	}
	defer func() {
		if removeErr := os.Remove(temp.Name()); !errors.Is(removeErr, fs.ErrNotExist) {
			err = cmp.Or(err, removeErr)
		}
	}()
	_, err = temp.Write(named(rand.Text()))
	err = cmp.Or(err, temp.Chmod(fileMode), temp.Sync())
	if err = cmp.Or(err, temp.Close()); err != nil {
		return fmt.Errorf("making a new database: %w", err)
	}
	switch err := os.Link(temp.Name(), path); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil: // a file system without hard links
		if err := os.Rename(temp.Name(), path); err != nil {
			return fmt.Errorf("making a new database: %w", err)
		}
	}
	return SyncDir(dir)
}

// named is the template with the node's origin in it, which must be as long as schema.Unnamed.
func named(origin string) []byte {
	return bytes.Replace(template, []byte(schema.Unnamed), []byte(origin), 1)
}

// SyncDir makes the entries of a directory durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the directory of the database the caller named
	if err != nil {
		return fmt.Errorf("syncing the directory: %w", err)
	}
	if err := cmp.Or(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("syncing the directory: %w", err)
	}
	return nil
}
