package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// stopBound is how long the threads of a process may take to stop. A stop signal acts when a
// thread next returns to user space: a scheduler's turn, unless it hangs in the kernel.
const stopBound = 2 * time.Second

// Thread states are asked for often at first, because a stop takes microseconds on an idle
// host, then seldom, so that the asking does not slow a loaded one.
const (
	firstPoll   = 50 * time.Microsecond
	slowestPoll = 2 * time.Millisecond
)

// State letters of proc(5).
const (
	stateStopped = 'T'
	statesDead   = "ZXx"
)

// stop sends SIGSTOP and returns the number of threads once all of them were seen stopped. On
// error the process runs as before, unless the error is an *Unhealed.
func stop(ctx context.Context, fault string, node int, p Process) (threads int, err error) {
	if err := signal(p, syscall.SIGSTOP); err != nil {
		return 0, fmt.Errorf("fault %s: stop node %d (pid %d): %w", fault, node, p.PID(), err)
	}
	bounded, cancel := context.WithTimeoutCause(ctx, stopBound,
		fmt.Errorf("threads still running after %v", stopBound))
	defer cancel()
	var still stillness
	if err := await(bounded, p, still.reached); err != nil {
		err = fmt.Errorf("fault %s: see node %d (pid %d) stopped: %w", fault, node, p.PID(), err)
		return 0, abandonStop(ctx, fault, node, p, err)
	}
	return still.threads, nil
}

// abandonStop continues a process that an injection had stopped before it failed, and returns
// the cause of the failure, as an *Unhealed when the process was not seen to run again.
func abandonStop(ctx context.Context, fault string, node int, p Process, cause error) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := resume(ctx, p); err != nil && !errors.Is(err, ErrNodeGone) {
		unhealed := stillStopped(fault, node, p, err)
		unhealed.Cause = cause
		return unhealed
	}
	return cause
}

// resume sends SIGCONT and returns nil once no thread was seen stopped, or ErrNodeGone.
func resume(ctx context.Context, p Process) error {
	if err := signal(p, syscall.SIGCONT); err != nil {
		return fmt.Errorf("send SIGCONT: %w", err)
	}
	if err := await(ctx, p, resumed); err != nil {
		return fmt.Errorf("see it run again: %w", err)
	}
	return nil
}

func stillStopped(fault string, node int, p Process, err error) *Unhealed {
	return &Unhealed{
		Fault:  fault,
		Nodes:  []int{node},
		Remedy: fmt.Sprintf("continue it with: kill -CONT %d", p.PID()),
		Err:    err,
	}
}

// signal sends a signal and translates "no such process" into ErrNodeGone.
func signal(p Process, sig syscall.Signal) error {
	if exited(p) {
		return ErrNodeGone
	}
	err := p.Signal(sig)
	if errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH) {
		return ErrNodeGone
	}
	return err
}

// await polls the states of a process's threads until they are as wanted. It returns
// ErrNodeGone when the process ends, or the cause of ctx's end with what was last read.
func await(ctx context.Context, p Process, wanted func(states []byte) bool) error {
	timer := time.NewTimer(firstPoll)
	defer timer.Stop()
	for pause := firstPoll; ; pause = min(2*pause, slowestPoll) {
		states, err := p.ThreadStates()
		if exited(p) {
			return ErrNodeGone
		}
		if err == nil && wanted(states) {
			return nil
		}
		timer.Reset(pause)
		select {
		case <-timer.C:
		case <-p.Exited():
			return ErrNodeGone
		case <-ctx.Done():
			if err != nil {
				return fmt.Errorf("%w: thread states could not be read: %w", context.Cause(ctx), err)
			}
			return fmt.Errorf("%w: thread states last read %q", context.Cause(ctx), states)
		}
	}
}

// stillness tells when a process stands still: two readings in a row show the same number of
// threads, all stopped. One reading is not enough: a thread may be born after the list of
// threads was taken and before its parent stopped. Between two equal readings no thread ran
// that could bear one.
type stillness struct {
	threads int // in the last reading; 0 when one of them ran
}

func (s *stillness) reached(states []byte) bool {
	before := s.threads
	s.threads = 0
	if allStopped(states) {
		s.threads = len(states)
	}
	return s.threads > 0 && s.threads == before
}

func allStopped(states []byte) bool {
	return len(states) > 0 && bytes.Count(states, []byte{stateStopped}) == len(states)
}

// resumed holds when no thread is stopped and at least one is alive.
func resumed(states []byte) bool {
	return !bytes.ContainsRune(states, stateStopped) && alive(states)
}

func alive(states []byte) bool {
	return len(bytes.Trim(states, statesDead)) > 0
}

func exited(p Process) bool {
	select {
	case <-p.Exited():
		return true
	default:
		return false
	}
}
