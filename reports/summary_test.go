package reports_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"chaosctl/metrics"
	"chaosctl/reports"
)

func TestWriteSummary(t *testing.T) {
	dir := t.TempDir()
	s := summary(failing)
	for range 2 { // the second time over the first
		if err := reports.WriteSummary(dir, s); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	diff(t, []string{"campaign-summary.json", "chaos-summary-kill_primary_mid_write.json", "chaos-summary-partition.json"}, names)

	six, err := os.ReadFile(filepath.Join(dir, "chaos-summary-partition.json"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "chaos-summary-partition.json", six)

	text, err := os.ReadFile(filepath.Join(dir, reports.SummaryFile))
	if err != nil {
		t.Fatal(err)
	}
	var back metrics.Summary
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	back.Config, s.Config = nil, nil
	diff(t, s, back)
}

func TestWriteSummaryLeavesTheOldOneWhenItCannotWrite(t *testing.T) {
	dir := t.TempDir()
	if err := reports.WriteSummary(dir, summary(unchanged)); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, reports.SummaryFile))
	if err != nil {
		t.Fatal(err)
	}
	s := summary(failing)
	s.Config = func() {} // cannot be written as JSON
	if err := reports.WriteSummary(dir, s); err == nil {
		t.Error("a summary that cannot be JSON was written")
	}
	after, err := os.ReadFile(filepath.Join(dir, reports.SummaryFile))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, string(before), string(after))
	if err := reports.WriteSummary(filepath.Join(dir, "none"), s); err == nil {
		t.Error("a summary was written into no folder")
	}
}

func TestTotalsFile(t *testing.T) {
	s := metrics.Summary{Faults: []metrics.FaultSummary{{Fault: "partition"}, {Fault: "pause"}, {Fault: "partition"}, {Fault: "../x/y"}}}
	want := []string{"chaos-summary-partition.json", "chaos-summary-pause.json", "chaos-summary-partition-2.json", "chaos-summary-y.json"}
	for i := range want {
		diff(t, want[i], reports.TotalsFile(s, i))
	}
}
