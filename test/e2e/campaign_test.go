package e2e_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"chaosctl/metrics"
)

func faultNames() []string { return []string{"kill_primary_mid_write", "partition", "pause"} }

// TestOurServerPasses is the main job: each fault against our server, as root and as an ordinary
// user. CHAOSCTL_E2E_CYCLES says how many cycles.
func TestOurServerPasses(t *testing.T) {
	cycles := amount(t, "CHAOSCTL_E2E_CYCLES", 6)
	for _, u := range users() {
		for _, fault := range faultNames() {
			t.Run(u.String()+"/"+fault, func(t *testing.T) {
				r := chaosctl(t, u, "run", "--fault", fault, "--cycles", strconv.Itoa(cycles))
				r.wantStatus(t, 0)
				records := r.records(t)
				if len(records) != cycles {
					t.Fatalf("%d lines, want %d", len(records), cycles)
				}
				for _, record := range records {
					wantPass(t, record)
					wantExercised(t, record)
				}
				if s := r.summary(t); s.Verdict != metrics.Pass || !s.OverallPass {
					t.Errorf("verdict %v, overall_pass %v: %v", s.Verdict, s.OverallPass, s.Reasons)
				}
			})
		}
	}
}

// wantPass checks what holds of every cycle that passed, whatever its fault.
func wantPass(t *testing.T, r metrics.Record) {
	t.Helper()
	if r.Verdict != metrics.Pass || r.ConvergenceBound == nil || *r.ConvergenceBound != 1 || r.Acked == 0 {
		t.Errorf("cycle %d: %v, bound %v, acked %d: %+v", r.Cycle, r.Verdict, r.ConvergenceBound, r.Acked, r.Findings)
	}
	if r.Writes != r.OK+r.QuorumNotMet+r.Fail {
		t.Errorf("cycle %d: %d writes are not %d ok + %d quorum_not_met + %d fail", r.Cycle, r.Writes, r.OK, r.QuorumNotMet, r.Fail)
	}
	if r.FaultWindow == nil || !r.FaultWindow.Effective || !r.FaultWindow.Healed {
		t.Errorf("cycle %d: fault %+v, want it effective and healed", r.Cycle, r.FaultWindow)
	}
	for _, node := range r.Counts {
		if node.N == nil || *node.N != *r.Counts[0].N || *node.N < r.Acked {
			t.Errorf("cycle %d: the nodes hold %+v in the end, want equal numbers of at least %d", r.Cycle, r.Counts, r.Acked)
		}
	}
	if len(r.Counts) != 3 {
		t.Errorf("cycle %d: %d nodes were read in the end", r.Cycle, len(r.Counts))
	}
}

// wantExercised checks that a fault met writes.
func wantExercised(t *testing.T, r metrics.Record) {
	t.Helper()
	in := r.InsideFault
	if in == nil || r.FaultWindow == nil {
		t.Fatalf("cycle %d: nothing is known of what happened inside the fault", r.Cycle)
	}
	facts := r.FaultWindow.Facts
	switch r.Fault {
	case "kill_primary_mid_write":
		if in.Lost < 1 {
			t.Errorf("cycle %d: no write was sent before the kill and stayed unknown: %+v", r.Cycle, in)
		}
		if own := finding(t, r, "own_disk"); own.Verdict != metrics.Pass {
			t.Errorf("cycle %d: %+v", r.Cycle, own)
		}
	case "partition":
		if in.Contained < 8 || in.Acked != 0 || facts["packets_dropped"] < 1 {
			t.Errorf("cycle %d: inside the partition %+v, facts %v; want 8 writes, none acknowledged, packets dropped", r.Cycle, in, facts)
		}
	case "pause":
		if facts["threads_stopped"] < 1 {
			t.Errorf("cycle %d: facts %v, want threads seen stopped", r.Cycle, facts)
		}
	}
}

// TestAnotherServerPasses runs every fault against a server that shares nothing with ours.
func TestAnotherServerPasses(t *testing.T) {
	cycles := amount(t, "CHAOSCTL_E2E_CYCLES", 2)
	for _, fault := range faultNames() {
		t.Run(fault, func(t *testing.T) {
			r := chaosctl(t, self(), "run", "--bin", program("tinyserver"), "--fault", fault, "--cycles", strconv.Itoa(cycles))
			r.wantStatus(t, 0)
			for _, record := range r.records(t) {
				wantPass(t, record)
				wantExercised(t, record)
			}
		})
	}
}

// TestSlowServerPasses runs every fault against a third server, in another language, that keeps its
// promises late: slowness is never a violation.
func TestSlowServerPasses(t *testing.T) {
	slow, err := os.ReadFile(filepath.Join("..", "slowserver", "slowserver.py"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(bin, "slowserver.py")
	if err := os.WriteFile(path, slow, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, fault := range faultNames() {
		t.Run(fault, func(t *testing.T) {
			r := chaosctl(t, self(), "run", "--bin", path, "--fault", fault, "--cycles", "2")
			r.wantStatus(t, 0)
			for _, record := range r.records(t) {
				wantPass(t, record)
			}
		})
	}
}

// TestAllFaultsInParallel runs every fault in one campaign, shards side by side.
func TestAllFaultsInParallel(t *testing.T) {
	r := chaosctl(t, self(), "run", "--fault", "all", "--cycles", "2", "--parallel", "3")
	r.wantStatus(t, 0)
	if got := len(r.records(t)); got != 6 {
		t.Errorf("%d lines, want 6", got)
	}
	if got := len(r.summary(t).Faults); got != 3 {
		t.Errorf("the summary tells of %d faults, want 3", got)
	}
}
