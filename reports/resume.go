package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"chaosctl/metrics"
)

// Files of a campaign's folder that let it be continued.
const (
	CampaignFile    = "campaign.json"                  // the campaign as it was asked for, written before its first cycle
	InterruptedFile = "chaos-report.interrupted.jsonl" // lines of cycles that were cut short and then run again
)

// WriteCampaign writes campaign.json, whole or not at all.
func WriteCampaign(dir string, campaign any) error {
	return writeJSON(filepath.Join(dir, CampaignFile), campaign)
}

// ReadCampaign reads campaign.json.
func ReadCampaign(dir string, into any) error {
	text, err := os.ReadFile(filepath.Join(dir, CampaignFile))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, CampaignFile), err)
	}
	return nil
}

// KeepFinished makes the records of a campaign that was cut short ready to be added to, and returns
// them: a torn last line is removed, and the lines of cycles that were interrupted are moved to
// InterruptedFile, because those cycles are run again. What stays is not changed by a byte.
func KeepFinished(dir string) ([]metrics.Record, error) {
	path := filepath.Join(dir, RecordsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var finished []metrics.Record
	var kept, interrupted []byte
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // torn
		}
		records, err := metrics.ReadRecords(bytes.NewReader(line))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if len(records) == 1 && records[0].Interrupted {
			interrupted = append(interrupted, line...)
			continue
		}
		kept = append(kept, line...)
		finished = append(finished, records...)
	}
	if len(kept) == len(text) {
		return finished, nil
	}
	if err := appendWhole(filepath.Join(dir, InterruptedFile), interrupted); err != nil {
		return nil, err
	}
	return finished, writeWhole(path, kept)
}

// appendWhole adds text to a file, whole or not at all.
func appendWhole(path string, text []byte) error {
	if len(text) == 0 {
		return nil
	}
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return writeWhole(path, append(before, text...))
}
