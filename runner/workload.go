package runner

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"chaosctl/metrics"
)

// step is one operation of a workload, decided before the load begins. Operations are dealt to the
// writers in turn, so that who does what depends on no race.
type step struct {
	kind      metrics.OpKind
	namespace string
	key       string
	value     string // of a write, and of the write that stands in for a delete
	node      int    // primary: the node that writes go to at the moment
	of        int    // the step whose row a delete removes
}

// primary, as a step's node, is the node that writes go to at the moment.
const primary = -1

// DefaultWorkload is the workload of a campaign that names none.
const DefaultWorkload = "inserts"

// Workload is one kind of load.
type Workload struct {
	Name    string
	Summary string
	plan    func(*planner) []step
}

// Workloads lists the kinds of load. A new one is one line here.
func Workloads() []Workload {
	return []Workload{
		{Name: DefaultWorkload, Summary: "every write has a key of its own", plan: inserts},
		{Name: "upserts", Summary: "writes go over and over to a few keys", plan: upserts},
		{Name: "mixed", Summary: "writes to a few keys and reads of them, on all nodes", plan: mixed},
		{Name: "deletes", Summary: "every third operation deletes a row written before", plan: deletes},
		{Name: "namespaces", Summary: "writes go to two namespaces in turn", plan: namespaces},
	}
}

// findWorkload finds a workload by name; empty is the default.
func findWorkload(name string) (Workload, bool) {
	if name == "" {
		name = DefaultWorkload
	}
	all := Workloads()
	i := slices.IndexFunc(all, func(w Workload) bool { return w.Name == name })
	if i < 0 {
		return Workload{}, false
	}
	return all[i], true
}

// WorkloadNames lists the names of all workloads, for people.
func WorkloadNames() string {
	var names []string
	for _, w := range Workloads() {
		names = append(names, w.Name)
	}
	return strings.Join(names, ", ")
}

// fewKeys is how many keys the workloads that write over use.
const fewKeys = 10

// planner makes the steps of one cycle.
type planner struct {
	campaign Campaign
	cycle    int
	writers  int
	random   *rand.Rand
	main     string   // the cycle's namespace
	others   []string // its further ones
}

// write returns a write of a fresh value.
func (p *planner) write(key string) step {
	random := make([]byte, 32+p.random.IntN(64))
	for i := range random {
		random[i] = byte(p.random.Uint32())
	}
	value := strings.Join([]string{canonicalSeed(p.campaign.Seed), key, hex.EncodeToString(random)}, " ")
	return step{kind: metrics.Write, namespace: p.main, key: key, value: value, node: primary}
}

func (p *planner) uniqueKey(i int) string { return fmt.Sprintf("c%d-w%d", p.cycle, i) }
func (p *planner) fewKey() string         { return fmt.Sprintf("c%d-k%d", p.cycle, p.random.IntN(fewKeys)) }

func inserts(p *planner) []step {
	steps := make([]step, p.campaign.Writes)
	for i := range steps {
		steps[i] = p.write(p.uniqueKey(i))
	}
	return steps
}

func upserts(p *planner) []step {
	steps := make([]step, p.campaign.Writes)
	for i := range steps {
		steps[i] = p.write(p.fewKey())
	}
	return steps
}

func mixed(p *planner) []step {
	steps := make([]step, p.campaign.Writes)
	for i := range steps {
		if i%2 == 0 {
			steps[i] = p.write(p.fewKey())
		} else {
			steps[i] = step{kind: metrics.Read, namespace: p.main, key: p.fewKey()}
		}
		steps[i].node = p.random.IntN(p.campaign.Nodes)
	}
	return steps
}

// deletes lets every third operation of a writer delete a row it wrote before. When that row's
// id is not known, because its write was not acknowledged, a write stands in.
func deletes(p *planner) []step {
	steps := make([]step, p.campaign.Writes)
	written := make([][]int, p.writers) // by writer: its writes that no step deletes
	for i := range steps {
		steps[i] = p.write(p.uniqueKey(i))
		mine := &written[i%p.writers]
		if i/p.writers%3 != 2 || len(*mine) == 0 {
			*mine = append(*mine, i)
			continue
		}
		at := p.random.IntN(len(*mine))
		steps[i].kind, steps[i].of = metrics.Delete, (*mine)[at]
		*mine = slices.Delete(*mine, at, at+1)
	}
	return steps
}

func namespaces(p *planner) []step {
	steps := inserts(p)
	for i := range steps {
		if i%2 == 1 {
			steps[i].namespace = p.others[0]
		}
	}
	return steps
}
