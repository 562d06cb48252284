package sandbox_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"chaosctl/cluster/sandbox"
)

// host pretends that kernel parameters have these values.
type host map[string]string

func (h host) read(path string) (string, bool) {
	value, exists := h[path]
	return value, exists
}

func TestReasonsAreToldApart(t *testing.T) {
	denied := &os.PathError{Op: "fork/exec", Path: "/proc/self/exe", Err: unix.EPERM}
	fine := host{"user/max_user_namespaces": "96365"}
	for name, tt := range map[string]struct {
		err  error
		want string // in the reason or the remedy
	}{
		"switched off for users": {
			sandbox.ExplainStart(denied, false, host{"kernel/unprivileged_userns_clone": "0"}.read),
			"sysctl -w kernel.unprivileged_userns_clone=1",
		},
		"switched off": {
			sandbox.ExplainStart(&os.PathError{Err: unix.ENOSPC}, false, host{"user/max_user_namespaces": "0"}.read),
			"sysctl -w user.max_user_namespaces=15000",
		},
		"restricted by AppArmor": {
			sandbox.ExplainStep(sandbox.MakePrivate, unix.EACCES, host{"kernel/apparmor_restrict_unprivileged_userns": "1"}.read),
			"sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
		},
		"filtered":         {sandbox.ExplainStart(denied, true, fine.read), "--privileged"},
		"limit":            {sandbox.ExplainStart(&os.PathError{Err: unix.ENOSPC}, false, fine.read), "limit of namespaces"},
		"no namespaces":    {sandbox.ExplainStart(&os.PathError{Err: unix.EINVAL}, false, fine.read), "CONFIG_USER_NS"},
		"masked":           {sandbox.ExplainStep(sandbox.MountProc, unix.EPERM, fine.read), "masked"},
		"no network right": {sandbox.ExplainStep(sandbox.SetUpNetwork, unix.EPERM, fine.read), "NET_ADMIN"},
		"no devices":       {sandbox.ExplainStep(sandbox.SetUpNetwork, unix.EOPNOTSUPP, fine.read), "modprobe"},
		"anything else":    {sandbox.ExplainStep(sandbox.MountProc, unix.ENOMEM, fine.read), "cannot allocate memory"},
	} {
		t.Run(name, func(t *testing.T) {
			var u *sandbox.Unavailable
			if !errors.As(tt.err, &u) {
				t.Fatalf("error = %v, want an *Unavailable", tt.err)
			}
			if !strings.Contains(u.Error(), tt.want) {
				t.Errorf("error = %q, want it to say %q", u, tt.want)
			}
		})
	}
}

func TestOtherErrorsAreNotTheHosts(t *testing.T) {
	err := sandbox.ExplainStart(&os.PathError{Op: "fork/exec", Path: "nothing", Err: unix.ENOENT}, true, host{}.read)
	var u *sandbox.Unavailable
	if errors.As(err, &u) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error = %v, want that the program does not exist", err)
	}
}

func TestCutsOfOneNodeHappenThere(t *testing.T) {
	for name, tt := range map[string]struct {
		links []link
		nodes int
		want  []int
	}{
		"one of three":   {alone, 3, []int{0}},
		"the last":       {[]link{{2, 0}, {2, 1}, {0, 2}, {1, 2}}, 3, []int{2}},
		"one way in":     {[]link{{1, 0}, {2, 0}}, 3, []int{0}},
		"two of five":    {[]link{{0, 2}, {0, 3}, {0, 4}, {1, 2}, {1, 3}, {1, 4}}, 5, []int{0, 1}},
		"separate pairs": {[]link{{0, 1}, {2, 3}}, 4, []int{0, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, sandbox.PlannedNodes(tt.links, tt.nodes)); diff != "" {
				t.Errorf("nodes at which links are cut (-want +got):\n%s", diff)
			}
		})
	}
}
