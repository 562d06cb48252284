package sandbox

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/vishvananda/netns"
)

// errClosed says that a network was closed.
var errClosed = errors.New("the network is closed")

// spawner is one thread that does things in network namespaces, one after the other. What it
// starts lives in the namespace it was in, and gets its death signal when the thread ends, which
// it does only when the spawner is closed.
type spawner struct {
	jobs chan job
	quit chan struct{}
	done chan struct{}
}

type job struct {
	ns     netns.NsHandle
	do     func() error
	result chan<- error
}

// newSpawner starts a thread at home in the namespace of the caller's process.
func newSpawner() (*spawner, error) {
	s := &spawner{jobs: make(chan job), quit: make(chan struct{}), done: make(chan struct{})}
	started := make(chan error)
	go s.serve(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return s, nil
}

func (s *spawner) serve(started chan<- error) {
	defer close(s.done)
	runtime.LockOSThread() // and never unlock: the thread ends with its goroutine
	home, err := netns.Get()
	started <- err
	if err != nil {
		return
	}
	defer func() { _ = home.Close() }() // only read from
	var lost error                      // the way home
	for {
		select {
		case <-s.quit:
			return
		case j := <-s.jobs:
			if lost == nil {
				var err error
				err, lost = away(home, j)
				j.result <- err
				continue
			}
			j.result <- lost
		}
	}
}

// away does a job in its namespace and comes home. A thread that cannot come home must not be
// used any more.
func away(home netns.NsHandle, j job) (err, lost error) {
	if j.ns.IsOpen() {
		if err := netns.Set(j.ns); err != nil {
			return fmt.Errorf("enter the network namespace of a node: %w", err), nil
		}
	}
	err = j.do()
	if setErr := netns.Set(home); setErr != nil {
		lost = fmt.Errorf("leave the network namespace of a node: %w", setErr)
	}
	return errors.Join(err, lost), lost
}

// in does something in a namespace, or at home when it is none, and returns its error. The end
// of ctx only spares waiting for a turn.
func (s *spawner) in(ctx context.Context, ns netns.NsHandle, do func() error) error {
	result := make(chan error, 1)
	select {
	case s.jobs <- job{ns: ns, do: do, result: result}:
		return <-result
	case <-s.done:
		return errClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close ends the thread, and with it what it started. It must be called once.
func (s *spawner) close() {
	close(s.quit)
	<-s.done
}
