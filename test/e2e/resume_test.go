package e2e_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestResumeAtAnyMoment ends a campaign at random moments, each way, and continues it: in the end
// there is exactly one whole line for each cycle. CHAOSCTL_E2E_RESUMES says how often.
func TestResumeAtAnyMoment(t *testing.T) {
	trials := amount(t, "CHAOSCTL_E2E_RESUMES", 6)
	const seed = 20261125
	random := rand.New(rand.NewPCG(seed, seed))
	signals := []syscall.Signal{syscall.SIGKILL, syscall.SIGINT, syscall.SIGTERM}
	want := []int{1, 2, 3, 4, 5, 6}
	for trial := range trials {
		p := newPlace(t, self())
		signal := signals[trial%len(signals)]
		moment := 100*time.Millisecond + time.Duration(random.Int64N(int64(1200*time.Millisecond)))
		r := p.start(t, self(), "run", "--fault", "kill_primary_mid_write", "--cycles", "6", "--parallel", "2", "--id", "x")
		time.Sleep(moment)
		_ = r.cmd.Process.Signal(signal) // it may have ended
		r.wait(t)
		dir := filepath.Join(p.dir, "runs", "x")
		if _, err := os.Stat(filepath.Join(dir, "campaign.json")); err != nil {
			continue // it had not begun: there is nothing to continue
		}
		p.run(t, self(), "run", "--resume", dir).wantStatus(t, 0)
		text, err := os.ReadFile(filepath.Join(dir, "chaos-report.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(text, []byte("\n")) != len(want) || !bytes.HasSuffix(text, []byte("\n")) {
			t.Errorf("trial %d, %v after %v: %d lines", trial, signal, moment, bytes.Count(text, []byte("\n")))
		}
		var cycles []int
		for _, record := range p.records(t) {
			cycles = append(cycles, record.Cycle)
			if record.Interrupted {
				t.Errorf("trial %d: the line of cycle %d is of an interrupted one", trial, record.Cycle)
			}
		}
		slices.Sort(cycles)
		if d := cmp.Diff(want, cycles); d != "" {
			t.Errorf("trial %d, %v after %v: cycles (-want +got):\n%s", trial, signal, moment, d)
		}
	}
}

// TestReplay runs one cycle of a campaign again: every decision is made as it was.
func TestReplay(t *testing.T) {
	p := newPlace(t, self())
	p.run(t, self(), "run", "--fault", "pause(for=50ms)", "--cycles", "3", "--id", "x").wantStatus(t, 0)
	want := p.records(t)[1].Decisions
	dir := filepath.Join(p.dir, "runs", "x")
	p.run(t, self(), "replay", dir, "--cycle", "2", "--quiet").wantStatus(t, 0)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	again := p.records(t)
	if len(again) != 1 || again[0].Cycle != 2 {
		t.Fatalf("lines: %+v", again)
	}
	if d := cmp.Diff(want, again[0].Decisions); d != "" || len(want) < 3 {
		t.Errorf("decisions (-want +got):\n%s", d)
	}
}

// TestPlantedLoss plants a loss that must be reported, and one that cannot be planted.
func TestPlantedLoss(t *testing.T) {
	r := chaosctl(t, self(), "run", "--fault", "pause(for=50ms)", "--cycles", "1", "--canary-loss")
	r.wantStatus(t, 0)
	if planted := r.summary(t).Planted; planted == nil || !planted.Reported || !slices.Contains(planted.Checkers, "own_disk") {
		t.Errorf("planted: %+v", planted)
	}
	r = chaosctl(t, self(), "run", "--fault", "pause(for=50ms)", "--cycles", "1", "--canary-loss", "--bin", program("tinyserver"))
	r.wantStatus(t, 3)
	if planted := r.summary(t).Planted; planted == nil || planted.Reported {
		t.Errorf("planted: %+v", planted)
	}
}
