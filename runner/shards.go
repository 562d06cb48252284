package runner

import (
	"time"

	"chaosctl/faults"
	"chaosctl/metrics"
)

// maxShardCycles bounds how many cycles share one sandbox: rules of healed partitions stay in it
// until it ends, and each makes the next a little slower.
const maxShardCycles = 50

// shards splits the cycles that are to be run into runs of cycles, fault by fault, so that
// Parallel of them can be under way until the end.
func (c Campaign) shards() []Shard {
	size := min((c.Cycles+c.Parallel-1)/c.Parallel, maxShardCycles)
	var shards []Shard
	for _, fault := range c.Faults {
		for _, r := range c.missing(fault) {
			for first := r.first; first <= r.last; first += size {
				shards = append(shards, Shard{
					Campaign: c,
					Dir:      c.Dir,
					Index:    len(shards),
					Fault:    fault,
					First:    first,
					Last:     min(first+size-1, r.last),
				})
			}
		}
	}
	return shards
}

// span is a run of cycles.
type span struct{ first, last int }

// missing lists the cycles of a fault that have not ended yet.
func (c Campaign) missing(fault string) []span {
	done := map[int]bool{}
	for _, r := range c.Done {
		if named, err := faults.Parse(fault); err == nil && r.Fault == named.Asked && r.FaultSpec == named.String() {
			done[r.Cycle] = true
		}
	}
	var spans []span
	for cycle := c.First; cycle < c.First+c.Cycles; cycle++ {
		switch {
		case done[cycle]:
		case len(spans) > 0 && spans[len(spans)-1].last == cycle-1:
			spans[len(spans)-1].last = cycle
		default:
			spans = append(spans, span{cycle, cycle})
		}
	}
	return spans
}

// lostCycle is the line of a cycle whose shard died.
func lostCycle(s Shard, number int, begun time.Time, why string) (metrics.Record, error) {
	fault, err := faults.Parse(s.Fault)
	if err != nil {
		return metrics.Record{}, err
	}
	if why == "" {
		why = "the shard ended without a word"
	}
	c := newCycle(&shardRun{Shard: s, fault: fault}, number, s.Campaign.firstAttempt(), begun)
	c.history.Errors = []string{why}
	return c.judge(c.facts()), nil
}
