package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"chaosctl/server/internal/store"
)

// TestReadersOpenWhatIsNeeded reads one after another on one connection, and at once on as many
// as there may be; who finds none waits, or goes when he no longer wants to.
func TestReadersOpenWhatIsNeeded(t *testing.T) {
	t.Parallel()
	s := opened(t, filepath.Join(t.TempDir(), "memory.db"))
	seen := map[*connection]bool{}
	note := func(conn *connection) error {
		seen[conn] = true
		return nil
	}
	for range 3 {
		if err := s.readers.read(t.Context(), note); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 1 {
		t.Errorf("3 reads, one after another, opened %d connections", len(seen))
	}

	var (
		mu      sync.Mutex
		all     sync.WaitGroup
		reading = make(chan struct{})
		goOn    = make(chan struct{})
	)
	for range defaultReaders {
		all.Go(func() {
			err := s.readers.read(t.Context(), func(conn *connection) error {
				mu.Lock()
				err := note(conn)
				mu.Unlock()
				reading <- struct{}{}
				<-goOn
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for range defaultReaders {
		<-reading
	}
	if len(seen) != defaultReaders {
		t.Errorf("%d reads at once opened %d connections", defaultReaders, len(seen))
	}
	brief, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.readers.read(brief, note); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one read too many: %v", err)
	}
	close(goOn)
	all.Wait()
	if err := s.readers.close(); err != nil {
		t.Error(err)
	}
	if err := s.readers.read(t.Context(), note); !errors.Is(err, store.ErrClosed) {
		t.Errorf("read after the end: %v", err)
	}
	s.readers = newReaders(s.path, 1) // the end of the test closes it once more
}
