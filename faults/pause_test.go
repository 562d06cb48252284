package faults_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"chaosctl/faults"
	"chaosctl/faults/faultstest"
)

func TestPauseDrawsEveryPeerAndNeverThePrimary(t *testing.T) {
	const draws = 200
	struck := map[int]int{}
	stream := rand.New(rand.NewPCG(7, 7))
	for range draws {
		target := faultstest.NewCluster(4, 0).Target()
		target.Rand = stream
		struck[inject(t, "drop_random_acks", target).Evidence().Nodes[0]]++
	}
	if struck[0] > 0 || len(struck) != 3 {
		t.Fatalf("struck %v, want all of 1, 2 and 3 and nothing else", struck)
	}
	for node, times := range struck {
		if times < draws/6 {
			t.Errorf("node %d was drawn %d times of %d", node, times, draws)
		}
	}
}

func TestPauseWithoutRandomStream(t *testing.T) {
	target := faultstest.NewCluster(3, 0).Target()
	target.Rand = nil
	if _, err := parse(t, "pause").Inject(t.Context(), target); err == nil {
		t.Error("drew a peer from nothing")
	}
	heal(t, inject(t, "pause(node=1)", target))
}

func TestPauseOfANodeThatIsNotThere(t *testing.T) {
	_, err := parse(t, "pause(node=3)").Inject(t.Context(), faultstest.NewCluster(3, 0).Target())
	var bad *faults.BadParameter
	if !errors.As(err, &bad) {
		t.Errorf("got %v, want a *BadParameter", err)
	}
}

// A thread that hangs in the kernel does not stop. The process must not be left stopped.
func TestPauseOfAThreadThatDoesNotStop(t *testing.T) {
	for _, states := range []string{"TTD", "TTt", "TRT", ""} {
		synctest.Test(t, func(t *testing.T) {
			c := faultstest.NewCluster(3, 0)
			target := c.Target()
			whole := target.Nodes[1]
			continued := false
			target.Nodes[1] = onSignal{
				statesBy{whole, func() ([]byte, error) {
					if continued {
						return whole.ThreadStates()
					}
					return []byte(states), nil
				}},
				func(sig syscall.Signal) { continued = continued || sig == syscall.SIGCONT },
			}
			began := time.Now()
			_, err := parse(t, "pause(node=1)").Inject(t.Context(), target)
			if err == nil || !strings.Contains(err.Error(), "still running after 2s") {
				t.Errorf("%q: got %v, want a timeout", states, err)
			}
			if took := time.Since(began); took < 2*time.Second || took > 3*time.Second {
				t.Errorf("%q: gave up after %v", states, took)
			}
			if err := c.Probe(t.Context(), nil); err != nil {
				t.Errorf("%q: something is left behind: %v", states, err)
			}
		})
	}
}

// One reading in which all threads are stopped is not enough when a thread was born meanwhile.
func TestPauseWaitsForThreadsBornWhileStopping(t *testing.T) {
	target := faultstest.NewCluster(3, 0).Target()
	readings := []string{"RT", "TT", "TTT", "TTTR", "TTTT", "TTTT"}
	target.Nodes[1] = statesBy{target.Nodes[1], func() ([]byte, error) {
		reading := readings[0]
		readings = readings[1:]
		return []byte(reading), nil
	}}
	injection := inject(t, "pause(node=1)", target)
	diff(t, 4, injection.Evidence().Facts["threads_stopped"])
	diff(t, 0, len(readings))
}

func TestPauseRidesOverAFailedReading(t *testing.T) {
	target := faultstest.NewCluster(3, 0).Target()
	whole := target.Nodes[1]
	failures := 3
	target.Nodes[1] = statesBy{whole, func() ([]byte, error) {
		if failures > 0 {
			failures--
			return nil, errRefused
		}
		return whole.ThreadStates()
	}}
	heal(t, inject(t, "pause(node=1)", target))
}

func TestPauseWhoseUndoFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := faultstest.NewCluster(3, 0).Target()
		target.Nodes[1] = statesBy{target.Nodes[1], func() ([]byte, error) { return nil, errRefused }}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := parse(t, "pause(node=1)").Inject(ctx, target)
		var unhealed *faults.Unhealed
		if !errors.As(err, &unhealed) {
			t.Fatalf("got %v, want an *Unhealed", err)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v does not have the cause in it", err)
		}
		diff(t, []int{1}, unhealed.Nodes)
		diff(t, "continue it with: kill -CONT 1002", unhealed.Remedy)
		for _, part := range []string{"nodes [1]", "refused", unhealed.Remedy} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q does not say %q", err, part)
			}
		}
	})
}

func TestPauseThatDoesNotResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := faultstest.NewCluster(3, 0).Target()
		refuses := true
		target.Nodes[1] = refusing{target.Nodes[1], syscall.SIGCONT, &refuses}
		injection := inject(t, "pause(node=1)", target)
		err := injection.Heal(t.Context())
		var unhealed *faults.Unhealed
		if !errors.As(err, &unhealed) || !errors.Is(err, errRefused) {
			t.Fatalf("got %v, want an *Unhealed with %v in it", err, errRefused)
		}
		first := injection.Evidence()
		if first.Healed || !strings.Contains(first.Why, "kill -CONT 1002") {
			t.Errorf("healed=%v, why=%q", first.Healed, first.Why)
		}
		time.Sleep(time.Second)
		refuses = false
		heal(t, injection)
		e := injection.Evidence()
		if !e.Effective || !e.Healed || e.Why != "" {
			t.Errorf("effective=%v healed=%v why=%q after the second heal", e.Effective, e.Healed, e.Why)
		}
		if !e.HealBegan.Equal(first.HealBegan) || e.HealedAt.Sub(e.HealBegan) < time.Second {
			t.Errorf("healing from %v to %v, want it to begin with the first attempt", e.HealBegan, e.HealedAt)
		}
	})
}

func TestPauseSignalTakenWithoutEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := faultstest.NewCluster(3, 0).Target()
		target.Nodes[1] = fixedStates{target.Nodes[1], "TTTT"}
		injection := inject(t, "pause(node=1)", target)
		began := time.Now()
		var unhealed *faults.Unhealed
		if err := injection.Heal(t.Context()); !errors.As(err, &unhealed) {
			t.Errorf("heal returned %v while every thread is stopped", err)
		}
		if took := time.Since(began); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("gave up after %v", took)
		}
	})
}

func TestPauseOfANodeThatDies(t *testing.T) {
	target := faultstest.NewCluster(3, 0).Target()
	injection := inject(t, "pause(node=1)", target)
	if err := target.Nodes[1].Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	heal(t, injection)
	e := injection.Evidence()
	if e.Effective || e.Killed || !e.Healed || e.Facts["exited"] != 1 {
		t.Errorf("effective=%v killed=%v healed=%v facts=%v", e.Effective, e.Killed, e.Healed, e.Facts)
	}
	if !strings.Contains(e.Why, "ended while it was stopped") {
		t.Errorf("why: %q", e.Why)
	}
}

func TestPauseOfADeadNode(t *testing.T) {
	target := faultstest.NewCluster(3, 0).Target()
	if err := target.Nodes[1].Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := parse(t, "pause(node=1)").Inject(t.Context(), target); !errors.Is(err, faults.ErrNodeGone) {
		t.Errorf("got %v, want %v", err, faults.ErrNodeGone)
	}
}

// A process that dies as it is being stopped leaves nothing to continue.
func TestPauseOfANodeThatDiesWhileStopping(t *testing.T) {
	target := faultstest.NewCluster(3, 0).Target()
	whole := target.Nodes[1]
	target.Nodes[1] = onSignal{whole, func(syscall.Signal) { whole.Signal(syscall.SIGKILL) }}
	_, err := parse(t, "pause(node=1)").Inject(t.Context(), target)
	var unhealed *faults.Unhealed
	if !errors.Is(err, faults.ErrNodeGone) || errors.As(err, &unhealed) {
		t.Errorf("got %v, want %v and nothing unhealed", err, faults.ErrNodeGone)
	}
}

func TestPauseOfANodeThatRanMeanwhile(t *testing.T) {
	target := faultstest.NewCluster(3, 0).Target()
	injection := inject(t, "pause(node=1)", target)
	if err := target.Nodes[1].Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	heal(t, injection)
	e := injection.Evidence()
	if e.Effective || !e.Healed || !strings.Contains(e.Why, "ran again before it was continued") {
		t.Errorf("effective=%v healed=%v why=%q", e.Effective, e.Healed, e.Why)
	}
	if _, ok := e.Facts["threads_stopped_at_heal"]; ok {
		t.Errorf("facts %v tell of threads stopped at heal", e.Facts)
	}
}

func TestPauseHealedFromManySides(t *testing.T) {
	injection := inject(t, "pause", faultstest.NewCluster(3, 0).Target())
	var healers sync.WaitGroup
	seen := make([]faults.Evidence, 8)
	for i := range seen {
		healers.Go(func() {
			if err := injection.Heal(t.Context()); err != nil {
				t.Errorf("heal: %v", err)
			}
			seen[i] = injection.Evidence()
		})
	}
	healers.Wait()
	if i := slices.IndexFunc(seen, func(e faults.Evidence) bool { return !e.Effective || !e.Healed }); i >= 0 {
		t.Errorf("a healer saw %+v", seen[i])
	}
	for _, e := range seen {
		diff(t, seen[0], e)
	}
}

func TestPauseTellsWhoStoodStill(t *testing.T) {
	injection := inject(t, "pause(node=2)", faultstest.NewCluster(3, 0).Target())
	if e := injection.Evidence(); len(e.Stopped) > 0 {
		t.Errorf("stopped %v before it was seen at the heal", e.Stopped)
	}
	heal(t, injection)
	diff(t, []int{2}, injection.Evidence().Stopped)
	partitioned := inject(t, "partition", faultstest.NewCluster(3, 0).Target())
	heal(t, partitioned)
	if e := partitioned.Evidence(); len(e.Stopped) > 0 {
		t.Errorf("a partition stopped %v", e.Stopped)
	}
}
