package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// Manifest says what a snapshot is (contract section 8).
type Manifest struct {
	Snapshot  string `json:"snapshot"`   // name of its file, without folder
	SHA256    string `json:"sha256"`     // of the file, lower-case hex
	Bytes     int64  `json:"bytes"`      // size of the file
	SourceDB  string `json:"source_db"`  // path of the database, as it was given
	Version   string `json:"version"`    // of the program
	CreatedAt string `json:"created_at"` // RFC 3339
}

// fileMode keeps memories to whoever makes backups.
const fileMode = 0o600

// write writes a manifest into a file, over what is there, and makes it durable.
func (m Manifest) write(path string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("writing manifest: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, fileMode) //nolint:gosec // in the folder the caller named
	if err != nil {
		return fmt.Errorf("writing manifest: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("writing manifest: %w", err)
	}
	return nil
}

// maxManifest bounds what is read of a file that is said to be a manifest.
const maxManifest = 1 << 20

// readManifest reads a manifest. The error of a file that is not there is fs.ErrNotExist.
func readManifest(path string) (Manifest, error) {
	var m Manifest
	info, err := os.Stat(path)
	if err != nil {
		return m, err
	}
	if info.Size() > maxManifest {
		return m, fmt.Errorf("parsing manifest %s: %w", path, errors.New("it is too long to be one"))
	}
	text, err := os.ReadFile(path) //nolint:gosec // beside the snapshot that the caller named
	if err != nil {
		return m, fmt.Errorf("reading manifest %s: %w", path, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("parsing manifest %s: %w", path, err)
	}
	if m.SHA256 == "" {
		return m, fmt.Errorf("parsing manifest %s: %w", path, errors.New("it names no sha256"))
	}
	return m, nil
}
