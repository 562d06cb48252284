package sqlite_test

import (
	"path/filepath"
	"testing"

	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/sqlite"
	"chaosctl/server/internal/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(tb testing.TB, dir string) store.Store { return open(tb, filepath.Join(dir, "memory.db")) })
}

// open opens a store that the caller closes.
func open(tb testing.TB, path string) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), path, sqlite.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
