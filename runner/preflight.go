package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"chaosctl/cluster/sandbox"
	"chaosctl/faults"
)

// Refused says why a campaign cannot begin here. Nothing was started.
type Refused struct {
	What   string // what cannot be done
	Why    string
	Remedy string // what would help
}

// Error says what, why and what would help.
func (r *Refused) Error() string {
	text := r.What + ": " + r.Why
	if r.Remedy != "" {
		text += "; " + r.Remedy
	}
	return text
}

// Preflight returns nil when this host can run the campaign, else every reason why not, joined:
// *Refused values, what the faults' own Preflight returns, and *sandbox.Unavailable. Of what it
// tries nothing is left.
func Preflight(ctx context.Context, c Campaign) error {
	var problems []error
	if err := runnable(c.Binary); err != nil {
		problems = append(problems, err)
	}
	for _, value := range c.Faults {
		fault, err := faults.Parse(value)
		if err == nil {
			err = fault.Preflight(ctx, Host{})
		}
		if err != nil {
			problems = append(problems, err)
		}
	}
	if err := sandbox.Available(ctx); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// runnable checks that the server under test is a program.
func runnable(path string) error {
	refuse := func(why string) error {
		return &Refused{What: "cannot run the server " + path, Why: why, Remedy: "name it with --bin"}
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return refuse(errors.Unwrap(err).Error())
	case info.IsDir():
		return refuse("it is a directory")
	case info.Mode()&0o111 == 0:
		return refuse("it is not executable")
	}
	return nil
}

// Host is this machine, as faults ask it.
type Host struct{}

var _ faults.Host = Host{}

// Program finds a program where a shard would, the sbin folders included.
func (Host) Program(name string) (string, error) {
	for _, dir := range strings.Split(SearchPath(os.Getenv("PATH")), ":") {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is in none of the folders of PATH, nor in /usr/sbin or /sbin", name)
}
