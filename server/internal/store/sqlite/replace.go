package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
)

// ErrInUse says that a process has the database open.
var ErrInUse = errors.New("the database is in use")

// replacePatience is how long Replace waits for who has the database open.
const replacePatience = 300 * time.Millisecond

// Replace gives the name of a database to another file, on the same file system, that is one. What
// was there, with what its log held, is called <stem>.pre-restore-<stamp>.db afterwards; the name is returned,
// empty where nothing was. ErrInUse is returned, nothing done, when a process has the database open, whatever
// that process does at the moment; none can open it until Replace returns.
//
// At any moment, also when the process is killed or the machine stops, the file under the name is
// the old database or the new one, whole, and there is no log beside the new one that is not its
// own:
//
//  1. It opens the old database alone (PRAGMA locking_mode = EXCLUSIVE). Every connection in WAL
//     mode has a shared lock for as long as it lives, so this fails while there is one.
//  2. It writes the log back. All that the old database held, as by a killed writer, is in its file.
//  3. It removes the log, which is empty, and makes that durable.
//  4. The two files exchange their names, at one instant. The new one was called by a swap name
//     before, which says what it is: see settleSwaps.
//  5. The old database gets its new name. The lock is released. Who waited for it notices that
//     the file is another (see hold).
//
// A file that is no database any more cannot be opened: what SQLite leaves of its log is renamed in step
// 3 to be beside it afterwards. Where there is no old database, but a log that was left, the same
// is done with that.
func Replace(path, with, stamp string) (aside string, err error) {
	for {
		aside, err = replaceOnce(path, with, stamp)
		if !errors.Is(err, errReplaced) {
			return aside, err
		}
	}
}

func replaceOnce(path, with, stamp string) (aside string, err error) {
	before, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", place(path, with, stamp)
	}
	if err != nil {
		return "", err
	}
	release, whole, err := seize(path, before)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, release()) }()
	if err := settleSwaps(path); err != nil {
		return "", err
	}
	if aside, err = freeAside(path, stamp); err != nil {
		return "", err
	}
	if whole {
		err = discard(path, "-wal", "-shm")
	} else {
		err = errors.Join(setAside(path, aside), discard(path, "-shm"))
	}
	if err != nil {
		return "", fmt.Errorf("taking the log away from the old database: %w", err)
	}
	if err := SyncDir(filepath.Dir(path)); err != nil {
		return "", err
	}
	return aside, exchange(path, with, aside)
}

// place gives a file a name that no database has.
func place(path, with, stamp string) error {
	used, err := indexInUse(path + "-shm")
	switch {
	case err != nil:
		return err
	case used:
		return fmt.Errorf("%w: its file was taken away under the process", ErrInUse)
	}
	aside, err := freeAside(path, stamp)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := errors.Join(setAside(path, aside), discard(path, "-shm"), SyncDir(dir)); err != nil {
		return fmt.Errorf("taking away the log of a database that is gone: %w", err)
	}
	switch err := os.Link(with, path); {
	case errors.Is(err, fs.ErrExist):
		return errReplaced
	case err != nil: // a file system without hard links
		if err := os.Rename(with, path); err != nil {
			return err
		}
	default:
		if err := os.Remove(with); err != nil {
			return err
		}
	}
	return SyncDir(dir)
}

// seize opens a database alone and writes its log back. It returns how to release it, and whether
// all it holds is in its file now; that is not so when the file is no database.
func seize(path string, before os.FileInfo) (release func() error, whole bool, err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, false, fmt.Errorf("opening the old database: %w", err)
	}
	conn.SetBusyTimeout(replacePatience)
	err = execute(conn, "PRAGMA locking_mode = EXCLUSIVE")
	if err == nil {
		err = hold(conn, path, before)
	}
	if err == nil {
		// Without a log the lock is taken by who writes.
		err = executeAll(conn, "BEGIN EXCLUSIVE", "COMMIT", "PRAGMA wal_checkpoint(TRUNCATE)")
	}
	if err == nil {
		return conn.Close, true, nil
	}
	closeErr := conn.Close()
	switch {
	case errors.Is(err, errReplaced):
		return nil, false, errors.Join(err, closeErr)
	case isCode(err, sqlite.ResultBusy), isCode(err, sqlite.ResultLocked):
		return nil, false, ErrInUse
	case isCode(err, sqlite.ResultNotADB), isCode(err, sqlite.ResultCorrupt):
		release, err := lockOut(path)
		return release, false, err
	}
	return nil, false, errors.Join(fmt.Errorf("writing the log of the old database back: %w", err), closeErr)
}

// isCode tells whether SQLite returned an error of a kind.
func isCode(err error, code sqlite.ResultCode) bool {
	return sqlite.ErrCode(err).ToPrimary() == code
}

// setAside gives what belongs to a database its name aside.
func setAside(path, aside string) error {
	var errs []error
	for _, suffix := range []string{"-wal", "-journal"} {
		if info, err := os.Stat(path + suffix); err == nil && info.Size() == 0 {
			errs = append(errs, discard(path, suffix))
			continue
		}
		if err := os.Rename(path+suffix, aside+suffix); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// discard removes what belongs to a database, where it is there.
func discard(path string, suffixes ...string) error {
	var errs []error
	for _, suffix := range suffixes {
		if err := os.Remove(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
