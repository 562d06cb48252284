package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Unavailable says why no sandbox can be made on this host.
type Unavailable struct {
	Reason string // what is missing
	Remedy string // what would help
	Err    error  // what the kernel said; nil after a trip through a pipe
}

// Error says what is missing and what would help.
func (u *Unavailable) Error() string {
	return fmt.Sprintf("no sandbox can be made here: %s; %s", u.Reason, u.Remedy)
}

// Unwrap returns what the kernel said.
func (u *Unavailable) Unwrap() error { return u.Err }

// step is one thing that making a sandbox needs of a host.
type step string

const (
	makePrivate  step = "make the mounts private"
	mountRun     step = "mount a /run of its own"
	mountProc    step = "mount a /proc of its own"
	setUpNetwork step = "set up its network"
)

const orRoot = "or run as root"

// sysctl reads a kernel parameter by its path below /proc/sys; false when there is none.
type sysctl func(path string) (value string, exists bool)

func readSysctl(path string) (string, bool) {
	content, err := os.ReadFile("/proc/sys/" + path)
	return strings.TrimSpace(string(content)), err == nil
}

// explainStart tells why the kernel did not make the namespaces. An error that has nothing to do
// with them, such as a program that does not exist, is returned as it is.
func explainStart(err error, privileged bool, read sysctl) error {
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EUSERS):
		if u := switchedOff(read); u != nil && !privileged {
			u.Err = err
			return u
		}
		return &Unavailable{
			Reason: "the host's limit of namespaces is reached",
			Remedy: "raise user.max_user_namespaces, user.max_pid_namespaces, user.max_mnt_namespaces and user.max_net_namespaces with sysctl",
			Err:    err,
		}
	case errors.Is(err, unix.EINVAL):
		return &Unavailable{
			Reason: "this kernel has no user, pid, mount or network namespaces",
			Remedy: "run a kernel with CONFIG_USER_NS, CONFIG_PID_NS and CONFIG_NET_NS",
			Err:    err,
		}
	case errors.Is(err, unix.EPERM):
		if u := switchedOff(read); u != nil && !privileged {
			u.Err = err
			return u
		}
		return &Unavailable{
			Reason: "making namespaces is forbidden here, as in a container with a system call filter, or under chroot",
			Remedy: "start the container with --privileged, or with --security-opt seccomp=unconfined and --cap-add SYS_ADMIN --cap-add NET_ADMIN, " + orRoot,
			Err:    err,
		}
	}
	return fmt.Errorf("start the sandbox: %w", err)
}

// switchedOff tells which parameter forbids user namespaces; nil when none does.
func switchedOff(read sysctl) *Unavailable {
	if value, ok := read("kernel/unprivileged_userns_clone"); ok && value == "0" {
		return &Unavailable{
			Reason: "user namespaces are switched off for users (kernel.unprivileged_userns_clone is 0)",
			Remedy: "as root run: sysctl -w kernel.unprivileged_userns_clone=1, " + orRoot,
		}
	}
	if value, ok := read("user/max_user_namespaces"); ok && value == "0" {
		return &Unavailable{
			Reason: "user namespaces are switched off (user.max_user_namespaces is 0)",
			Remedy: "as root run: sysctl -w user.max_user_namespaces=15000, " + orRoot,
		}
	}
	return restricted(read)
}

// restricted tells whether AppArmor takes the rights away that a user namespace gives.
func restricted(read sysctl) *Unavailable {
	if value, ok := read("kernel/apparmor_restrict_unprivileged_userns"); ok && value == "1" {
		return &Unavailable{
			Reason: "AppArmor gives no rights in user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1)",
			Remedy: "as root run: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, " + orRoot,
		}
	}
	return nil
}

// explainStep tells why a step failed inside new namespaces.
func explainStep(s step, err error, read sysctl) error {
	u := &Unavailable{Err: err}
	denied := errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES)
	switch {
	case denied && s == mountProc:
		u.Reason = "a /proc of its own cannot be mounted, because parts of the host's are masked, as a container does"
		u.Remedy = "start the container with --security-opt systempaths=unconfined or --privileged"
	case denied && s == setUpNetwork:
		u.Reason = "there is no right to change its own network"
		u.Remedy = "start the container with --cap-add NET_ADMIN, " + orRoot
	case denied:
		u.Reason = fmt.Sprintf("there is no right to %s", s)
		u.Remedy = "allow mounts in user namespaces (AppArmor, SELinux or a container forbid it), " + orRoot
	case s == setUpNetwork && (errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENODEV)):
		u.Reason = "the kernel has no virtual network devices"
		u.Remedy = "as root run: modprobe -a veth bridge"
	default:
		u.Reason = fmt.Sprintf("to %s failed", s)
		u.Remedy = "see what the kernel said"
	}
	if denied && s != mountProc {
		if r := restricted(read); r != nil {
			u.Reason, u.Remedy = r.Reason, r.Remedy
		}
	}
	u.Reason = fmt.Sprintf("%s (%v)", u.Reason, err)
	return u
}
