package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"chaosctl/metrics"
)

// TestKillAtAnyMoment kills chaosctl with SIGKILL at random moments of a partition campaign. Within
// two seconds nothing may be left, and the next campaign must run. CHAOSCTL_E2E_KILLS says how
// often, for each user.
func TestKillAtAnyMoment(t *testing.T) {
	kills := amount(t, "CHAOSCTL_E2E_KILLS", 5)
	const seed = 20261123
	moments := rand.New(rand.NewPCG(seed, seed))
	for _, u := range users() {
		t.Run(u.String(), func(t *testing.T) {
			rules := hostRules(t)
			for trial := range kills {
				p := newPlace(t, u)
				r := p.start(t, u, "run", "--fault", "partition", "--cycles", "1000", "--parallel", "2")
				moment := time.Duration(moments.Int64N(int64(1500 * time.Millisecond)))
				time.Sleep(moment)
				inside := namespaces(ours())
				r.signal(t, syscall.SIGKILL)
				r.wait(t)
				left := awaitNothing(func() []string {
					return append(append(residue(t, p.dir), entries(t, p.tmp)...), alive(inside)...)
				})
				if len(left) > 0 {
					t.Errorf("trial %d, killed after %v: left %q", trial, moment, left)
				}
				if got := hostRules(t); got != rules {
					t.Errorf("trial %d, killed after %v: the host's rules were\n%s\nand are\n%s", trial, moment, rules, got)
				}
			}
			p := newPlace(t, u)
			p.run(t, u, "run", "--fault", "partition", "--cycles", "1").wantStatus(t, 0)
		})
	}
}

// hostRules are the packet filter's rules outside of all sandboxes; empty for who may not see
// them, and thus cannot change them.
func hostRules(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		return ""
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s%+v", mustOutput(t, "iptables", "-S"), interfaces)
}

// TestInterrupt sends what Ctrl-C and a service manager send. The fault is healed, the line of the
// cycle under way and the summary are written.
func TestInterrupt(t *testing.T) {
	for name, test := range map[string]struct {
		signal syscall.Signal
		status int
	}{
		"SIGINT":  {syscall.SIGINT, 130},
		"SIGTERM": {syscall.SIGTERM, 143},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, self())
			r := p.start(t, self(), "run", "--fault", "partition(for=5s)", "--cycles", "100")
			r.awaitRecordsOrLoad(t)
			r.signal(t, test.signal)
			began := time.Now()
			if got := r.wait(t); got != test.status {
				t.Errorf("exit status %d, want %d\n%s", got, test.status, r.stderr.String())
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v to stop", took)
			}
			wantNothingLeft(t, p)
			records := p.records(t)
			if len(records) == 0 || !records[len(records)-1].Interrupted {
				t.Errorf("%d lines, want the last one of the cycle that was interrupted", len(records))
			}
			if got := p.summary(t).Verdict; got != metrics.Inconclusive {
				t.Errorf("verdict %v, want inconclusive", got)
			}
			if !strings.Contains(r.stderr.String(), "Stopping: healing") {
				t.Errorf("stderr does not say that it stops:\n%s", r.stderr.String())
			}
		})
	}
}

// awaitRecordsOrLoad waits until nodes of a campaign run.
func (r *running) awaitRecordsOrLoad(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		data, _ := filepath.Glob(filepath.Join(r.dir, "runs", "*", ".work", "*", "*", "*"))
		if len(data) > 0 {
			time.Sleep(400 * time.Millisecond) // into the partition
			return
		}
	}
	t.Fatal("no node was started")
}

// TestSecondInterrupt leaves at once, and still leaves nothing behind.
func TestSecondInterrupt(t *testing.T) {
	p := newPlace(t, self())
	r := p.start(t, self(), "run", "--fault", "partition(for=1m)", "--cycles", "2")
	r.awaitRecordsOrLoad(t)
	r.signal(t, syscall.SIGINT)
	r.signal(t, syscall.SIGINT)
	began := time.Now()
	if got := r.wait(t); got != 130 {
		t.Errorf("exit status %d, want 130\n%s", got, r.stderr.String())
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %v to leave at once", took)
	}
	wantNothingLeft(t, p)
}
