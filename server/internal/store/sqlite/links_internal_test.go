package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/storetest"
)

// TestLinksFollowTheMemory links two rows: the link stays over a rename, and goes with one of them,
// also when another node's new memory takes the title.
func TestLinksFollowTheMemory(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do   func(*Store) error
		want int64
	}{
		"update": {func(s *Store) error {
			_, err := storetest.Update(t.Context(), s, "id-1", memory.Patch{Content: new("d")}, time.Now())
			return err
		}, 1},
		"rename": {func(s *Store) error {
			_, err := storetest.Update(t.Context(), s, "id-1", memory.Patch{Title: new("other")}, time.Now())
			return err
		}, 1},
		"rename elsewhere": {func(s *Store) error {
			m := newRow(1, "other", "c")
			m.Moved = 1
			write(t, s, m, "far", 1)
			return nil
		}, 1},
		"delete": {func(s *Store) error {
			_, err := storetest.Delete(t.Context(), s, "id-2", time.Now())
			return err
		}, 0},
		"a new memory elsewhere": {func(s *Store) error {
			m := newRow(3, "one", "c")
			m.Generation = 1
			write(t, s, m, "far", 1)
			return nil
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := opened(t, filepath.Join(t.TempDir(), "memory.db"))
			write(t, s, newRow(1, "one", "c"), "", 0)
			write(t, s, newRow(2, "two", "c"), "", 0)
			link := memory.Link{SourceID: "id-1", TargetID: "id-2", Relation: memory.RelatedTo, CreatedAt: "2026-01-01T00:00:00+00:00"}
			_, err := s.Write(t.Context(), func(x store.Tx) error { return x.Put(link.Record(1)) })
			if err != nil {
				t.Fatal(err)
			}
			if err := test.do(s); err != nil {
				t.Fatal(err)
			}
			if stats, err := s.Stats(t.Context()); err != nil || stats.Links != test.want {
				t.Errorf("%d links, %v, want %d", stats.Links, err, test.want)
			}
			changes, _, err := s.Own(t.Context(), 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			again, _, err := s.own(t.Context(), 0, 100)
			if err != nil || len(again) != len(changes) {
				t.Errorf("%d own events in memory, %d in the database, %v", len(changes), len(again), err)
			}
		})
	}
}
