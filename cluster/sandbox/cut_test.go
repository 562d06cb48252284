package sandbox_test

import (
	"errors"
	"testing"
	"time"

	"chaosctl/cluster/sandbox"
)

var alone = []link{{0, 1}, {0, 2}, {1, 0}, {2, 0}} // node 0 from both others, both ways

func TestCutOneNode(t *testing.T) {
	inside(t, func(t *testing.T) {
		r := build(t, 3)
		for round := range 3 {
			c := cut(t, r, alone...)
			before := dropped(t, c)
			r.wantDeaf(t, "cut", alone...)
			if got := r.order(t, 0, "dial %s", r.endpoint(1)); got == "ok" {
				t.Error("node 0 connected to node 1 while it was cut off")
			}
			after := dropped(t, c)
			if after < before+4 {
				t.Errorf("round %d: dropped %d packets, want at least one for each link", round, after-before)
			}
			if _, err := r.Cut(t.Context(), alone); !errors.Is(err, sandbox.ErrAlreadyCut) {
				t.Errorf("cut the same links twice: error = %v", err)
			}
			heal(t, c)
			heal(t, c)
			began := time.Now()
			if got := r.order(t, 1, "dial %s", r.endpoint(0)); got != "ok" {
				t.Errorf("node 1 cannot connect to node 0 at once after the heal: %s", got)
			}
			t.Logf("measured: first connection after the heal %v", time.Since(began))
			r.wantDeaf(t, "healed")
			if idle := dropped(t, c); round == 0 && idle < after {
				t.Errorf("the counter went back from %d to %d", after, idle)
			}
		}
	})
}

func TestCutOneWay(t *testing.T) {
	inside(t, func(t *testing.T) {
		r := build(t, 3)
		for _, links := range [][]link{{{0, 1}, {0, 2}}, {{1, 0}, {2, 0}}, {{1, 2}}} {
			c := cut(t, r, links...)
			r.wantDeaf(t, "cut", links...)
			if packets := dropped(t, c); packets < uint64(len(links)) {
				t.Errorf("%v: dropped %d packets, want at least %d", links, packets, len(links))
			}
			heal(t, c)
		}
		r.wantDeaf(t, "healed")
	})
}

func TestCutsAreIndependent(t *testing.T) {
	inside(t, func(t *testing.T) {
		r := build(t, 3)
		everything := cut(t, r, append([]link{{1, 2}, {2, 1}}, alone...)...)
		r.wantDeaf(t, "all cut", link{0, 1}, link{0, 2}, link{1, 0}, link{1, 2}, link{2, 0}, link{2, 1})
		some := cut(t, r, link{0, 1})
		heal(t, everything)
		r.wantDeaf(t, "one cut is left", link{0, 1})
		heal(t, some)
		r.wantDeaf(t, "healed")
	})
}

// TestManyCuts turns the switches often enough for them to be emptied.
func TestManyCuts(t *testing.T) {
	inside(t, func(t *testing.T) {
		r := build(t, 3)
		var cutTime, healTime time.Duration
		const rounds = 70
		for range rounds {
			began := time.Now()
			c, err := r.Cut(t.Context(), alone)
			if err != nil {
				t.Fatal(err)
			}
			cutTime += time.Since(began)
			began = time.Now()
			if err := c.Heal(t.Context()); err != nil {
				t.Fatal(err)
			}
			healTime += time.Since(began)
		}
		t.Logf("measured: mean of %d cuts %v, of heals %v", rounds, cutTime/rounds, healTime/rounds)
		r.wantDeaf(t, "healed")
		c := cut(t, r, alone...)
		r.wantDeaf(t, "cut", alone...)
		heal(t, c)
	})
}

func TestCutRefusesLinksThatDoNotExist(t *testing.T) {
	inside(t, func(t *testing.T) {
		r := build(t, 2)
		for _, links := range [][]link{nil, {{0, 0}}, {{0, 2}}, {{-1, 0}}} {
			if c, err := r.Cut(t.Context(), links); err == nil {
				heal(t, c)
				t.Errorf("links %v were cut", links)
			}
		}
		r.wantDeaf(t, "nothing was cut")
	})
}

func TestMissingIptablesMattersForCutsOnly(t *testing.T) {
	inside(t, func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		r := build(t, 2)
		if _, err := r.Cut(t.Context(), []link{{0, 1}}); err == nil {
			t.Error("links were cut without iptables")
		}
		if err := errors.Join(r.Isolate(0), r.Rejoin(0)); err != nil {
			t.Error(err)
		}
		r.wantDeaf(t, "nothing was cut")
	})
}
