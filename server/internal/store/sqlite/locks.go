package sqlite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Bytes that SQLite locks (https://www.sqlite.org/fileformat2.html, walformat.html): those of a database from the
// pending byte on, of which every connection that uses the database holds some; and the one of a
// WAL index that every connection to the index holds.
const (
	databaseLocks, databaseLocksLen = 0x40000000, 512
	indexLock                       = 128
)

// lockOut locks a file that is no database, as far as SQLite can tell, as SQLite would: nobody has it open,
// and nobody opens it, until it is released. The lock is of the open file, and the kernel keeps
// locks of open files and of processes apart.
func lockOut(path string) (release func() error, err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the database that the caller named
	if err != nil {
		return nil, err
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: databaseLocks, Len: databaseLocksLen}
	err = unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lock)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
		return nil, errors.Join(ErrInUse, file.Close())
	case err != nil:
		return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), file.Close())
	}
	return file.Close, nil
}

// InUse tells whether a process has a database open, in WAL mode. It only looks: Replace is for keeping others
// out. It must not be called by a process that has the database open itself: POSIX locks of a
// process end when it closes any file of the name.
func InUse(path string) (bool, error) {
	used, err := locked(path, databaseLocks, databaseLocksLen)
	if used || err != nil {
		return used, err
	}
	return indexInUse(path + "-shm")
}

// indexInUse tells whether a process is connected to a WAL index.
func indexInUse(path string) (bool, error) { return locked(path, indexLock, 1) }

// locked tells whether a process holds a lock of some bytes of a file, which need not be there.
func locked(path string, start, length int64) (bool, error) {
	file, err := os.Open(path) //nolint:gosec // the database that the caller named, or beside it
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: start, Len: length}
	if err := unix.FcntlFlock(file.Fd(), unix.F_OFD_GETLK, &lock); err != nil {
		return false, fmt.Errorf("asking for the locks of %s: %w", path, err)
	}
	return lock.Type != unix.F_UNLCK, nil
}
