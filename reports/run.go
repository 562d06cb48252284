package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"chaosctl/metrics"
)

// StoredRun is what is kept of a campaign besides its histories.
type StoredRun struct {
	Path    string           // the folder, or the file of records
	Records []metrics.Record // in the order of the lines
	Torn    error            // why the lines could not be read to their end; nil when they could
	Facts   metrics.CampaignFacts
	Told    bool                // how many lines there were to be is known
	Test    *metrics.Sequential // the test that could end it early; nil without one
}

// ReadRun reads a campaign's folder, or a file of records alone. Whatever is not there is left
// empty; the error wraps fs.ErrNotExist when there is no such path, and is for what is there and
// cannot be read.
func ReadRun(path string) (StoredRun, error) {
	run := StoredRun{Path: path, Facts: metrics.CampaignFacts{ID: filepath.Base(filepath.Clean(path))}}
	info, err := os.Stat(path)
	if err != nil {
		return run, fmt.Errorf("read the run: %w", err)
	}
	if !info.IsDir() {
		err = run.readRecords(path)
		return run, err
	}
	err = run.readRecords(filepath.Join(path, RecordsFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return run, err
	}
	err = run.readFacts()
	return run, err
}

// readRecords keeps the lines up to the first that is none.
func (r *StoredRun) readRecords(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open the records: %w", err)
	}
	defer file.Close()
	r.Records, err = metrics.ReadRecords(file)
	if err != nil {
		r.Torn = fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}

// readFacts takes what a run was to be from its summary, else from the campaign it began with.
func (r *StoredRun) readFacts() error {
	var s struct {
		CampaignID  string               `json:"campaign_id"`
		Ref         string               `json:"ai_memory_git_ref"`
		CompletedAt time.Time            `json:"completed_at"`
		StartedAt   time.Time            `json:"started_at"`
		Schema      string               `json:"schema"`
		Planned     int                  `json:"planned"`
		Planted     *metrics.PlantedLoss `json:"planted_loss"`
		Stopped     string               `json:"stopped"`
		Config      json.RawMessage      `json:"config"`
	}
	found, err := readJSON(filepath.Join(r.Path, SummaryFile), &s)
	if err != nil {
		return err
	}
	var began json.RawMessage
	if _, err := readJSON(filepath.Join(r.Path, CampaignFile), &began); err != nil {
		return err
	}
	if s.CampaignID != "" {
		r.Facts.ID = s.CampaignID
	}
	r.Facts.Ref, r.Facts.StartedAt, r.Facts.EndedAt = s.Ref, s.StartedAt, s.CompletedAt
	r.Facts.Stopped, r.Facts.Planted = s.Stopped, s.Planted
	config := s.Config
	if len(config) == 0 {
		config = began
	}
	var asked struct {
		Faults   []string `json:"faults"`
		First    int      `json:"first"`
		Cycles   int      `json:"cycles"`
		StopWhen string   `json:"stop_when"`
		Canary   bool     `json:"canary_loss"`
	}
	if len(config) > 0 {
		if err := json.Unmarshal(config, &asked); err != nil {
			return fmt.Errorf("read how %s was run: %w", r.Path, err)
		}
		r.Facts.Config = config
	}
	if test, err := metrics.ParseSequential(asked.StopWhen); err == nil {
		test.First = asked.First
		r.Test = &test
	}
	if asked.Canary && r.Facts.Planted == nil {
		r.Facts.Planted = &metrics.PlantedLoss{Why: "the run does not say what became of it"}
	}
	r.Facts.Faults = asked.Faults
	r.Facts.Planned = asked.Cycles * len(asked.Faults)
	if found && s.Schema != "" {
		r.Facts.Planned = s.Planned
	}
	if r.Facts.EndedAt.Before(r.Facts.StartedAt) || r.Facts.StartedAt.IsZero() {
		r.Facts.StartedAt, r.Facts.EndedAt = time.Time{}, time.Time{}
	}
	r.Told = r.Facts.Planned > 0
	return nil
}

// readJSON reads a file of JSON, if there is one.
func readJSON(path string, into any) (found bool, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return true, fmt.Errorf("read %s: %w", path, err)
	}
	return true, nil
}
