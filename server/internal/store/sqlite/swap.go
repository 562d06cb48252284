package sqlite

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// asidePart is what the name of a database that was replaced has between its stem and its time.
const asidePart = ".pre-restore-"

// maxAside bounds the names of one second.
const maxAside = 1000

// freeAside returns a name for the database that is being replaced that nothing has yet.
func freeAside(path, stamp string) (string, error) {
	base := strings.TrimSuffix(path, filepath.Ext(path)) + asidePart + stamp
	for n := 1; n < maxAside; n++ {
		name := base + ".db"
		if n > 1 {
			name = fmt.Sprintf("%s_%03d.db", base, n)
		}
		if taken, err := exists(name, name+"-wal", name+"-journal"); err != nil || !taken {
			return name, err
		}
	}
	return "", fmt.Errorf("there are %d databases %s* already: move them away", maxAside, base)
}

func exists(paths ...string) (bool, error) {
	for _, path := range paths {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return err == nil, err
		}
	}
	return false, nil
}

// A file is called by a swap name, as soon as it is to take a database's name, and then that
// database is. It tells the inode of the file: so who finds a swap name that a killed process left
// knows which of the two it is.
const swapPart = ".swap-"

// exchange gives the name of a database to another file, and the database the name aside.
func exchange(path, with, aside string) error {
	inode, err := inodeOf(with)
	if err != nil {
		return err
	}
	dir, swap := filepath.Dir(path), fmt.Sprint(aside, swapPart, inode)
	if err := os.Rename(with, swap); err != nil {
		return err
	}
	switch err := unix.Renameat2(unix.AT_FDCWD, swap, unix.AT_FDCWD, path, unix.RENAME_EXCHANGE); {
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.ENOTSUP):
		return overwrite(path, swap, aside) // the file system cannot
	case err != nil:
		return errors.Join(fmt.Errorf("exchanging %s and %s: %w", filepath.Base(swap), filepath.Base(path), err), os.Remove(swap))
	}
	if err := SyncDir(dir); err != nil {
		return err
	}
	return cmp.Or(os.Rename(swap, aside), SyncDir(dir))
}

// overwrite gives the name of a database to another file, and a copy of the database the name aside.
func overwrite(path, with, aside string) error {
	if err := copyFile(path, aside); err != nil {
		return errors.Join(fmt.Errorf("keeping the old database: %w", err), os.Remove(aside))
	}
	dir := filepath.Dir(path)
	if err := SyncDir(dir); err != nil {
		return err
	}
	return cmp.Or(os.Rename(with, path), SyncDir(dir))
}

// copyFile makes a durable copy that does not exist yet.
func copyFile(from, to string) (err error) {
	in, err := os.Open(from) //nolint:gosec // the database that the caller named
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode) //nolint:gosec // beside that
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// settleSwaps ends what killed processes left half done: a database that had lost its name already gets
// the one it was to have, a file that had not got a name yet is removed. Whoever calls it keeps other
// processes from exchanging names.
func settleSwaps(path string) error {
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	base := filepath.Base(path)
	ours := strings.TrimSuffix(base, filepath.Ext(base)) + asidePart
	for _, entry := range entries {
		aside, recorded, is := strings.Cut(entry.Name(), swapPart)
		if !is || !strings.HasPrefix(aside, ours) {
			continue
		}
		swap := filepath.Join(dir, entry.Name())
		inode, err := inodeOf(swap)
		switch {
		case err != nil:
			return err
		case fmt.Sprint(inode) == recorded:
			err = os.Remove(swap)
		default:
			err = os.Rename(swap, filepath.Join(dir, aside))
		}
		if err != nil {
			return fmt.Errorf("ending what a killed process left: %w", err)
		}
	}
	return nil
}

func inodeOf(path string) (uint64, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, err
	}
	stat, is := info.Sys().(*syscall.Stat_t)
	if !is {
		return 0, fmt.Errorf("%s: the system tells no inode", path)
	}
	return stat.Ino, nil
}
