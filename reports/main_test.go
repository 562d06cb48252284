package reports_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"chaosctl/metrics"
)

var update = flag.Bool("update", false, "write golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// golden compares text with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, string(want), string(got))
}

func diff(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func value[T any](v T) *T { return &v }

// record is a cycle that went well.
func record(fault string, cycle int) metrics.Record {
	return metrics.Record{
		Cycle: cycle, Fault: fault, FaultSpec: fault + "(for=500ms)", Writes: 100, OK: 97, QuorumNotMet: 2, Fail: 1,
		CountNode0: value(100), CountNode1: value(99), CountNode2: value(98), ConvergenceBound: value(1.0),
		Schema: metrics.Schema, Verdict: metrics.Pass, Acked: 97, LostAcked: []string{},
		ConvergeMS:  map[string]*float64{"node0": value(3.5), "node1": value(float64(cycle * 40))},
		InsideFault: &metrics.InsideFault{Contained: 8 + cycle, Lost: 1},
		Findings:    []metrics.Finding{{Checker: "acked_lost", Verdict: metrics.Pass, Gates: true}},
	}
}

// config is a campaign as its runner stores it.
func config() map[string]any {
	return map[string]any{
		"cycles": 4, "writes": 100, "concurrency": 8, "seed": "9f3c", "binary": "/opt/a server/ai-memory",
		"quorum_timeout": 200 * time.Millisecond, "settle_timeout": 10 * time.Second, "threshold": 0.995,
		"promises": metrics.Promises{Durable: true, Converges: true},
	}
}

// summary folds four cycles of two faults after a change.
func summary(change func(fault string, r *metrics.Record)) metrics.Summary {
	var records []metrics.Record
	faults := []string{"kill_primary_mid_write", "partition"}
	for _, fault := range faults {
		for cycle := range 4 {
			r := record(fault, cycle+1)
			change(fault, &r)
			records = append(records, r)
		}
	}
	start := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	return metrics.Summarize(metrics.CampaignFacts{
		ID: "v0-r1", StartedAt: start, EndedAt: start.Add(83 * time.Second), Planned: 8, Faults: faults, Config: config(),
	}, records)
}

func unchanged(string, *metrics.Record) {}

// failing loses writes in cycle 3 of the partition, cannot prove cycle 2's, and reports what is not
// promised.
func failing(fault string, r *metrics.Record) {
	if fault != "partition" {
		return
	}
	switch r.Cycle {
	case 2:
		r.Verdict = metrics.Inconclusive
		r.Findings = append(r.Findings, metrics.Finding{
			Checker: "effect", Verdict: metrics.Inconclusive, Gates: true, Why: "no packet was dropped",
		})
	case 3:
		r.Verdict, r.ConvergenceBound = metrics.Fail, value(0.9999)
		r.ConvergeMS["node1"] = nil
		var keys []string
		for i := range metrics.MaxKeys {
			keys = append(keys, fmt.Sprintf("c3-w%d", i))
		}
		r.LostAcked = keys
		r.Findings = []metrics.Finding{
			{
				Checker: "acked_lost", Verdict: metrics.Fail, Gates: true, Why: "23 of 97 acknowledged writes are on no node",
				Keys: keys, Numbers: map[string]float64{"keys": 23},
			},
			{
				Checker: "catches_up", Verdict: metrics.Fail, Why: "1 write is not on all nodes\x1b[2J", Keys: []string{"c3-w0"},
				Numbers: map[string]float64{"keys": 1},
			},
			{Checker: "own_disk", Verdict: metrics.Inconclusive, Why: "not put to the test: no node was killed"},
		}
	}
}
