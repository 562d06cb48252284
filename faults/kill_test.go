package faults_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"chaosctl/faults"
	"chaosctl/faults/faultstest"
)

const exactKill = "kill_primary_mid_write(exact=true)"

func TestKillEvidence(t *testing.T) {
	pid := int64(faultstest.NewCluster(3, 0).Target().Nodes[0].PID())
	tests := map[string]map[string]int64{
		"kill_primary_mid_write": {"pid": pid, "signal": 9, "unanswered": 7},
		exactKill:                {"pid": pid, "signal": 9, "unanswered": 7, "threads_stopped": 4},
	}
	for value, want := range tests {
		t.Run(value, func(t *testing.T) {
			injection := inject(t, value, faultstest.NewCluster(3, 7).Target())
			heal(t, injection)
			e := injection.Evidence()
			diff(t, want, e.Facts)
			diff(t, []int{0}, e.Nodes)
			if !e.Killed || !e.Effective || len(e.Isolated) > 0 {
				t.Errorf("killed=%v effective=%v isolated=%v", e.Killed, e.Effective, e.Isolated)
			}
		})
	}
}

// A kill that is not exact strikes whatever is under way; the number is in the facts.
func TestKillWithoutUnanswered(t *testing.T) {
	c := faultstest.NewCluster(3, 0)
	injection := inject(t, "kill_primary_mid_write", c.Target())
	diff(t, 0, injection.Evidence().Facts["unanswered"])
}

func TestExactKillNeedsAnUnansweredRequest(t *testing.T) {
	c := faultstest.NewCluster(3, 0)
	_, err := parse(t, exactKill).Inject(t.Context(), c.Target())
	var not *faults.NotExercised
	if !errors.As(err, &not) {
		t.Fatalf("got %v, want a *NotExercised", err)
	}
	if not.Fault != "kill_primary_mid_write" || !strings.Contains(not.Error(), "more requests under way") {
		t.Errorf("does not say what to do: %v", not)
	}
	if err := c.Probe(t.Context(), nil); err != nil {
		t.Errorf("something is left behind: %v", err)
	}
}

// The exact kill must count after the primary stood still, and not before.
func TestExactKillCountsWhenStopped(t *testing.T) {
	target := faultstest.NewCluster(3, 7).Target()
	target.Load = loadSeen{target.Load, func() {
		states, err := target.Nodes[0].ThreadStates()
		if err != nil || string(states) != "TTTT" {
			t.Errorf("thread states %q, %v when drained, want all stopped", states, err)
		}
	}}
	inject(t, exactKill, target)
}

func TestKillOfADeadPrimary(t *testing.T) {
	for _, value := range []string{"kill_primary_mid_write", exactKill} {
		target := faultstest.NewCluster(3, 7).Target()
		if err := target.Nodes[0].Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if _, err := parse(t, value).Inject(t.Context(), target); !errors.Is(err, faults.ErrNodeGone) {
			t.Errorf("%s: got %v, want %v", value, err, faults.ErrNodeGone)
		}
	}
}

// A process that has ended but was not yet reaped still takes signals.
func TestKillOfAZombie(t *testing.T) {
	target := faultstest.NewCluster(3, 7).Target()
	target.Nodes[0] = fixedStates{target.Nodes[0], "Z"}
	_, err := parse(t, "kill_primary_mid_write").Inject(t.Context(), target)
	if !errors.Is(err, faults.ErrNodeGone) {
		t.Errorf("got %v, want %v", err, faults.ErrNodeGone)
	}
}

func TestKillWhoseEndIsNotSeen(t *testing.T) {
	for _, value := range []string{"kill_primary_mid_write", exactKill} {
		synctest.Test(t, func(t *testing.T) {
			target := faultstest.NewCluster(3, 7).Target()
			target.Nodes[0] = undying{target.Nodes[0]}
			began := time.Now()
			_, err := parse(t, value).Inject(t.Context(), target)
			var unhealed *faults.Unhealed
			if !errors.As(err, &unhealed) {
				t.Fatalf("%s: got %v, want an *Unhealed", value, err)
			}
			if took := time.Since(began); took < 5*time.Second || took > 6*time.Second {
				t.Errorf("%s: gave up after %v", value, took)
			}
			diff(t, []int{0}, unhealed.Nodes)
			if !strings.Contains(err.Error(), "1001") {
				t.Errorf("%q does not name the process", err)
			}
		})
	}
}

// Once SIGKILL is sent, the end of the context must not hide the death.
func TestKillReportsADeathAfterCancel(t *testing.T) {
	target := faultstest.NewCluster(3, 7).Target()
	ctx, cancel := cancellable(t)
	target.Nodes[0] = onSignal{target.Nodes[0], func(syscall.Signal) { cancel() }}
	injection, err := parse(t, "kill_primary_mid_write").Inject(ctx, target)
	if err != nil {
		t.Fatal(err)
	}
	if e := injection.Evidence(); !e.Killed {
		t.Errorf("the primary is dead, the evidence says %+v", e)
	}
}

func TestKillWithoutTarget(t *testing.T) {
	whole := faultstest.NewCluster(3, 7).Target()
	for name, target := range map[string]faults.Target{
		"no nodes": {Load: whole.Load},
		"no load":  {Nodes: whole.Nodes},
	} {
		if _, err := parse(t, "kill_primary_mid_write").Inject(t.Context(), target); err == nil {
			t.Errorf("%s: injected", name)
		}
	}
}
