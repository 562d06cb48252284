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

// RecordsFile is the file of a campaign's records.
const RecordsFile = "chaos-report.jsonl"

// ErrTorn says that the last line of a file of records was not written to its end.
var ErrTorn = errors.New("its last line is torn: the writing of it was interrupted")

// errBroken says that an earlier line could not be written in full.
var errBroken = errors.New("an earlier line could not be written in full")

// JSONL appends records to a file, one line each. A line is one write and is on disk when Append
// returns; lines are never changed. It is not safe for concurrent use: one writer owns a file.
type JSONL struct {
	file   *os.File
	broken bool // the end of the file is not known to be the end of a line
}

// OpenJSONL opens a file of records to append to, and makes it when there is none. A file whose
// last line is torn is refused with an error that wraps ErrTorn: to append to it would spoil the
// next line too.
func OpenJSONL(path string) (*JSONL, error) {
	_, err := os.Lstat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the records: %w", err)
	}
	err = endsWhole(file)
	if err == nil && isNew {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the records %s: %w", path, err), file.Close())
	}
	return &JSONL{file: file}, nil
}

// endsWhole returns nil when a file is empty or ends with a line's end.
func endsWhole(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	if info.Size() == 0 {
		return nil
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, info.Size()-1); err != nil {
		return err
	}
	if last[0] != '\n' {
		return fmt.Errorf("%w; remove that line, or use another folder", ErrTorn)
	}
	return nil
}

// Append writes a record as one line and returns when it is on disk. After an error nothing more
// is written: the line may be torn.
func (j *JSONL) Append(r metrics.Record) error {
	if j.broken {
		return fmt.Errorf("append a record to %s: %w", j.file.Name(), errBroken)
	}
	line, err := encode(r, "")
	if err != nil {
		return fmt.Errorf("append the record of cycle %d: %w", r.Cycle, err)
	}
	if _, err := j.file.Write(line); err != nil {
		j.broken = true
		return fmt.Errorf("append the record of cycle %d: %w", r.Cycle, err)
	}
	if err := j.file.Sync(); err != nil {
		j.broken = true
		return fmt.Errorf("put the record of cycle %d on disk: %w", r.Cycle, err)
	}
	return nil
}

// Close closes the file.
func (j *JSONL) Close() error { return j.file.Close() }

// encode writes a value as JSON with a line's end; signs such as < stay as they are.
func encode(value any, indent string) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}
