// Package faultstest checks that a fault keeps the promises of faults.Fault: that it takes
// effect and proves it, that it heals from every state, and that an injection that fails or is
// cancelled at any step leaves nothing behind. It also has a cluster in memory to check on.
package faultstest

import (
	"context"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/faults"
)

// Probe looks at a target by other means than a fault's own. It returns nil when every node
// that is not in dead answers and hears every other such node. It sends over every link
// between nodes that run, whatever it meets on the way, so that a cut has packets to drop.
type Probe func(ctx context.Context, dead []int) error

// Parse reads a fault value; faults.Parse is one.
type Parse func(value string) (faults.Named, error)

// NewTarget starts a cluster of at least three nodes with requests under way, and returns it
// with its probe. It registers the cluster's end with Cleanup.
type NewTarget func(tb testing.TB) (faults.Target, Probe)

// Run checks the fault that a value names. Most checks start a cluster of their own.
func Run(t *testing.T, value string, parse Parse, newTarget NewTarget) {
	t.Helper()
	named, err := parse(value)
	if err != nil {
		t.Fatalf("parse %q: %v", value, err)
	}
	s := suite{fault: named.Fault, parse: parse, newTarget: newTarget}
	t.Run("spec is complete", s.specIsComplete)
	t.Run("prints as it parses", s.printsAsItParses)
	t.Run("preflight says what is missing", s.preflight)
	t.Run("strikes, proves it and heals", s.strikesAndHeals)
	t.Run("heals before it had an effect", s.healsAtOnce)
	t.Run("heals after its context ended", s.healsAfterCancel)
	t.Run("heals after the node died", s.healsAfterDeath)
	t.Run("touches nothing when cancelled before", s.cancelledBefore)
	t.Run("leaves nothing when cancelled", s.cancelledAtEachTouch)
	t.Run("leaves nothing on error", s.errorAtEachTouch)
	t.Run("heals at the second attempt", s.healErrorAtEachTouch)
	t.Run("same seed, same choice", s.sameSeedSameChoice)
}

// suite is one fault under examination.
type suite struct {
	fault     faults.Fault
	parse     Parse
	newTarget NewTarget
}

// inject injects the fault and checks what is known before it is healed.
func (s suite) inject(t *testing.T, target faults.Target) faults.Injection {
	t.Helper()
	before := time.Now()
	injection, err := s.fault.Inject(t.Context(), target)
	if err != nil {
		t.Fatalf("inject: %v", err)
	}
	e := injection.Evidence()
	if e.Active.Before(before) || e.Active.After(time.Now()) {
		t.Errorf("active at %v, want a time during Inject", e.Active)
	}
	if e.Healed || !e.HealBegan.IsZero() || !e.HealedAt.IsZero() {
		t.Errorf("evidence tells of a heal before Heal: %+v", e)
	}
	if len(e.Nodes) == 0 {
		t.Error("evidence names no node")
	}
	for _, node := range slices.Concat(e.Nodes, e.Isolated, e.Stopped) {
		if node < 0 || node >= len(target.Nodes) {
			t.Errorf("evidence names node %d of %d", node, len(target.Nodes))
		}
	}
	return injection
}

// heal heals and checks what is then known. It returns the evidence.
func heal(t *testing.T, injection faults.Injection) faults.Evidence {
	t.Helper()
	if err := injection.Heal(t.Context()); err != nil {
		t.Fatalf("heal: %v", err)
	}
	e := injection.Evidence()
	if !e.Healed || e.HealBegan.Before(e.Active) || e.HealedAt.Before(e.HealBegan) {
		t.Errorf("times not in order active, heal began, healed: %+v", e)
	}
	if !e.Effective && e.Why == "" {
		t.Error("not effective, and no reason why")
	}
	if e.Effective && e.Why != "" {
		t.Errorf("effective and healed, yet a reason why not: %s", e.Why)
	}
	return e
}

// mustBeWhole checks that the target is as it was, but for the dead nodes.
func mustBeWhole(t *testing.T, probe Probe, dead []int) {
	t.Helper()
	if err := probe(t.Context(), dead); err != nil {
		t.Errorf("something is left behind: %v", err)
	}
}

// killedBy lists the nodes that a fault says it killed.
func killedBy(e faults.Evidence) []int {
	if e.Killed {
		return e.Nodes
	}
	return nil
}

func (s suite) strikesAndHeals(t *testing.T) {
	target, probe := s.newTarget(t)
	mustBeWhole(t, probe, nil)
	injection := s.inject(t, target)
	if err := probe(t.Context(), nil); err == nil {
		t.Error("the fault is in force and the probe sees nothing of it")
	}
	e := heal(t, injection)
	if !e.Effective {
		t.Errorf("not effective: %s", e.Why)
	}
	if len(e.Facts) == 0 {
		t.Error("evidence without facts")
	}
	mustBeWhole(t, probe, killedBy(e))
	if again := heal(t, injection); !cmp.Equal(e, again) {
		t.Errorf("a second heal changed the evidence (-first +second):\n%s", cmp.Diff(e, again))
	}
	clear(injection.Evidence().Facts)
	injection.Evidence().Nodes[0] = -1
	if kept := injection.Evidence(); !cmp.Equal(e, kept) {
		t.Errorf("who reads the evidence can change it (-before +after):\n%s", cmp.Diff(e, kept))
	}
}

func (s suite) healsAtOnce(t *testing.T) {
	target, probe := s.newTarget(t)
	e := heal(t, s.inject(t, target))
	mustBeWhole(t, probe, killedBy(e))
}

func (s suite) healsAfterCancel(t *testing.T) {
	target, probe := s.newTarget(t)
	injection := s.inject(t, target)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := injection.Heal(ctx); err != nil {
		t.Fatalf("heal with an ended context: %v", err)
	}
	mustBeWhole(t, probe, killedBy(heal(t, injection)))
}

func (s suite) healsAfterDeath(t *testing.T) {
	target, probe := s.newTarget(t)
	injection := s.inject(t, target)
	struck := injection.Evidence().Nodes
	if !injection.Evidence().Killed {
		for _, node := range struck {
			if err := target.Nodes[node].Signal(syscall.SIGKILL); err != nil {
				t.Fatalf("kill node %d: %v", node, err)
			}
			<-target.Nodes[node].Exited()
		}
	}
	heal(t, injection)
	mustBeWhole(t, probe, struck)
}

func (s suite) sameSeedSameChoice(t *testing.T) {
	for seed := range uint64(3) {
		var chosen [2][]int
		for i := range chosen {
			target, _ := s.newTarget(t)
			target.Rand = rand.New(rand.NewPCG(seed, 0))
			chosen[i] = heal(t, s.inject(t, target)).Nodes
		}
		if !slices.Equal(chosen[0], chosen[1]) {
			t.Errorf("seed %d chose nodes %v, then %v", seed, chosen[0], chosen[1])
		}
	}
}
