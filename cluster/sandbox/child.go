package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// parentEnv tells a child which process started it, by the pid that its parent's /proc shows.
const parentEnv = "CHAOSCTL_SANDBOX_PARENT"

// Child is a process that runs in namespaces of its own. It dies with the process that started
// it, and with it dies everything that lives in its namespaces.
type Child struct {
	cmd     *exec.Cmd
	release chan struct{} // closed when the starting thread is needed no more
	ended   chan struct{} // closed when it was let go
}

// Start starts the command as PID 1 of a new pid namespace, in new mount and network namespaces,
// and, unless this process has the rights of root, in a new user namespace in which the user is
// root. Pipes are the caller's. The command must call Enter first, and its owner must call Wait.
// When the kernel refuses, the error is an *Unavailable.
func Start(cmd *exec.Cmd) (*Child, error) {
	privileged := privileged()
	cmd.SysProcAttr = attributes(privileged)
	cmd.Env = append(cmd.Environ(), parentEnv+"="+strconv.Itoa(os.Getpid()))
	c := &Child{cmd: cmd, release: make(chan struct{}), ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The death signal comes when the starting thread ends, so that one must live as long.
		runtime.LockOSThread()
		defer close(c.ended)
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			<-c.release
		}
	}()
	if err := <-started; err != nil {
		return nil, explainStart(err, privileged, readSysctl)
	}
	return c, nil
}

// attributes are those of a child.
func attributes(privileged bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET,
		Setsid:     true,
		Pdeathsig:  syscall.SIGKILL,
	}
	if !privileged { // root keeps the user namespace: devices and mounts of the host would refuse it
		a.Cloneflags |= unix.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return a
}

// privileged reports whether this process may make namespaces without a user namespace.
func privileged() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	const needed = 1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_NET_ADMIN
	return data[0].Effective&needed == needed
}

// PID is the child's process id as this process sees it.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Wait waits for the child's end and returns as exec.Cmd.Wait does. It must be called once, after
// what the child writes to the caller's pipes was read.
func (c *Child) Wait() error {
	err := c.cmd.Wait()
	close(c.release)
	<-c.ended
	return err
}

// Kill ends the child and everything in its namespaces at once. Killing a child that has ended is
// no error.
func (c *Child) Kill() error {
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill the sandbox (pid %d): %w", c.PID(), err)
	}
	return nil
}
