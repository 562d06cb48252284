package server_test

import (
	"fmt"
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

	b.create(t, "b while away")
	b.shutDown(t)

	// The restored node writes before it has heard of what it lost: as many events as it had, twice over.
	for round, want := range []int{10, 12} {
		a.shutDown(t)
		if _, err := server.Restore(t.Context(), server.RestoreOptions{From: to, DB: a.config.DB}); err != nil {
			t.Fatal(err)
		}
		a.start(t)
		titles := []string{fmt.Sprint("restored ", round), fmt.Sprint("restored, too ", round), fmt.Sprint("restored, three ", round)}
		for _, title := range titles[:3-round] {
			if status := a.create(t, title).status; status != http.StatusCreated {
				t.Fatalf("the restored node answers %d", status)
			}
		}
		b.start(t)
		wantEqual(t, 20*time.Second, want, a, b)
		b.shutDown(t)
	}
}
