package reports_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"chaosctl/metrics"
	"chaosctl/reports"
)

func cycleFacts(fault, spec string, cycle int) metrics.CycleFacts {
	return metrics.CycleFacts{Campaign: "v0-r1", Fault: fault, FaultSpec: spec, Cycle: cycle, Seed: "5f3a"}
}

func histories(t *testing.T, dir string) *reports.Histories {
	t.Helper()
	h, err := reports.OpenHistories(dir)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func keep(t *testing.T, h *reports.Histories, facts metrics.CycleFacts, namespace string) {
	t.Helper()
	if err := h.Keep(facts, &metrics.History{Namespace: namespace}); err != nil {
		t.Fatal(err)
	}
}

func historyNames(t *testing.T, dir string) []string {
	t.Helper()
	files, err := reports.HistoryFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, file := range files {
		names = append(names, filepath.Base(file))
	}
	return names
}

func TestHistoriesAreFoundAgain(t *testing.T) {
	dir := t.TempDir()
	h := histories(t, dir)
	keep(t, h, cycleFacts("partition", "partition(for=1s)", 10), "a")
	keep(t, h, cycleFacts("partition", "partition(for=1s)", 2), "b")
	keep(t, h, cycleFacts("pause", "pause", 1), "c")
	keep(t, h, cycleFacts("partition", "partition(for=2s)", 2), "d")
	keep(t, h, cycleFacts("partition", "partition(for=3s)", 2), "e")
	h = histories(t, dir) // as a campaign that is continued does
	keep(t, h, cycleFacts("partition", "partition(for=2s)", 2), "d again")
	keep(t, h, cycleFacts("../../evil", "x", 1), "f")
	var encoded bytes.Buffer
	facts := cycleFacts("partition", "partition(for=1s)", 10)
	if err := metrics.EncodeHistory(&encoded, facts, &metrics.History{Namespace: "a again"}); err != nil {
		t.Fatal(err)
	}
	if err := h.KeepEncoded(facts, encoded.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, reports.HistoryFolder, ".writing-1.hist.gz"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	diff(t, []string{
		"evil-c1.hist.gz", "partition-c2.hist.gz", "partition-c10.hist.gz", "partition-2-c2.hist.gz", "partition-3-c2.hist.gz",
		"pause-c1.hist.gz",
	}, historyNames(t, dir))
	facts, history, err := reports.OpenHistory(filepath.Join(dir, reports.HistoryFolder, "partition-2-c2.hist.gz"))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, cycleFacts("partition", "partition(for=2s)", 2).FaultSpec, facts.FaultSpec)
	diff(t, "d again", history.Namespace)
	_, history, err = reports.OpenHistory(filepath.Join(dir, reports.HistoryFolder, "partition-c10.hist.gz"))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "a again", history.Namespace)
}

func TestAHistoryThatCannotBeReadIsReportedAndReplaced(t *testing.T) {
	dir := t.TempDir()
	h := histories(t, dir)
	facts := cycleFacts("pause", "pause", 1)
	keep(t, h, facts, "a")
	file := filepath.Join(dir, reports.HistoryFolder, "pause-c1.hist.gz")
	if err := os.Truncate(file, 20); err != nil {
		t.Fatal(err)
	}
	if _, _, err := reports.OpenHistory(file); err == nil {
		t.Error("half a history was read")
	}
	keep(t, h, facts, "b")
	diff(t, []string{"pause-c1.hist.gz"}, historyNames(t, dir))
	if _, _, err := reports.OpenHistory(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestHistoriesNeedAFolder(t *testing.T) {
	if _, err := reports.OpenHistories(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	dir := t.TempDir()
	h := histories(t, dir)
	if err := os.Remove(filepath.Join(dir, reports.HistoryFolder)); err != nil {
		t.Fatal(err)
	}
	if err := h.Keep(cycleFacts("pause", "pause", 1), &metrics.History{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	diff(t, []string{}, historyNames(t, t.TempDir()))
}
