package backup

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// snapshots returns the names of the files in a folder that are called as snapshots, newest first.
func snapshots(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if _, is := orderOf(entry.Name()); is && entry.Type().IsRegular() {
			names = append(names, entry.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		first, _ := orderOf(a)
		second, _ := orderOf(b)
		return cmp.Compare(second, first)
	})
	return names, nil
}

// prune removes the oldest snapshots of a folder until it holds as many as wanted, the one that was
// just made among them whatever its time. Only what Make has made counts and is removed: files with the
// name of a snapshot beside which a manifest names them. It returns what it removed, and what
// it could not.
func prune(work *workspace, dir, justMade string, keep int) (removed []string, failed []error) {
	names, err := snapshots(dir)
	if err != nil {
		return nil, []error{fmt.Errorf("looking for old snapshots: %w", err)}
	}
	for _, name := range names {
		if name == justMade {
			continue
		}
		path := filepath.Join(dir, name)
		record, err := readManifest(manifestOf(path))
		if err != nil || record.Snapshot != name {
			continue
		}
		if keep--; keep > 0 {
			continue
		}
		if err := removePair(work, path); err != nil {
			failed = append(failed, fmt.Errorf("removing an old snapshot: %w", err))
			continue
		}
		removed = append(removed, name)
	}
	return removed, failed
}

// removePair removes a snapshot and its manifest. The snapshot goes first: without its manifest it would be nobody's.
// If the process is killed in between, settle knows the manifest by its second name.
func removePair(work *workspace, snapshot string) error {
	mark := work.file(workRemoved)
	linkErr := os.Link(manifestOf(snapshot), mark) // a file system without hard links has no such mark
	for _, path := range []string{snapshot, manifestOf(snapshot)} {
		if err := remove(path); err != nil {
			return err
		}
	}
	if linkErr == nil {
		return os.Remove(mark)
	}
	return nil
}

// remove removes a file; another backup may have done so.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
