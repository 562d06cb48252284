package chaosctl

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/metrics"
	"chaosctl/runner"
)

func plainWorld(stderr *strings.Builder) World {
	return World{Stderr: stderr, Now: time.Now, Getenv: func(string) string { return "" }}
}

func campaignOf(cycles int) runner.Campaign {
	return runner.Campaign{ID: "c", Seed: "5f", Faults: []string{"pause"}, Cycles: cycles}
}

func TestProgressWithoutTerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var stderr strings.Builder
		p := plainWorld(&stderr).progress(campaignOf(2), false, false)
		n, bound, ms := 97, 0.9876, 12.6
		p.observe(runner.Message{Progress: &runner.Progress{Fault: "pause", Cycle: 1, Stage: "load", Acked: 5}})
		p.observe(runner.Message{Record: &metrics.Record{
			Cycle: 1, Fault: "pause", OK: 97, QuorumNotMet: 3, CountNode1: &n, CountNode2: &n,
			ConvergenceBound: &bound, ConvergeMS: map[string]*float64{"node0": &ms}, Verdict: metrics.Fail,
			Flags: []string{"lost_acked"},
		}})
		time.Sleep(heartbeat + heartbeat/5) // nothing happens for a while; the clock is synctest's
		p.close()
		want := `2000-01-01T00:00:00Z campaign=c seed=5f faults=1 cycles=2
2000-01-01T00:00:00Z cycle=1/2 fault=pause ok=97 qnm=3 fail=0 counts=-,97,97 bound=0.988 converge_ms=13 result=fail flags=lost_acked
2000-01-01T00:00:30Z alive=true cycles=1/2 cycle=1 fault=pause stage=load acked=5
`
		if diff := cmp.Diff(want, stderr.String()); diff != "" {
			t.Errorf("progress (-want +got):\n%s", diff)
		}
	})
}

func TestQuietProgressSaysNothing(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	w := plainWorld(&stderr)
	w.Terminal = true
	p := w.progress(campaignOf(1), true, true)
	p.observe(runner.Message{Record: &metrics.Record{Cycle: 1, Verdict: metrics.Fail}})
	p.say("anything")
	p.close()
	if stderr.String() != "" {
		t.Errorf("printed %q", stderr.String())
	}
}

func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	w := plainWorld(&stderr)
	w.Terminal = true
	p := w.progress(campaignOf(2), false, false)
	p.observe(runner.Message{Record: &metrics.Record{Cycle: 1, Fault: "pause", Verdict: metrics.Pass}})
	p.observe(runner.Message{Record: &metrics.Record{Cycle: 2, Fault: "pause", Verdict: metrics.Fail}})
	p.close()
	if got := stderr.String(); !strings.Contains(got, "\r") || !strings.Contains(got, "cycle=2/2 fault=pause") {
		t.Errorf("printed %q, want a bar that is redrawn and the line of the cycle that failed", got)
	}
}

func TestInterruptsHaveTwoStages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var stderr strings.Builder
		signals := make(chan os.Signal, 2)
		w := plainWorld(&stderr)
		w.Signals = signals
		p := w.progress(campaignOf(1), false, false)
		ctx, i := w.interruptible(t.Context(), p)
		signals <- syscall.SIGTERM
		synctest.Wait()
		select {
		case <-i.stop:
		default:
			t.Error("the first signal did not ask for a stop")
		}
		if ctx.Err() != nil {
			t.Error("the first signal ended everything")
		}
		signals <- syscall.SIGINT
		synctest.Wait()
		if ctx.Err() == nil {
			t.Error("the second signal did not end everything")
		}
		if got := i.end(); got != syscall.SIGTERM {
			t.Errorf("ended by %v, want the first signal", got)
		}
		p.close()
		if !strings.Contains(stderr.String(), "Stopping: healing") {
			t.Errorf("printed %q", stderr.String())
		}
	})
}
