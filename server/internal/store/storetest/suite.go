// Package storetest is the contract of store.Store as a test suite: every implementation passes
// all of it.
package storetest

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Opener opens the store that is kept in a directory, an empty one in an empty directory.
type Opener func(tb testing.TB, dir string) store.Store

// Run checks that what an opener opens is a store.Store in all that its contract says. It must
// be all that the calling test does: for the crash test the suite starts the test binary again,
// with that test alone, as a process to be killed.
func Run(t *testing.T, open Opener) {
	if dir := os.Getenv(writerEnv); dir != "" {
		writeUntilKilled(t, open(t, dir))
		return
	}
	parts := []struct {
		name string
		test func(*testing.T, Opener)
	}{
		{"create", testCreate},
		{"create over a row", testUpsert},
		{"create refuses an id in use", testIDInUse},
		{"own events", testOwn},
		{"merge labels", testLabels},
		{"merge of unnumbered rows", testUnnumbered},
		{"merge refuses single rows", testRefusals},
		{"merge of two versions in one batch", testTwoVersions},
		{"vector", testVector},
		{"numbers are never used twice", testNumbers},
		{"lacking", testLacking},
		{"lacking while rows change", testLackingMoves},
		{"replicas converge", testConvergence},
		{"delete", testDelete},
		{"update", testUpdate},
		{"rename", testRename},
		{"a rename that comes in parts", testRenameSplit},
		{"concurrent renames", testConcurrentRenames},
		{"deleted under another title", testKilledElsewhere},
		{"a node away from a deletion", testAway},
		{"deleted twice", testDeletedTwice},
		{"deletions of unnumbered rows", testUnnumberedDeletions},
		{"merge refuses single deletions", testRefusedDeletions},
		{"lacking deletions", testLackingDeletions},
		{"replicas converge with deletions", testDeletionsConverge},
		{"write", testWrite},
		{"records", testRecords},
		{"links of an id that loses", testRelink},
		{"archive and restore", testArchive},
		{"expiry", testExpiry},
		{"amend", testAmend},
		{"import", testImport},
		{"import of what is gone", testImportOfTheGone},
		{"selections", testSelections},
		{"checkpoint", testCheckpoint},
		{"get", testGet},
		{"list", testList},
		{"list order and pages", testPages},
		{"updated since", testSince},
		{"expired rows", testExpired},
		{"search", testSearch},
		{"search among some", testSearchAmong},
		{"search as an agent", testSearchAsAgent},
		{"search order", testSearchOrder},
		{"search follows", testSearchFollows},
		{"search among many", testSearchMany},
		{"touch", testTouch},
		{"similar", testSimilar},
		{"stats", testStats},
		{"sync state", testSyncState},
		{"healthy", testHealthy},
		{"contexts", testContexts},
		{"concurrent use", testConcurrency},
		{"close and open again", testReopen},
		{"closed", testClosed},
		{"kill", testKill},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) { part.test(t, open) })
	}
}

// opened is an empty store, closed when the test ends.
func opened(t *testing.T, open Opener) store.Store {
	t.Helper()
	s := open(t, t.TempDir())
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return s
}

// epoch is the time from which row counts.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// at is the timestamp some seconds after epoch.
func at(seconds int) string {
	return memory.FormatTime(epoch.Add(time.Duration(seconds) * time.Second))
}

// row is a valid memory of namespace n, created and updated some seconds after epoch, its id
// and content made of its title.
func row(title string, seconds int, changes ...func(*memory.Memory)) memory.Memory {
	m := memory.Memory{
		ID: "id-" + title, Tier: memory.Long, Namespace: "n", Title: title, Content: "content of " + title,
		Tags: []string{}, Priority: 5, Confidence: 1, Source: memory.SourceAPI, Metadata: []byte("{}"),
		CreatedAt: at(seconds), UpdatedAt: at(seconds),
	}
	for _, change := range changes {
		change(&m)
	}
	return m
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// must returns a value that must have come without an error.
func must[T any](t *testing.T, value T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func create(t *testing.T, s store.Store, m memory.Memory) store.Change {
	t.Helper()
	c, err := s.Create(t.Context(), m)
	return must(t, c, err)
}

func merge(t *testing.T, s store.Store, b store.Batch) store.Merged {
	t.Helper()
	merged, err := s.Merge(t.Context(), b)
	return must(t, merged, err)
}

func get(t *testing.T, s store.Store, id string) memory.Memory {
	t.Helper()
	m, err := s.Get(t.Context(), id)
	return must(t, m, err)
}

func vector(t *testing.T, s store.Store) store.Vector {
	t.Helper()
	v, err := s.Vector(t.Context())
	return must(t, v, err)
}

// event is the label a row has now.
func event(t *testing.T, s store.Store, id string) store.Event {
	t.Helper()
	changes, _, err := s.Lacking(t.Context(), nil, store.Event{}, 1000)
	for _, c := range must(t, changes, err) {
		if c.Memory.ID == id {
			return c.Event
		}
	}
	t.Fatalf("no row has the id %s", id)
	return store.Event{}
}

// titles are the titles of rows, in order.
func titles(rows []memory.Memory) []string {
	out := []string{}
	for _, m := range rows {
		out = append(out, m.Title)
	}
	return out
}

func changedTitles(changes []store.Change) []string {
	out := []string{}
	for _, c := range changes {
		out = append(out, c.Memory.Title)
	}
	return out
}

// numbered makes a batch of one origin's events, numbered from first on.
func numbered(origin string, first int64, rows ...memory.Memory) store.Batch {
	var b store.Batch
	for i, m := range rows {
		b.Changes = append(b.Changes, store.Change{Memory: m, Event: store.Event{Origin: origin, Seq: first + int64(i)}})
	}
	return b
}

// cancelled is a context that has ended.
func cancelled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// fill creates n rows, titled "row 000" and so on.
func fill(t *testing.T, s store.Store, n int) {
	t.Helper()
	for i := range n {
		create(t, s, row(fmt.Sprintf("row %03d", i), i))
	}
}

func pointer[T any](value T) *T { return &value }
