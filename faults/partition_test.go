package faults_test

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"chaosctl/faults"
	"chaosctl/faults/faultstest"
)

func TestPartitionLinks(t *testing.T) {
	tests := map[string]struct {
		links    []faults.Link
		nodes    []int
		isolated []int
	}{
		"partition": {
			links: []faults.Link{{0, 1}, {0, 2}, {1, 0}, {2, 0}},
			nodes: []int{0}, isolated: []int{0},
		},
		"partition(nodes=1,direction=in)": {
			links: []faults.Link{{0, 1}, {2, 1}},
			nodes: []int{1},
		},
		"partition(nodes=1,direction=out)": {
			links: []faults.Link{{1, 0}, {1, 2}},
			nodes: []int{1},
		},
		// The two that are cut off still hear each other, so the third is the lonely one.
		"partition(nodes=0+1)": {
			links: []faults.Link{{0, 2}, {1, 2}, {2, 0}, {2, 1}},
			nodes: []int{0, 1}, isolated: []int{2},
		},
		"partition(nodes=0+1,direction=in)": {
			links: []faults.Link{{2, 0}, {2, 1}},
			nodes: []int{0, 1},
		},
	}
	for value, test := range tests {
		t.Run(value, func(t *testing.T) {
			target := faultstest.NewCluster(3, 0).Target()
			network := &cutBy{counts: []uint64{0, 9}}
			target.Network = network
			injection := inject(t, value, target)
			heal(t, injection)
			slices.SortFunc(network.links, func(a, b faults.Link) int {
				return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
			})
			e := injection.Evidence()
			diff(t, test.links, network.links)
			diff(t, test.nodes, e.Nodes)
			diff(t, test.isolated, e.Isolated)
			diff(t, map[string]int64{
				"links":                  int64(len(test.links)),
				"packets_dropped":        9,
				"packets_dropped_before": 0,
				"packets_dropped_after":  9,
			}, e.Facts)
		})
	}
}

// In a cluster of two, each node is alone.
func TestPartitionOfTwo(t *testing.T) {
	target := faultstest.NewCluster(2, 0).Target()
	target.Network = &cutBy{counts: []uint64{0, 1}}
	injection := inject(t, "partition", target)
	heal(t, injection)
	diff(t, []int{0, 1}, injection.Evidence().Isolated)
}

func TestPartitionIsJudgedByItsCounter(t *testing.T) {
	tests := map[string]struct {
		network   cutBy
		effective bool
		dropped   int64
		why       string
	}{
		"dropped":         {cutBy{counts: []uint64{0, 1}}, true, 1, ""},
		"dropped more":    {cutBy{counts: []uint64{5, 12}}, true, 7, ""},
		"nothing dropped": {cutBy{counts: []uint64{0, 0}}, false, 0, "no packet was dropped"},
		"nothing more":    {cutBy{counts: []uint64{5, 5}}, false, 0, "no packet was dropped"},
		"went back":       {cutBy{counts: []uint64{5, 4}}, false, 0, "went back from 5 to 4"},
		"not readable":    {cutBy{counts: []uint64{0}, count: errRefused}, false, 0, "could not be counted: refused"},
		"enormous":        {cutBy{counts: []uint64{0, math.MaxUint64}}, true, math.MaxInt64, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			target := faultstest.NewCluster(3, 0).Target()
			target.Network = &test.network
			injection := inject(t, "partition", target)
			if e := injection.Evidence(); e.Effective || e.Isolated != nil || e.Why == "" {
				t.Errorf("before anything was counted: %+v", e)
			}
			heal(t, injection)
			e := injection.Evidence()
			diff(t, test.effective, e.Effective)
			diff(t, test.effective, e.Isolated != nil)
			diff(t, test.dropped, e.Facts["packets_dropped"])
			if !strings.Contains(e.Why, test.why) || (test.why == "") != (e.Why == "") {
				t.Errorf("why %q, want %q in it", e.Why, test.why)
			}
			if !e.Healed {
				t.Error("healed, and the evidence does not say so")
			}
		})
	}
}

func TestPartitionThatDoesNotHeal(t *testing.T) {
	target := faultstest.NewCluster(3, 0).Target()
	target.Network = &cutBy{counts: []uint64{0, 3}, heals: []error{errRefused}}
	injection := inject(t, "partition(nodes=1+2)", target)
	err := injection.Heal(t.Context())
	var unhealed *faults.Unhealed
	if !errors.As(err, &unhealed) || !errors.Is(err, errRefused) {
		t.Fatalf("got %v, want an *Unhealed with %v in it", err, errRefused)
	}
	diff(t, []int{1, 2}, unhealed.Nodes)
	if e := injection.Evidence(); e.Healed || e.Effective || !strings.Contains(e.Why, "refused") {
		t.Errorf("healed=%v effective=%v why=%q", e.Healed, e.Effective, e.Why)
	}
	heal(t, injection)
	if e := injection.Evidence(); !e.Healed || !e.Effective || e.Why != "" {
		t.Errorf("healed=%v effective=%v why=%q after the second heal", e.Healed, e.Effective, e.Why)
	}
}

func TestPartitionWhoseUndoFails(t *testing.T) {
	target := faultstest.NewCluster(3, 0).Target()
	target.Network = &cutBy{count: context.DeadlineExceeded, heals: []error{errRefused}}
	_, err := parse(t, "partition").Inject(t.Context(), target)
	var unhealed *faults.Unhealed
	if !errors.As(err, &unhealed) || !errors.Is(err, errRefused) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want an *Unhealed with both causes in it", err)
	}
	diff(t, []int{0}, unhealed.Nodes)
}

func TestPartitionThatCannotCut(t *testing.T) {
	target := faultstest.NewCluster(3, 0).Target()
	target.Network = &cutBy{err: errRefused}
	if _, err := parse(t, "partition").Inject(t.Context(), target); !errors.Is(err, errRefused) {
		t.Errorf("got %v, want %v", err, errRefused)
	}
}

func TestPartitionInOneNetwork(t *testing.T) {
	target := faultstest.NewCluster(3, 0).Target()
	target.Network = nil
	_, err := parse(t, "partition").Inject(t.Context(), target)
	var unsupported *faults.Unsupported
	if !errors.As(err, &unsupported) || unsupported.Reason == "" || unsupported.Remedy == "" {
		t.Errorf("got %v, want an *Unsupported with reason and remedy", err)
	}
}

func TestPartitionOfNodesThatDoNotFit(t *testing.T) {
	for _, value := range []string{"partition(nodes=3)", "partition(nodes=0+1+2)"} {
		_, err := parse(t, value).Inject(t.Context(), faultstest.NewCluster(3, 0).Target())
		var bad *faults.BadParameter
		if !errors.As(err, &bad) || bad.Parameter != "nodes" {
			t.Errorf("%s: got %v, want a *BadParameter", value, err)
		}
	}
}

func TestPartitionNamesThePackageOfIptables(t *testing.T) {
	err := parse(t, "partition_minority").Preflight(t.Context(), emptyHost{})
	var unsupported *faults.Unsupported
	if !errors.As(err, &unsupported) {
		t.Fatalf("got %v, want an *Unsupported", err)
	}
	if !strings.Contains(unsupported.Error(), "apt-get install iptables") {
		t.Errorf("%q does not say how to install it", unsupported)
	}
}

// emptyHost has no program.
type emptyHost struct{}

func (emptyHost) Program(name string) (string, error) { return "", errors.New(name + " not found") }
