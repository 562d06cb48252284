package server_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"chaosctl/server"
)

// TestRestoredNodeCatchesUp restores one of two nodes: what both had written since the backup comes back from the
// other, and what the restored node writes reaches it.
func TestRestoredNodeCatchesUp(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 2, 1, time.Second)
	a, b := nodes[0], nodes[1]
	a.start(t)
	b.start(t)
	for _, title := range []string{"a before", "a before, too"} {
		a.create(t, title)
	}
	b.create(t, "b before")
	wantEqual(t, 10*time.Second, 3, a, b)

	to := filepath.Join(t.TempDir(), "bk")
	if _, err := server.Backup(t.Context(), server.BackupOptions{DB: a.config.DB, To: to}); err != nil {
		t.Fatal(err)
	}
	a.create(t, "a after")
	a.create(t, "a after, too")
	b.create(t, "b after")
	wantEqual(t, 10*time.Second, 6, a, b)

	a.shutDown(t)
	b.create(t, "b while away")
	if _, err := server.Restore(t.Context(), server.RestoreOptions{From: to, DB: a.config.DB}); err != nil {
		t.Fatal(err)
	}
	a.start(t)
	if status := a.create(t, "a restored").status; status != http.StatusCreated {
		t.Fatalf("the restored node answers %d", status)
	}
	a.create(t, "a restored, too")
	wantEqual(t, 20*time.Second, 9, a, b)

	// And again: a second restore is of a node that has had two names.
	a.shutDown(t)
	if _, err := server.Restore(t.Context(), server.RestoreOptions{From: to, DB: a.config.DB}); err != nil {
		t.Fatal(err)
	}
	a.start(t)
	a.create(t, "a restored twice")
	wantEqual(t, 20*time.Second, 10, a, b)
}
