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

func newHeld() *held { return &held{kinds: map[memory.RecordKind]bool{}} }

// read asks a database. What was held stays so.
func (h *held) read(conn *connection) error {
	err := run(conn, "SELECT DISTINCT kind FROM records", func(stmt *sqlite.Stmt) error {
		h.add(memory.RecordKind(stmt.ColumnText(0)))
		return nil
	})
	if err != nil {
		return fmt.Errorf("looking for kinds of records: %w", err)
	}
	return nil
}

func (h *held) add(kind memory.RecordKind) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kinds[kind] = true
}

// put takes in what was committed.
func (h *held) put(done []written) {
	for _, w := range done {
		if w.Record != nil {
			h.add(w.Record.Kind)
		}
	}
}

// Holds is false when there has certainly never been a record of a kind. Records that another
// process wrote into the file count from the next transaction or Refresh on.
func (s *Store) Holds(kind memory.RecordKind) bool {
	s.held.mu.RLock()
	defer s.held.mu.RUnlock()
	return s.held.kinds[kind]
}
