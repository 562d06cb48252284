package runner_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"chaosctl/faults"
	"chaosctl/runner"
)

func TestValidateNamesEveryMistake(t *testing.T) {
	if err := campaign(nil).Validate(); err != nil {
		t.Fatalf("a sound campaign: %v", err)
	}
	for field, change := range map[string]func(*runner.Campaign){
		"cycles":         func(c *runner.Campaign) { c.Cycles = 0 },
		"first":          func(c *runner.Campaign) { c.First = 0 },
		"workload":       func(c *runner.Campaign) { c.Workload = "haystack" },
		"rate":           func(c *runner.Campaign) { c.Rate = -1 },
		"writes":         func(c *runner.Campaign) { c.Writes = 0 },
		"concurrency":    func(c *runner.Campaign) { c.Concurrency = -1 },
		"parallel":       func(c *runner.Campaign) { c.Parallel = 1000 },
		"quorum":         func(c *runner.Campaign) { c.Quorum = 4 },
		"nodes":          func(c *runner.Campaign) { c.Nodes = 5 },
		"first-port":     func(c *runner.Campaign) { c.FirstPort = 80 },
		"quorum-timeout": func(c *runner.Campaign) { c.QuorumTimeout = 0 },
		"settle-timeout": func(c *runner.Campaign) { c.SettleTimeout = 2 * time.Hour },
		"threshold":      func(c *runner.Campaign) { c.Threshold = 1.01 },
		"seed":           func(c *runner.Campaign) { c.Seed = "xyz" },
		"id":             func(c *runner.Campaign) { c.ID = "../up" },
		"out":            func(c *runner.Campaign) { c.Dir = "runs/x" },
		"fault":          func(c *runner.Campaign) { c.Faults = nil },
	} {
		err := campaign(change).Validate()
		var mistake *runner.Mistake
		if !errors.As(err, &mistake) || mistake.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	err := campaign(func(c *runner.Campaign) {
		c.Cycles, c.Faults = 0, []string{"pause(node=7)", "earthquake", "clock_skew_peer", "partition", "partition"}
	}).Validate()
	var unknown *faults.UnknownFault
	var bad *faults.BadParameter
	var refused *faults.Unsupported
	if !errors.As(err, &unknown) || !errors.As(err, &bad) || !errors.As(err, &refused) {
		t.Errorf("not every fault's mistake is in %v", err)
	}
	for _, part := range []string{"--cycles", "twice"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not tell of %s", err, part)
		}
	}
}

func TestSeeds(t *testing.T) {
	for text, want := range map[string]string{"0": "0000000000000000", "5F3a": "0000000000005f3a", "ffffffffffffffff": "ffffffffffffffff"} {
		n, err := runner.ParseSeed(text)
		if err != nil || runner.FormatSeed(n) != want {
			t.Errorf("%s: got %s, %v", text, runner.FormatSeed(n), err)
		}
	}
	for _, text := range []string{"", "0x1", "-1", "g", "10000000000000000"} {
		if _, err := runner.ParseSeed(text); err == nil {
			t.Errorf("took %q for a seed", text)
		}
	}
}
