package runner

import (
	"time"

	"chaosctl/faults"
	"chaosctl/metrics"
)

// maxShardCycles bounds how many cycles share one sandbox: rules of healed partitions stay in it
// until it ends, and each makes the next a little slower.
const maxShardCycles = 50

// shards splits a campaign into runs of cycles, fault by fault, so that Parallel of them can be
// under way until the end.
func (c Campaign) shards() []Shard {
	size := min((c.Cycles+c.Parallel-1)/c.Parallel, maxShardCycles)
	var shards []Shard
	for _, fault := range c.Faults {
		for first, last := c.First, c.First+c.Cycles-1; first <= last; first += size {
			shards = append(shards, Shard{
				Campaign: c,
				Dir:      c.Dir,
				Index:    len(shards),
				Fault:    fault,
				First:    first,
				Last:     min(first+size-1, last),
			})
		}
	}
	return shards
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
	c := newCycle(&shardRun{Shard: s, fault: fault}, number, 1, begun)
	c.history.Errors = []string{why}
	return c.judge(), nil
}
