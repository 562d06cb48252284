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
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store/sqlite"
)

// Options says what is to be backed up, and where to.
type Options struct {
	DB      string           // path of the database; like every use of it, a backup makes one where there is none
	To      string           // folder of the snapshots, made where there is none
	Keep    int              // how many snapshots the folder may hold afterwards; 0 for all
	Version string           // of the program, for the manifest
	Now     func() time.Time // nil for time.Now
}

// Made is a backup that was made.
type Made struct {
	Snapshot, Manifest string // paths, in the folder as it was given
	Record             Manifest
	Removed            []string // names of the snapshots that were too many
	// Warnings say what went wrong once the backup was made: an old snapshot that cannot be removed, or a
	// database that was not there.
	Warnings []error
}

// workPrefix begins the name of a workspace of a backup.
const workPrefix = ".ai-memory-backup-"

// names of files in a workspace
const (
	workSnapshot = "snapshot.db"
	workManifest = "manifest.json"
	workRemoved  = "removed.json" // the manifest of an old snapshot that is being removed
)

// Make makes a backup of a database, which others may be using: the snapshot holds all that was
// acknowledged before Make was called. Any number may run at once.
//
// A process that is killed leaves no snapshot without its manifest: the snapshot is made in a
// workspace, and gets its name last, after the manifest. The next backup removes what was left.
func Make(ctx context.Context, o Options) (made Made, err error) {
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	if err := makeFolder(o.To); err != nil {
		return Made{}, fmt.Errorf("creating backup dir %s: %w", o.To, err)
	}
	_, err = os.Stat(o.DB)
	fresh := errors.Is(err, fs.ErrNotExist)
	work, err := newWorkspace(o.To, workPrefix, func(leftover string) error { return settle(o.To, leftover) })
	if err != nil {
		return Made{}, fmt.Errorf("writing to backup dir %s: %w", o.To, err)
	}
	defer func() { err = cmp.Or(err, work.remove()) }()

	at := now()
	if err := sqlite.Snapshot(ctx, o.DB, work.file(workSnapshot)); err != nil {
		var opening *sqlite.OpenError
		if errors.As(err, &opening) {
			return Made{}, fmt.Errorf("failed to open database: %w", err)
		}
		return Made{}, fmt.Errorf("making the snapshot failed: %w", err)
	}
	record := Manifest{SourceDB: o.DB, Version: o.Version, CreatedAt: memory.FormatTime(at)}
	if record.SHA256, record.Bytes, err = digest(work.file(workSnapshot)); err != nil {
		return Made{}, fmt.Errorf("reading the snapshot failed: %w", err)
	}
	if record, err = publish(work, o.To, at, record); err != nil {
		return Made{}, err
	}
	path := within(o.To, record.Snapshot)
	made = Made{Snapshot: path, Manifest: manifestOf(path), Record: record}
	switch {
	case fresh:
		made.Warnings = []error{fmt.Errorf(
			"there was no database %s: the snapshot is of a new, empty one; older snapshots are kept", o.DB)}
	case o.Keep > 0:
		made.Removed, made.Warnings = prune(work, o.To, record.Snapshot, o.Keep)
	}
	return made, nil
}

// makeFolder makes a folder that is there after a crash too.
func makeFolder(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(path, 0o755); err != nil { //nolint:gosec // what is in it is for its owner only
		return err
	}
	return syncFolder(filepath.Dir(filepath.Clean(path)))
}

// publish gives manifest and snapshot their names, the first of that second that are free, and
// returns the manifest.
func publish(work *workspace, dir string, at time.Time, record Manifest) (Manifest, error) {
	for n := 1; n < maxPerSecond; n++ {
		stem := nthStem(at, n)
		record.Snapshot = stem + snapshotEnding
		snapshot, manifest := filepath.Join(dir, record.Snapshot), filepath.Join(dir, stem+manifestEnding)
		if _, err := os.Lstat(snapshot); err == nil {
			continue
		}
		if err := record.write(work.file(workManifest)); err != nil {
			return record, err
		}
		// Who has the manifest has the name.
		err := claim(work.file(workManifest), manifest)
		if errors.Is(err, fs.ErrExist) {
			if err := os.Remove(work.file(workManifest)); err != nil {
				return record, err
			}
			continue
		}
		if err != nil {
			return record, fmt.Errorf("naming the manifest %s failed: %w", manifest, err)
		}
		if err := syncFolder(dir); err != nil {
			return record, err
		}
		if err := os.Rename(work.file(workSnapshot), snapshot); err != nil {
			return record, errors.Join(fmt.Errorf("naming the snapshot %s failed: %w", snapshot, err), os.Remove(manifest))
		}
		return record, syncFolder(dir)
	}
	return record, fmt.Errorf("refusing to overwrite existing snapshot %s: there are %d of this second",
		within(dir, record.Snapshot), maxPerSecond)
}

// settle removes the manifest that a backup left without its snapshot when it was killed: before it gave a snapshot its
// name, or after it removed an old one. What says so is that the manifest is in its workspace, too.
func settle(dir, leftover string) error {
	for _, name := range []string{workManifest, workRemoved} {
		kept := filepath.Join(leftover, name)
		record, err := readManifest(kept)
		if err != nil {
			continue // it had not come so far
		}
		if _, is := orderOf(record.Snapshot); !is {
			continue
		}
		snapshot := filepath.Join(dir, record.Snapshot)
		if _, err := os.Lstat(snapshot); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		ours, err := os.Stat(kept)
		if err != nil {
			return err
		}
		theirs, err := os.Lstat(manifestOf(snapshot))
		if err != nil || !os.SameFile(ours, theirs) {
			continue
		}
		if err := os.Remove(manifestOf(snapshot)); err != nil {
			return err
		}
	}
	return nil
}

// digest returns the SHA-256 of a file, in hex, and its size.
func digest(path string) (sum string, size int64, err error) {
	file, err := os.Open(path) //nolint:gosec // a snapshot
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	hash := sha256.New()
	if size, err = io.Copy(hash, file); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(hash.Sum(nil)), size, nil
}
