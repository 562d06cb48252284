package chaosctl

import (
	"context"
	"errors"
	"os"
	"sync"
)

// errSecondSignal is why a campaign's context ends when people will not wait.
var errSecondSignal = errors.New("a second signal arrived")

// interrupts listens to signals while a campaign runs.
type interrupts struct {
	stop   chan struct{} // closed by the first signal
	ended  chan struct{}
	cancel context.CancelCauseFunc
	wait   sync.WaitGroup
	first  os.Signal // valid after end
}

// interruptible returns a context that the second signal ends. The first closes stop.
func (w World) interruptible(ctx context.Context, p *progress) (context.Context, *interrupts) {
	ctx, cancel := context.WithCancelCause(ctx)
	i := &interrupts{stop: make(chan struct{}), ended: make(chan struct{}), cancel: cancel}
	i.wait.Go(func() {
		select {
		case i.first = <-w.Signals:
			p.say("Stopping: healing what is in force and writing what is known (again to leave at once)")
			close(i.stop)
		case <-i.ended:
			return
		}
		select {
		case <-w.Signals:
			cancel(errSecondSignal)
		case <-i.ended:
		}
	})
	return ctx, i
}

// end stops listening and returns the first signal, or nil.
func (i *interrupts) end() os.Signal {
	close(i.ended)
	i.wait.Wait()
	i.cancel(nil)
	return i.first
}

// untilSignal returns a context that the first signal ends.
func (w World) untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() {
		select {
		case <-w.Signals:
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, func() { cancel(); wait.Wait() }
}
