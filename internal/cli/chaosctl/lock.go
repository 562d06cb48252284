package chaosctl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// lockFile in a folder of campaigns is locked while one of them runs, and names its process.
const lockFile = ".lock"

// claimed is a campaign's folder that is ours alone, until released.
type claimed struct{ lock *flock.Flock }

// claim makes a campaign's folder and keeps other campaigns out of the folder it is in. The lock
// ends with the process, however that ends.
func claim(dir string) (*claimed, error) { return lockFor(dir, makeNew) }

// claimAgain claims the folder of a campaign that was cut short.
func claimAgain(dir string) (*claimed, error) {
	return lockFor(dir, func(string) error { return nil })
}

// lockFor locks the folder that a campaign's folder is in, and takes that.
func lockFor(dir string, take func(dir string) error) (*claimed, error) {
	out := filepath.Dir(dir)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, unwritable(out, err)
	}
	lock := flock.New(filepath.Join(out, lockFile), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o644))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, unwritable(out, err)
	}
	if !locked {
		return nil, &failure{ExitRefused, codeLocked, fmt.Errorf(
			"cannot start a campaign in %s: %s is running one there; wait for it or give another --%s",
			out, holder(lock.Path()), flagOut)}
	}
	c := &claimed{lock}
	if err := os.WriteFile(lock.Path(), fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644); err != nil {
		return nil, errors.Join(unwritable(out, err), c.release())
	}
	if err := take(dir); err != nil {
		return nil, errors.Join(err, c.release())
	}
	return c, nil
}

// makeNew makes a campaign's folder.
func makeNew(dir string) error {
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return &failure{ExitRefused, codeOutput, fmt.Errorf(
			"campaign %s exists already in %s: give another --%s", filepath.Base(dir), filepath.Dir(dir), flagID)}
	}
	if err != nil {
		return unwritable(filepath.Dir(dir), err)
	}
	return nil
}

// release lets other campaigns in.
func (c *claimed) release() error {
	if err := c.lock.Unlock(); err != nil {
		return fmt.Errorf("unlock the folder of campaigns: %w", err)
	}
	return nil
}

func unwritable(dir string, err error) error {
	return &failure{ExitRefused, codeOutput, fmt.Errorf("cannot write to %s: %w; give another --%s", dir, err, flagOut)}
}

// holder names the process that wrote the lock file.
func holder(path string) string {
	text, err := os.ReadFile(path)
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return "process " + pid
	}
	return "another process"
}
