package reports

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"chaosctl/metrics"
)

// SummaryFile is the file of a campaign's summary.
const SummaryFile = "campaign-summary.json"

// totals are the six keys of the shell harness's own summary, in its order.
type totals struct {
	TotalCycles       int     `json:"total_cycles"`
	TotalWrites       int     `json:"total_writes"`
	TotalOK           int     `json:"total_ok"`
	TotalQuorumNotMet int     `json:"total_quorum_not_met"`
	TotalFail         int     `json:"total_fail"`
	ConvergenceBound  float64 `json:"convergence_bound"`
}

// WriteSummary writes a campaign's summary into its folder, and for each fault the file of its
// six totals. Each file is there as a whole or not at all.
func WriteSummary(dir string, s metrics.Summary) error {
	for i, f := range s.Faults {
		six := totals{
			f.TotalCycles, f.TotalWrites, f.TotalOK, f.TotalQuorumNotMet, f.TotalFail, f.ConvergenceBound,
		}
		if err := writeJSON(filepath.Join(dir, TotalsFile(s, i)), six); err != nil {
			return err
		}
	}
	return writeJSON(filepath.Join(dir, SummaryFile), s)
}

// TotalsFile is the name of the file of a fault's totals. A fault that was asked for more than
// once, with other parameters, has its number behind its name from the second on.
func TotalsFile(s metrics.Summary, fault int) string {
	name, before := s.Faults[fault].Fault, 0
	for _, f := range s.Faults[:fault] {
		if f.Fault == name {
			before++
		}
	}
	name = filepath.Base(name) // a name from a file may be anything
	if before > 0 {
		name = fmt.Sprintf("%s-%d", name, before+1)
	}
	return "chaos-summary-" + name + ".json"
}

// writeJSON writes a file under another name, puts it on disk, and only then gives it its name.
func writeJSON(path string, value any) error {
	text, err := encode(value, "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := writeWhole(path, text); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// writeWhole writes a text as writeFilled does.
func writeWhole(path string, text []byte) error {
	return writeFilled(path, func(file *os.File) error {
		_, err := file.Write(text)
		return err
	})
}

// writeFilled gives a file its name once it is filled and on disk.
func writeFilled(path string, fill func(*os.File) error) (err error) {
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, ".writing-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := finish(file, fill); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(dir)
}

func finish(file *os.File, fill func(*os.File) error) error {
	if err := fill(file); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	return file.Sync()
}

// syncFolder puts a folder's names on disk.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
