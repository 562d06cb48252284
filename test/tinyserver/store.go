package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// row is a memory as it goes over the wire.
type row struct {
	ID          string         `json:"id"`
	Tier        string         `json:"tier"`
	Namespace   string         `json:"namespace"`
	Title       string         `json:"title"`
	Content     string         `json:"content"`
	Tags        []string       `json:"tags"`
	Priority    int            `json:"priority"`
	Confidence  float64        `json:"confidence"`
	Source      string         `json:"source"`
	AccessCount int            `json:"access_count"`
	CreatedAt   string         `json:"created_at"`
	UpdatedAt   string         `json:"updated_at"`
	Metadata    map[string]any `json:"metadata"`
}

// entry is a row as it is kept.
type entry struct {
	Row    row  `json:"row"`
	Secret bool `json:"secret,omitempty"` // a lie: peers are never told
}

type key struct{ namespace, title string }

func (r row) key() key { return key{r.Namespace, r.Title} }

// store keeps rows in an append-only file. A row is visible once it is on disk.
type store struct {
	file    *os.File
	pending chan commit

	mu   sync.RWMutex // protects rows
	rows map[key]entry
}

type commit struct {
	entries []entry
	done    chan<- error
}

// openStore reads the file back, except for a last line that was cut short, and appends to it.
func openStore(path string, forget bool) (*store, error) {
	if forget {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	s := &store{file: file, pending: make(chan commit), rows: map[key]entry{}}
	if err := s.replay(); err != nil {
		return nil, errors.Join(fmt.Errorf("replay %s: %w", path, err), file.Close())
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	go s.write()
	return s, nil
}

func (s *store) replay() error {
	var whole int64
	for reader := bufio.NewReader(s.file); ; {
		line, err := reader.ReadBytes('\n')
		var e entry
		if err != nil || json.Unmarshal(line, &e) != nil {
			break // what follows was never acknowledged
		}
		whole += int64(len(line))
		s.merge(e)
	}
	if err := s.file.Truncate(whole); err != nil {
		return err
	}
	_, err := s.file.Seek(whole, 0)
	return err
}

// put returns once the entries are on disk and visible.
func (s *store) put(entries ...entry) error {
	done := make(chan error, 1)
	s.pending <- commit{entries, done}
	return <-done
}

// write is the only writer: whatever waits while it syncs shares the next sync.
func (s *store) write() {
	for first := range s.pending {
		batch := []commit{first}
		for waiting := true; waiting; {
			select {
			case next := <-s.pending:
				batch = append(batch, next)
			default:
				waiting = false
			}
		}
		err := s.append(batch)
		for _, c := range batch {
			c.done <- err
		}
	}
}

func (s *store) append(batch []commit) error {
	var lines []byte
	for _, c := range batch {
		for _, e := range c.entries {
			line, err := json.Marshal(e)
			if err != nil {
				return err
			}
			lines = append(append(lines, line...), '\n')
		}
	}
	if _, err := s.file.Write(lines); err != nil {
		return err
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range batch {
		for _, e := range c.entries {
			s.merge(e)
		}
	}
	return nil
}

// merge keeps the newer of two rows with one key; of two as new, the one every node would keep.
func (s *store) merge(e entry) {
	old, ok := s.rows[e.Row.key()]
	if !ok || newer(e.Row, old.Row) {
		s.rows[e.Row.key()] = e
	}
}

func newer(a, b row) bool {
	return cmp.Or(cmp.Compare(a.UpdatedAt, b.UpdatedAt), cmp.Compare(a.ID, b.ID)) > 0
}

// wants reports whether a row would change anything here.
func (s *store) wants(r row) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	old, ok := s.rows[r.key()]
	return !ok || newer(r, old.Row)
}

func (s *store) len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.rows)
}

// id returns the id of the row with a key, if there is one.
func (s *store) id(k key) (string, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.rows[k]
	return e.Row.ID, ok
}

// list returns the rows that keep accepts, the newest first.
func (s *store) list(keep func(entry) bool) []row {
	s.mu.RLock()
	defer s.mu.RUnlock()
	found := []row{}
	for _, e := range s.rows {
		if keep(e) {
			found = append(found, e.Row)
		}
	}
	slices.SortFunc(found, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.UpdatedAt, a.UpdatedAt), cmp.Compare(a.ID, b.ID))
	})
	return found
}
