package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// hostProc is where a sandbox keeps the /proc it was born with, read-only: there processes have
// the pids that people on the host see.
const hostProc = "/run/host-proc"

// Enter furnishes the namespaces that Start made; the child calls it before anything else. It
// makes mounts private, gives the sandbox a /proc and a /run of its own and brings its loopback
// interface up. The child is PID 1: it must handle the signals it wants to obey, and must never
// wait for a child it does not know. When the host is the reason, the error is an *Unavailable.
func Enter() error {
	if os.Getpid() != 1 {
		return errors.New("enter the sandbox: this process was not started as the first of one")
	}
	if err := parentAlive(); err != nil {
		return fmt.Errorf("enter the sandbox: %w", err)
	}
	const plain = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return explainStep(makePrivate, err, readSysctl)
	}
	// iptables keeps its lock in /run, and a user who is no root could not write it there.
	if err := unix.Mount("tmpfs", "/run", "tmpfs", plain, "mode=0755"); err != nil {
		return explainStep(mountRun, err, readSysctl)
	}
	if err := keepHostProc(plain); err != nil {
		return explainStep(mountRun, err, readSysctl)
	}
	if err := unix.Mount("proc", "/proc", "proc", plain, ""); err != nil {
		return explainStep(mountProc, err, readSysctl)
	}
	if err := loopbackUp(); err != nil {
		return explainStep(setUpNetwork, err, readSysctl)
	}
	return nil
}

// keepHostProc keeps the host's /proc for reading. Locked mounts must be taken along, and their
// flags kept.
func keepHostProc(plain uintptr) error {
	if err := os.Mkdir(hostProc, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("/proc", hostProc, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("keep the host's /proc: %w", err)
	}
	if err := unix.Mount("", hostProc, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|plain, ""); err != nil {
		return fmt.Errorf("make the host's /proc read-only: %w", err)
	}
	return nil
}

// parentAlive looks whether the parent lived when its death would have been signalled: it may
// have died before the child asked for the signal.
func parentAlive() error {
	stat, err := os.ReadFile("/proc/self/stat") // still the parent's /proc, with its pids
	if err != nil {
		return err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	wanted, err := strconv.Atoi(os.Getenv(parentEnv))
	if err != nil {
		return errors.New("this process was not started as the first of one")
	}
	if len(fields) < 2 || fields[1] != strconv.Itoa(wanted) {
		return errors.New("the process that started it has died")
	}
	return nil
}

func loopbackUp() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find the loopback interface: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("bring the loopback interface up: %w", err)
	}
	return nil
}

// hostPID is the pid that a process has on the host, by its pidfd: the kernel shows it for the
// pid namespace of the procfs that is asked.
func hostPID(pidfd int) (int, error) {
	path := fmt.Sprintf("%s/self/fdinfo/%d", hostProc, pidfd)
	info, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("read the pid on the host: %w", err)
	}
	for line := range strings.Lines(string(info)) {
		text, found := strings.CutPrefix(line, "Pid:")
		if !found {
			continue
		}
		pid, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || pid <= 0 {
			return 0, fmt.Errorf("read the pid on the host: the process is dead or not visible there (%q)", line)
		}
		return pid, nil
	}
	return 0, fmt.Errorf("read the pid on the host: %s names none", path)
}
