package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"chaosctl/server/internal/store/sqlite"
)

// workspace is a folder for what is not yet finished, on the file system where it is to go. Its process holds a
// lock of it, which ends with the process however that ends: an unlocked one is a leftover.
type workspace struct {
	path string
	lock *os.File
}

// newWorkspace makes a workspace in a folder, called prefix and something, and removes those that
// killed processes left there; a workspace that cannot be locked, on some network file systems, is never removed
// but by its own process. Before one is removed, settle is called with its path.
func newWorkspace(dir, prefix string, settle func(leftover string) error) (*workspace, error) {
	if err := clean(dir, prefix, settle); err != nil {
		return nil, err
	}
	for {
		path, err := os.MkdirTemp(dir, prefix)
		if err != nil {
			return nil, err
		}
		lock, err := lockFolder(path)
		if err == nil {
			return &workspace{path, lock}, nil
		}
		// Another process took it for a leftover before it was locked.
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(err, os.RemoveAll(path))
		}
	}
}

func (w *workspace) file(name string) string { return filepath.Join(w.path, name) }

// remove ends the workspace.
func (w *workspace) remove() error { return errors.Join(os.RemoveAll(w.path), w.lock.Close()) }

// lockFolder locks a folder, if the file system can. It fails with EWOULDBLOCK when another process
// has it locked, with fs.ErrNotExist when it is gone.
func lockFolder(path string) (*os.File, error) {
	folder, err := os.Open(path) //nolint:gosec // a workspace
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		_, err = os.Stat(path)
	}
	if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(err, folder.Close())
	}
	return folder, nil
}

// clean removes leftovers.
func clean(dir, prefix string, settle func(leftover string) error) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), prefix) {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		folder, err := os.Open(path) //nolint:gosec // a workspace
		if err != nil {
			continue // it is gone, or another user's
		}
		if unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
			folder.Close() // in use
			continue
		}
		err = errors.Join(settle(path), os.RemoveAll(path), folder.Close())
		if err != nil {
			return fmt.Errorf("removing %s, which a killed process left: %w", path, err)
		}
	}
	return nil
}

// claim gives a file another name, which nothing has: fs.ErrExist if something has.
func claim(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// A file system without hard links.
	taken, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode) //nolint:gosec // in the folder the caller named
	if err != nil {
		return err
	}
	return errors.Join(taken.Close(), os.Rename(from, to))
}

// syncFolder makes the entries of a folder durable.
func syncFolder(path string) error { return sqlite.SyncDir(path) }
