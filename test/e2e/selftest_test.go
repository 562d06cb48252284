package e2e_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// selftestResult is what the tests read of a self-test.
type selftestResult struct {
	Passed  bool `json:"passed"`
	Mutants []struct {
		Mutant string         `json:"mutant"`
		Cycles int            `json:"cycles"`
		Caught int            `json:"caught"`
		By     map[string]int `json:"by"`
	} `json:"mutants"`
	Healthy []struct {
		Fault    string `json:"fault"`
		Workload string `json:"workload"`
		Cycles   int    `json:"cycles"`
		Passed   int    `json:"passed"`
		Alarms   int    `json:"false_alarms"`
	} `json:"healthy"`
}

func selftest(t *testing.T, u user, args ...string) (result, selftestResult) {
	t.Helper()
	r := chaosctl(t, u, append([]string{"selftest", "--mutants", program("mutant"), "--output", "json"}, args...)...)
	var s selftestResult
	if err := json.Unmarshal([]byte(r.stdout), &s); err != nil {
		t.Fatalf("%v: exit status %d\n%s\n%s", err, r.status, r.stdout, r.stderr)
	}
	return r, s
}

// TestSelftest is the short form of make selftest: every mutant is caught, the healthy server is
// not. CHAOSCTL_SELFTEST_CYCLES says how many cycles.
func TestSelftest(t *testing.T) {
	cycles := amount(t, "CHAOSCTL_SELFTEST_CYCLES", 2)
	r, s := selftest(t, self(), "--cycles", strconv.Itoa(cycles))
	r.wantStatus(t, 0)
	if len(s.Mutants) != 12 || len(s.Healthy) < 3 || !s.Passed {
		t.Errorf("%d mutants, %d settings, passed %v", len(s.Mutants), len(s.Healthy), s.Passed)
	}
	for _, m := range s.Mutants {
		if m.Caught != cycles || m.Cycles != cycles {
			t.Errorf("%s was caught in %d of %d cycles, want %d: %v", m.Mutant, m.Caught, m.Cycles, cycles, m.By)
		}
	}
	for _, h := range s.Healthy {
		if h.Passed != cycles || h.Alarms != 0 {
			t.Errorf("the healthy server passed %d of %d cycles under %s with %s", h.Passed, h.Cycles, h.Fault, h.Workload)
		}
	}
}

// TestSelftestCannotBeFooled runs the healthy server in the place of a mutant, and a mutant in the
// place of the healthy server.
func TestSelftestCannotBeFooled(t *testing.T) {
	r, s := selftest(t, self(), "--mutants", program("ai-memory"), "--mutant", "duplicate", "--cycles", "1")
	r.wantStatus(t, 1)
	if s.Passed || len(s.Mutants) != 1 || s.Mutants[0].Caught != 0 {
		t.Errorf("a healthy server passes for a mutant: %+v", s)
	}
	r, s = selftest(t, self(), "--bin", program("tinyserver-truncate"), "--mutant", "duplicate", "--cycles", "1")
	r.wantStatus(t, 1)
	alarms := 0
	for _, h := range s.Healthy {
		alarms += h.Alarms
	}
	if s.Passed || alarms == 0 {
		t.Errorf("a broken server passes for a healthy one: %+v", s)
	}
}

// TestSelftestRefuses names what is wrong before anything runs.
func TestSelftestRefuses(t *testing.T) {
	for _, test := range []struct {
		args   []string
		status int
		words  string
	}{
		{[]string{"--mutant", "honest"}, 2, `--mutant: "honest" is none of ack-before-replicating,`},
		{[]string{"--cycles", "0"}, 2, "--cycles: 0 is not from 1"},
		{[]string{"--cycles", "1", "--healthy-cycles", "-1"}, 2, "--healthy-cycles: -1 is not from 1"},
		{[]string{"--mutants", "/nonexistent/mutant"}, 4, "cannot run the mutants /nonexistent/mutant"},
		{[]string{"--mutants", program("mutant"), "--bin", "/nonexistent/server"}, 4, "cannot run the server /nonexistent/server"},
	} {
		r := chaosctl(t, self(), append([]string{"selftest"}, test.args...)...)
		r.wantStatus(t, test.status)
		if !strings.Contains(r.stderr, test.words) {
			t.Errorf("%q: %s, want %q", test.args, r.stderr, test.words)
		}
	}
}
