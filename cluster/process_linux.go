package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// outputGrace is how long the output of a process that ended may be held open by others.
const outputGrace = 100 * time.Millisecond

// Process is one incarnation of a node. When it ends, what is left of its process group is
// killed, so that a node is never more than its process.
type Process struct {
	cmd     *exec.Cmd
	hostPID int
	exited  chan struct{}
	exit    Exit // complete once exited is closed

	mu     sync.Mutex // protects the rest
	pidfd  int        // -1 once the process ended: until then its pid is taken
	lethal []syscall.Signal
}

// Exit is the end of a process.
type Exit struct {
	At     time.Time // when it was observed
	Ours   bool      // it ended by a signal that was sent through the Process
	Status string    // such as "exit status 1" or "signal: killed"
}

// startProcess starts the command in a process group of its own, to be killed with the thread
// that started it. What the process writes goes to the writers of cmd.
func startProcess(ctx context.Context, place Place, node int, cmd *exec.Cmd) (*Process, error) {
	p := &Process{cmd: cmd, exited: make(chan struct{}), pidfd: -1}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, PidFD: &p.pidfd}
	cmd.WaitDelay = outputGrace
	if err := place.Start(ctx, node, cmd); err != nil {
		return nil, err
	}
	p.hostPID = p.PID()
	if p.pidfd < 0 {
		return nil, errors.Join(errors.New("the kernel gave no pidfd: Linux 5.4 or later is needed"),
			cmd.Process.Kill(), cmd.Wait())
	}
	if host, ok := place.(hostPIDs); ok {
		if pid, err := host.HostPID(p.pidfd); err == nil { // one that is dead already has none
			p.hostPID = pid
		}
	}
	go p.watch(p.pidfd)
	return p, nil
}

// watch waits for the end of the process.
func (p *Process) watch(pidfd int) {
	defer close(p.exited)
	for unix.Waitid(unix.P_PIDFD, pidfd, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	p.exit.At = time.Now()
	p.mu.Lock()
	p.pidfd = -1
	lethal := p.lethal
	p.mu.Unlock()
	// The process is a zombie, so its pid still names its group and no other.
	_ = unix.Kill(-p.PID(), unix.SIGKILL)
	_ = unix.Close(pidfd)
	_ = p.cmd.Wait() // the state tells more than the error
	p.exit.Status = p.cmd.ProcessState.String()
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok {
		p.exit.Ours = explains(lethal, status)
	}
}

// explains reports whether one of the signals sent can be why a process ended as it did. After
// SIGKILL a process cannot exit by itself; after other signals it may.
func explains(sent []syscall.Signal, status syscall.WaitStatus) bool {
	if status.Signaled() {
		return slices.Contains(sent, status.Signal())
	}
	return slices.ContainsFunc(sent, func(s syscall.Signal) bool { return s != syscall.SIGKILL })
}

// PID is the process id as this process sees it.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// HostPID is the process id on the host, where that can be told; else it is PID.
func (p *Process) HostPID() int { return p.hostPID }

// Exited is closed when the process has ended and its output was read.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Exit tells how the process ended; false as long as it runs.
func (p *Process) Exit() (Exit, bool) {
	select {
	case <-p.exited:
		return p.exit, true
	default:
		return Exit{}, false
	}
}

// Signal sends a signal through a pidfd, which can never mean another process. When the process
// has ended it returns os.ErrProcessDone.
func (p *Process) Signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pidfd < 0 {
		return os.ErrProcessDone
	}
	switch err := unix.PidfdSendSignal(p.pidfd, sig, nil, 0); {
	case errors.Is(err, unix.ESRCH):
		return os.ErrProcessDone
	case err != nil:
		return fmt.Errorf("send %v to process %d: %w", sig, p.PID(), err)
	}
	if isLethal(sig) {
		p.lethal = append(p.lethal, sig)
	}
	return nil
}

// isLethal reports whether a signal ends a process that does nothing about it (signal(7)).
func isLethal(sig syscall.Signal) bool {
	switch sig {
	case 0, syscall.SIGSTOP, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGCONT,
		syscall.SIGCHLD, syscall.SIGURG, syscall.SIGWINCH:
		return false
	}
	return true
}

// ThreadStates returns the state letter of every thread as proc(5) gives it. A thread that ends
// while they are read is left out. When the process has ended it returns os.ErrProcessDone.
func (p *Process) ThreadStates() ([]byte, error) {
	p.mu.Lock() // so that the pid stays the process's own
	defer p.mu.Unlock()
	if p.pidfd < 0 {
		return nil, os.ErrProcessDone
	}
	tasks := "/proc/" + strconv.Itoa(p.PID()) + "/task"
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return nil, fmt.Errorf("list the threads of process %d: %w", p.PID(), err)
	}
	states := make([]byte, 0, len(threads))
	for _, thread := range threads {
		stat, err := os.ReadFile(tasks + "/" + thread.Name() + "/stat")
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the state of thread %s: %w", thread.Name(), err)
		}
		state, err := threadState(stat)
		if err != nil {
			return nil, fmt.Errorf("read the state of thread %s: %w", thread.Name(), err)
		}
		states = append(states, state)
	}
	return states, nil
}

// threadState reads the third field of a stat file (proc(5)). The second is the program's name
// in parentheses, which may hold blanks and parentheses of its own.
func threadState(stat []byte) (byte, error) {
	_, after := cutLast(stat, ')')
	if len(after) < 2 || after[0] != ' ' {
		return 0, fmt.Errorf("not a stat line: %q", stat)
	}
	return after[1], nil
}

func cutLast(b []byte, sep byte) (before, after []byte) {
	i := bytes.LastIndexByte(b, sep)
	if i < 0 {
		return b, nil
	}
	return b[:i], b[i+1:]
}
