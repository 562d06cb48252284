package faults_test

import (
	"syscall"
	"testing"

	"chaosctl/faults"
	"chaosctl/faults/faultstest"
)

func TestConformanceInMemory(t *testing.T) {
	values := faults.Names()
	values = append(values,
		"kill_primary_mid_write(exact=true)",
		"partition(nodes=0+2)",
		"partition(nodes=1,direction=in,for=1ms)",
		"partition(nodes=2,direction=out)",
		"pause(node=primary,for=10m)",
		"pause(node=2)",
	)
	for _, value := range values {
		t.Run(value, func(t *testing.T) {
			faultstest.Run(t, value, faults.Parse, func(testing.TB) (faults.Target, faultstest.Probe) {
				c := faultstest.NewCluster(3, 5)
				return c.Target(), c.Probe
			})
		})
	}
}

func TestConformanceOnProcesses(t *testing.T) {
	for _, value := range []string{
		"kill_primary_mid_write",
		"kill_primary_mid_write(exact=true)",
		"pause",
		"pause(node=primary)",
	} {
		t.Run(value, func(t *testing.T) {
			faultstest.Run(t, value, faults.Parse, startNodes)
		})
	}
}

func TestPauseStopsEveryThreadOfAProcess(t *testing.T) {
	target, _ := startNodes(t)
	injection := inject(t, "pause(node=1)", target)
	states, err := target.Nodes[1].ThreadStates()
	if err != nil {
		t.Fatal(err)
	}
	if len(states) < nodeThreads {
		t.Fatalf("the node has %d threads, want %d at the least", len(states), nodeThreads)
	}
	for _, state := range states {
		if state != 'T' {
			t.Fatalf("thread states %q while the node is paused", states)
		}
	}
	heal(t, injection)
	facts := injection.Evidence().Facts
	want := map[string]int64{
		"pid":                     int64(target.Nodes[1].PID()),
		"signal":                  int64(syscall.SIGSTOP),
		"threads_stopped":         int64(len(states)),
		"threads_stopped_at_heal": int64(len(states)),
	}
	diff(t, want, facts)
}

func TestKillEndsAProcessByItsSignal(t *testing.T) {
	for _, value := range []string{"kill_primary_mid_write", "kill_primary_mid_write(exact=true)"} {
		target, _ := startNodes(t)
		inject(t, value, target)
		status := target.Nodes[0].(*node).cmd.ProcessState.Sys().(syscall.WaitStatus)
		if !status.Signaled() || status.Signal() != syscall.SIGKILL {
			t.Errorf("%s: the primary ended with %v", value, status)
		}
	}
}
