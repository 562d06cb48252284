package backup

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"chaosctl/server/internal/store/sqlite"
)

// RestoreOptions says what is to be restored, and where to.
type RestoreOptions struct {
	From string // a snapshot, or a folder: its newest, by the time in the name
	DB   string // path of the database
	// SkipVerify restores a snapshot whatever its manifest says, and without one. That it is a
	// whole database of ours is looked at all the same.
	SkipVerify bool
	Now        func() time.Time // nil for time.Now
}

// Restored is what was restored.
type Restored struct {
	From     string // the snapshot
	To       string // the database, as given
	Previous string // where the database is that was there; empty when there was none
}

// Restore puts a snapshot in the place of a database. It is checked before anything is touched: against its
// manifest, and that it is a whole database of ours. The database must not be in use: *InUse. At
// any moment, also when the process is killed, the old database or the new one is there, whole:
// see sqlite.Replace. The restored database is a node of its own: see sqlite.Adopt.
func Restore(ctx context.Context, o RestoreOptions) (r Restored, err error) {
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	from, err := source(o.From)
	if err != nil {
		return Restored{}, err
	}
	r = Restored{From: from, To: o.DB}
	var record *Manifest
	if !o.SkipVerify {
		if record, err = manifestFor(from); err != nil {
			return Restored{}, err
		}
	}
	target, err := resolve(o.DB)
	if err != nil {
		return Restored{}, fmt.Errorf("looking for the database %s: %w", o.DB, err)
	}
	if err := refuseUsed(target, o.DB); err != nil {
		return Restored{}, err
	}
	prefix := "." + filepath.Base(target) + ".restore-"
	work, err := newWorkspace(filepath.Dir(target), prefix, func(string) error { return nil })
	if err != nil {
		return Restored{}, fmt.Errorf("writing beside the database %s: %w", o.DB, err)
	}
	defer func() { err = cmp.Or(err, work.remove()) }()

	fresh := work.file(workSnapshot)
	if err := copyVerified(ctx, from, fresh, record); err != nil {
		return Restored{}, err
	}
	if err := sqlite.Adopt(ctx, fresh); err != nil {
		return Restored{}, fmt.Errorf("snapshot %s cannot be restored: %w", from, err)
	}
	if err := likeOld(target, fresh); err != nil {
		return Restored{}, err
	}
	if r.Previous, err = sqlite.Replace(target, fresh, stamp(now())); err != nil {
		if errors.Is(err, sqlite.ErrInUse) {
			return Restored{}, &InUse{o.DB, err}
		}
		return Restored{}, fmt.Errorf("replacing the database %s: %w", o.DB, err)
	}
	return r, nil
}

// InUse says that a database cannot be replaced because a process has it open.
type InUse struct {
	DB  string
	Err error
}

// Error says what, why and what to do.
func (u *InUse) Error() string {
	return fmt.Sprintf("database %s is in use; nothing was changed: stop the server and every other process that has it open "+
		"(fuser %s names them), then restore again", u.DB, u.DB)
}

// Unwrap returns sqlite.ErrInUse.
func (u *InUse) Unwrap() error { return u.Err }

// source returns the snapshot that is meant.
func source(from string) (string, error) {
	info, err := os.Stat(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("snapshot %s does not exist", from)
	case err != nil:
		return "", fmt.Errorf("reading snapshot %s: %w", from, err)
	case !info.IsDir():
		return from, nil
	}
	names, err := snapshots(from)
	if err != nil {
		return "", fmt.Errorf("reading backup dir %s: %w", from, err)
	}
	if len(names) == 0 {
		return "", fmt.Errorf("no snapshots found in %s", from)
	}
	return within(from, names[0]), nil
}

// manifestFor reads the manifest of a snapshot.
func manifestFor(snapshot string) (*Manifest, error) {
	path := manifestOf(snapshot)
	m, err := readManifest(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("manifest %s not found; pass --skip-verify to restore anyway", path)
	}
	return &m, err
}

// resolve returns the file that a path of a database means, a symbolic link followed; it need not
// be there, but its folder must.
func resolve(path string) (string, error) {
	target := path
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if target, err = filepath.EvalSymlinks(path); err == nil {
			info, err = os.Lstat(target)
		}
		if err != nil {
			return "", err
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		_, err = os.Stat(filepath.Dir(target) + "/.")
	case err == nil && !info.Mode().IsRegular():
		err = errors.New("it is not a file")
	}
	return target, err
}

// refuseUsed returns an error while a process has a database open. Replace is the one that makes sure; here
// it is only looked, so that nobody waits for a large snapshot to be copied first.
func refuseUsed(target, asGiven string) error {
	used, err := sqlite.InUse(target)
	if err == nil && used {
		err = &InUse{asGiven, sqlite.ErrInUse}
	}
	return err
}

// copyStep is how much is copied before it is looked whether to go on, in bytes.
const copyStep = 1 << 20

// copyBytes is io.Copy that ends with ctx.
func copyBytes(ctx context.Context, to io.Writer, from io.Reader) (size int64, err error) {
	for err == nil {
		if err = context.Cause(ctx); err == nil {
			var n int64
			n, err = io.CopyN(to, from, copyStep)
			size += n
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return size, err
}

// likeOld gives a file the mode and the owner of the database it is to replace, if there is one: whoever
// restores need not be who runs the server.
func likeOld(target, fresh string) error {
	old, err := os.Stat(target)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	now, err := os.Stat(fresh)
	if err != nil {
		return err
	}
	was, ok := old.Sys().(*syscall.Stat_t)
	is, too := now.Sys().(*syscall.Stat_t)
	if ok && too && (was.Uid != is.Uid || was.Gid != is.Gid) {
		if err := os.Chown(fresh, int(was.Uid), int(was.Gid)); err != nil {
			return fmt.Errorf("the database %s belongs to user %d, group %d: restore as that user: %w", target, was.Uid, was.Gid, err)
		}
	}
	return os.Chmod(fresh, old.Mode().Perm())
}

// copyVerified copies a snapshot, and checks against the manifest what it copied.
func copyVerified(ctx context.Context, from, to string, record *Manifest) (err error) {
	if info, err := os.Stat(from + "-wal"); err == nil && info.Size() > 0 {
		return fmt.Errorf("%s is not a snapshot: some of what it holds is in %s-wal; "+
			"make a backup of it first, with --db %s, and restore that", from, from, from)
	}
	in, err := os.Open(from) //nolint:gosec // the snapshot that the user named
	if err != nil {
		return fmt.Errorf("reading snapshot %s: %w", from, err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode) //nolint:gosec // in a workspace
	if err != nil {
		return fmt.Errorf("copying snapshot %s: %w", from, err)
	}
	hash := sha256.New()
	size, err := copyBytes(ctx, io.MultiWriter(out, hash), in)
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("copying snapshot %s: %w", from, err)
	}
	if record == nil {
		return nil
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); !strings.EqualFold(sum, record.SHA256) {
		return fmt.Errorf("sha256 mismatch — manifest says %s, snapshot is %s", record.SHA256, sum)
	}
	if size != record.Bytes {
		return fmt.Errorf("size mismatch — manifest says %d bytes, snapshot has %d", record.Bytes, size)
	}
	return nil
}
