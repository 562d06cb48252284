package reports_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"chaosctl/metrics"
	"chaosctl/reports"
)

// folder makes a folder of files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadRunTakesWhatIsThere(t *testing.T) {
	const (
		line    = `{"cycle":1,"fault":"pause"}` + "\n"
		config  = `{"faults":["pause","partition"],"cycles":5,"first":3,"stop_when":"loss<0.1@0.9"}`
		summary = `{"campaign_id":"r1","schema":"chaosctl/1","planned":7,"stopped":"it was time","config":` + config + `}`
	)
	for name, test := range map[string]struct {
		files   map[string]string
		lines   int
		torn    bool
		planned int
		told    bool
		stopped string
	}{
		"nothing":              {},
		"lines":                {files: map[string]string{reports.RecordsFile: line}, lines: 1},
		"a torn line":          {files: map[string]string{reports.RecordsFile: line + `{"cy`}, lines: 1, torn: true},
		"a summary":            {files: map[string]string{reports.SummaryFile: summary}, planned: 7, told: true, stopped: "it was time"},
		"no summary yet":       {files: map[string]string{reports.CampaignFile: config}, planned: 10, told: true},
		"summary of old":       {files: map[string]string{reports.SummaryFile: `{"campaign_id":"r1","overall_pass":true}`}},
		"both":                 {files: map[string]string{reports.SummaryFile: summary, reports.CampaignFile: `{"cycles":1}`}, planned: 7, told: true, stopped: "it was time"},
		"a line in the middle": {files: map[string]string{reports.RecordsFile: line + "FATAL\n" + line}, lines: 1, torn: true},
	} {
		t.Run(name, func(t *testing.T) {
			run, err := reports.ReadRun(folder(t, test.files))
			if err != nil {
				t.Fatal(err)
			}
			diff(t, test.lines, len(run.Records))
			diff(t, test.torn, run.Torn != nil)
			diff(t, test.planned, run.Facts.Planned)
			diff(t, test.told, run.Told)
			diff(t, test.stopped, run.Facts.Stopped)
			if test.told {
				diff(t, &metrics.Sequential{Rate: 0.1, Good: 0.01, Confidence: 0.9, First: 3}, run.Test)
				diff(t, []string{"pause", "partition"}, run.Facts.Faults)
			}
		})
	}
}

func TestReadRunKnowsOfAPlantedLoss(t *testing.T) {
	for text, want := range map[string]*metrics.PlantedLoss{
		`{}`:                                 nil,
		`{"planted_loss":{"reported":true}}`: {Reported: true},
		`{"config":{"canary_loss":true}}`:    {Why: "the run does not say what became of it"},
		`{"config":{"canary_loss":true},"planted_loss":{"reported":true}}`: {Reported: true},
	} {
		run, err := reports.ReadRun(folder(t, map[string]string{reports.SummaryFile: text}))
		if err != nil {
			t.Fatal(err)
		}
		diff(t, want, run.Facts.Planted)
	}
}

func TestReadRunReportsWhatCannotBeRead(t *testing.T) {
	if _, err := reports.ReadRun(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	for _, file := range []string{reports.SummaryFile, reports.CampaignFile} {
		if _, err := reports.ReadRun(folder(t, map[string]string{file: `{"planned`})); err == nil {
			t.Errorf("half a %s was read", file)
		}
	}
	if _, err := reports.ReadRun(folder(t, map[string]string{reports.SummaryFile: `{"config":7}`})); err == nil {
		t.Error("a config that is a number was read")
	}
}
