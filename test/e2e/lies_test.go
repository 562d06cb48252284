package e2e_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"chaosctl/metrics"
)

// TestLies runs servers that break a promise on purpose. A tool that lets one pass proves nothing
// about the others.
func TestLies(t *testing.T) {
	const (
		fails        = 1
		inconclusive = 3
	)
	for _, test := range []struct {
		lie, fault string
		statuses   []int
	}{
		{"ack-before-peers", "kill_primary_mid_write", []int{fails}},
		{"ack-before-peers", "partition", []int{fails}},
		{"ack-before-peers", "pause", []int{fails}},
		{"empty-after-kill", "kill_primary_mid_write", []int{fails}},
		{"ack-in-partition", "partition", []int{fails}},
		{"truncate", "kill_primary_mid_write", []int{fails}},
		{"truncate", "partition", []int{fails}},
		{"truncate", "pause", []int{fails}},
		{"list-20", "pause", []int{fails, inconclusive}},
		{"list-20", "kill_primary_mid_write", []int{fails, inconclusive}},
		{"never-ack", "pause", []int{inconclusive}},
		{"never-ack", "partition", []int{inconclusive}},
	} {
		t.Run(test.lie+"/"+test.fault, func(t *testing.T) {
			r := chaosctl(t, self(), "run", "--bin", program("tinyserver-"+test.lie), "--fault", test.fault,
				"--cycles", "1", "--settle-timeout", "2s")
			if !slices.Contains(test.statuses, r.status) {
				t.Fatalf("exit status %d, want one of %v\n%s\n%s", r.status, test.statuses, r.stdout, r.stderr)
			}
			if r.status == fails {
				wantNamed(t, r)
			} else if got := r.summary(t).Verdict; got != metrics.Inconclusive {
				t.Errorf("verdict %v, want inconclusive", got)
			}
		})
	}
}

// wantNamed checks that a failing campaign names the writes that prove it, in its lines and in
// what people read.
func wantNamed(t *testing.T, r result) {
	t.Helper()
	for _, record := range r.records(t) {
		for _, f := range record.Findings {
			if !f.Gates || f.Verdict != metrics.Fail {
				continue
			}
			for _, key := range f.Keys {
				if strings.Contains(r.stdout, key) {
					return
				}
			}
		}
	}
	t.Errorf("no write that proves the verdict is named in\n%s", r.stdout)
}

// TestPromisesNotMadeDoNotDecide runs a liar that does not claim what it breaks.
func TestPromisesNotMadeDoNotDecide(t *testing.T) {
	r := chaosctl(t, self(), "run", "--bin", program("tinyserver-ack-in-partition"), "--fault", "partition",
		"--cycles", "1", "--promises", "converges,catches-up")
	r.wantStatus(t, 0)
	reported := slices.ContainsFunc(r.records(t)[0].Findings, func(f metrics.Finding) bool {
		return f.Verdict == metrics.Fail && !f.Gates
	})
	if !reported {
		t.Error("what is not promised and does not hold was not reported")
	}
}

// TestRefusedLabel is the lesson of the campaign this tool exists for: a server that refuses the
// label chaos is found out by the canary, not by thousands of refused writes.
func TestRefusedLabel(t *testing.T) {
	r := chaosctl(t, self(), "run", "--bin", program("tinyserver-refuse-chaos"), "--fault", "all", "--cycles", "50")
	r.wantStatus(t, 3)
	r.wantOneError(t, "invalid source 'chaos' — must be one of", "(E_CANARY_REFUSED)")
	if r.took > 2*time.Second {
		t.Errorf("it took %v to find out, want at most 2s", r.took)
	}
	if got := r.summary(t).Verdict; got != metrics.Inconclusive {
		t.Errorf("verdict %v, want inconclusive", got)
	}
}

// TestDiesAtStart names the last words of a server that does not start.
func TestDiesAtStart(t *testing.T) {
	r := chaosctl(t, self(), "run", "--bin", program("tinyserver-die-at-start"), "--fault", "pause", "--cycles", "5")
	r.wantStatus(t, 3)
	r.wantOneError(t, "the disk of this node is on fire", "(E_NOT_READY)")
}
