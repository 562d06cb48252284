package e2e_test

import (
	"bufio"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"chaosctl/metrics"
)

// seedSummary is the program by which the former harness folds the lines of one fault.
const seedSummary = `{total_cycles: length, total_writes: (map(.writes) | add), total_ok: (map(.ok) | add),
	total_quorum_not_met: (map(.quorum_not_met) | add), total_fail: (map(.fail) | add),
	convergence_bound: (((map([(.count_node1 | tonumber? // 0), (.count_node2 | tonumber? // 0)] | min) | add)
		/ (map(.ok) | add)) * 1000 | floor / 1000)}`

func mustOutput(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}

// TestFormerHarnessReadsOurLines folds a campaign with the former harness's own program and
// compares with our summary.
func TestFormerHarnessReadsOurLines(t *testing.T) {
	r := chaosctl(t, self(), "run", "--fault", "partition_minority", "--cycles", "3")
	r.wantStatus(t, 0)
	type totals struct {
		TotalCycles       int     `json:"total_cycles"`
		TotalWrites       int     `json:"total_writes"`
		TotalOK           int     `json:"total_ok"`
		TotalQuorumNotMet int     `json:"total_quorum_not_met"`
		TotalFail         int     `json:"total_fail"`
		ConvergenceBound  float64 `json:"convergence_bound"`
	}
	var theirs totals
	out := mustOutput(t, "jq", "-s", seedSummary, filepath.Join(r.campaign(t), "chaos-report.jsonl"))
	if err := json.Unmarshal([]byte(out), &theirs); err != nil {
		t.Fatal(err)
	}
	f := r.summary(t).Faults[0]
	ours := totals{f.TotalCycles, f.TotalWrites, f.TotalOK, f.TotalQuorumNotMet, f.TotalFail, f.ConvergenceBound}
	if theirs != ours || theirs.TotalWrites != 300 {
		t.Errorf("the former harness reads %+v, our summary says %+v", theirs, ours)
	}
	if f.Fault != "partition_minority" {
		t.Errorf("the fault is called %q, want the name that was asked for", f.Fault)
	}
}

// TestCron runs without a terminal: quiet says nothing on a pass and one block on anything else,
// and never a control character.
func TestCron(t *testing.T) {
	pass := chaosctl(t, self(), "run", "--quiet", "--fault", "pause", "--cycles", "1")
	pass.wantStatus(t, 0)
	if pass.stdout != "" || pass.stderr != "" {
		t.Errorf("a pass printed %q and %q, want nothing", pass.stdout, pass.stderr)
	}
	fail := chaosctl(t, self(), "run", "--quiet", "--fault", "pause", "--cycles", "1", "--settle-timeout", "1s",
		"--bin", program("tinyserver-ack-before-peers"))
	fail.wantStatus(t, 1)
	if fail.stdout == "" || strings.Contains(strings.TrimSpace(fail.stdout), "\n\n\n") {
		t.Errorf("a failure printed %q, want one block", fail.stdout)
	}
	loud := chaosctl(t, self(), "run", "--fault", "pause", "--cycles", "2")
	loud.wantStatus(t, 0)
	for _, text := range []string{fail.stdout, fail.stderr, loud.stdout, loud.stderr} {
		if strings.ContainsAny(text, "\r\x1b") {
			t.Errorf("without a terminal it printed control characters: %q", text)
		}
	}
	if got := strings.Count(loud.stderr, " fault=pause "); got != 2 {
		t.Errorf("%d lines of progress for 2 cycles:\n%s", got, loud.stderr)
	}
}

// TestMachineOutput reads what programs are given on stdout.
func TestMachineOutput(t *testing.T) {
	lines := chaosctl(t, self(), "run", "--fault", "pause", "--cycles", "2", "--output", "jsonl")
	lines.wantStatus(t, 0)
	if got := decodeRecords(t, bufio.NewReader(strings.NewReader(lines.stdout))); len(got) != 2 {
		t.Errorf("%d lines on stdout, want 2", len(got))
	}
	document := chaosctl(t, self(), "run", "--fault", "pause", "--cycles", "1", "--output", "json")
	document.wantStatus(t, 0)
	var s metrics.Summary
	if err := json.Unmarshal([]byte(document.stdout), &s); err != nil || s.Verdict != metrics.Pass {
		t.Errorf("summary %+v, %v", s, err)
	}
	refused := chaosctl(t, self(), "run", "--fault", "nothing", "--output", "json")
	refused.wantStatus(t, 2)
	var problem struct {
		Status int `json:"exit_status"`
		Errors []struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(refused.stderr), &problem); err != nil || problem.Status != 2 || len(problem.Errors) != 1 {
		t.Errorf("stderr %q: %v; want one JSON object", refused.stderr, err)
	}
}

// TestSameSeedSameChoices runs a campaign twice: what the seed decides is the same.
func TestSameSeedSameChoices(t *testing.T) {
	choices := func() []string {
		r := chaosctl(t, self(), "run", "--fault", "drop_random_acks", "--cycles", "4", "--seed", "5F3A")
		r.wantStatus(t, 0)
		var struck []string
		for _, record := range r.records(t) {
			struck = append(struck, record.Seed+" "+strings.Join(record.FaultWindow.Nodes, "+"))
		}
		return struck
	}
	first, second := choices(), choices()
	if strings.Join(first, ",") != strings.Join(second, ",") || len(first) != 4 {
		t.Errorf("the same seed chose %v, then %v", first, second)
	}
}
