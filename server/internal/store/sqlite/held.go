package sqlite

import (
	"fmt"
	"sync"

	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/memory"
)

// held is the kinds of which there are or have been records.
type held struct {
	mu    sync.RWMutex
	kinds map[memory.RecordKind]bool
}

// readHeld asks a database.
func readHeld(conn *connection) (*held, error) {
	h := &held{kinds: map[memory.RecordKind]bool{}}
	err := run(conn, "SELECT DISTINCT kind FROM records", func(stmt *sqlite.Stmt) error {
		h.kinds[memory.RecordKind(stmt.ColumnText(0))] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for kinds of records: %w", err)
	}
	return h, nil
}

// put takes in what was committed.
func (h *held) put(done []written) {
	for _, w := range done {
		if w.Record != nil {
			h.mu.Lock()
			h.kinds[w.Record.Kind] = true
			h.mu.Unlock()
		}
	}
}

// Holds is false when there has certainly never been a record of a kind. Records that another
// process wrote into the file since it was opened do not count.
func (s *Store) Holds(kind memory.RecordKind) bool {
	s.held.mu.RLock()
	defer s.held.mu.RUnlock()
	return s.held.kinds[kind]
}
