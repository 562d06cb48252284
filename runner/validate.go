package runner

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"chaosctl/faults"
)

// Bounds of a campaign. They keep mistakes out, not ambitions.
const (
	maxCycles      = 1_000_000
	maxWrites      = 100_000
	maxConcurrency = 1_000
	maxParallel    = 256
	maxRate        = 100_000
)

// Validate returns nil when the campaign can be run as it is, else every mistake in it, joined:
// *Mistake values and what faults.Parse returns.
func (c Campaign) Validate() error {
	v := validation{}
	v.between("first", c.First, 1, maxCycles)
	v.between("cycles", c.Cycles, 1, maxCycles)
	v.between("writes", c.Writes, 1, maxWrites)
	v.between("concurrency", c.Concurrency, 1, maxConcurrency)
	v.between("parallel", c.Parallel, 1, maxParallel)
	v.between("nodes", c.Nodes, DefaultNodes, DefaultNodes)
	v.between("quorum", c.Quorum, 1, max(c.Nodes, 1))
	v.between("first-port", c.FirstPort, 1024, 65535-max(c.Nodes, 1))
	v.lasts("quorum-timeout", c.QuorumTimeout, time.Millisecond, time.Minute)
	v.lasts("settle-timeout", c.SettleTimeout, 10*time.Millisecond, time.Hour)
	if _, ok := findWorkload(c.Workload); !ok {
		v.add("workload", fmt.Sprintf("%q is none of %s", c.Workload, WorkloadNames()))
	}
	if c.Rate < 0 || c.Rate > maxRate {
		v.add("rate", fmt.Sprintf("%v is not from 0 to %d", c.Rate, maxRate))
	}
	if c.Threshold <= 0 || c.Threshold > 1 {
		v.add("threshold", fmt.Sprintf("%v is not more than 0 and at most 1", c.Threshold))
	}
	if _, err := ParseSeed(c.Seed); err != nil {
		v.add("seed", err.Error())
	}
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`).MatchString(c.ID) {
		v.add("id", fmt.Sprintf("%q is not a file name of letters, digits, dots, dashes and underscores", c.ID))
	}
	if !filepath.IsAbs(c.Dir) {
		v.add("out", fmt.Sprintf("%q is not an absolute path", c.Dir))
	}
	v.faults(c)
	v.stopWhen(c)
	return errors.Join(v.mistakes...)
}

// validation collects what is wrong.
type validation struct{ mistakes []error }

func (v *validation) add(field, problem string) {
	v.mistakes = append(v.mistakes, &Mistake{Field: field, Problem: problem})
}

func (v *validation) between(field string, n, low, high int) {
	if n < low || n > high {
		v.add(field, fmt.Sprintf("%d is not from %d to %d", n, low, high))
	}
}

func (v *validation) lasts(field string, d, low, high time.Duration) {
	if d < low || d > high {
		v.add(field, fmt.Sprintf("%v is not from %v to %v", d, low, high))
	}
}

func (v *validation) faults(c Campaign) {
	if len(c.Faults) == 0 {
		v.add("fault", "name at least one fault: "+strings.Join(faults.Names(), ", "))
	}
	for i, value := range c.Faults {
		fault, err := faults.Parse(value)
		if err == nil {
			err = fault.Fits(c.Nodes)
		}
		if err != nil {
			v.mistakes = append(v.mistakes, err)
		}
		if slices.Contains(c.Faults[:i], value) {
			v.add("fault", fmt.Sprintf("%s is named twice: give --cycles instead", value))
		}
	}
}
