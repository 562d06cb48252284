package service_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// TestCheck looks at drafts, and stores none of them.
func TestCheck(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	row, agent, err := s.Check(draft(func(d *service.Draft) { d.AgentID, d.Scope = "ai:a", pointer("team") }))
	if err != nil || agent != "ai:a" || row.ID == "" || string(row.Metadata) != `{"agent_id":"ai:a","scope":"team"}` {
		t.Errorf("got %+v of %q, %v", row, agent, err)
	}
	var broken *service.Invalid
	if _, _, err := s.Check(draft(func(d *service.Draft) { d.Source = "mars" })); !errors.As(err, &broken) {
		t.Errorf("a wrong source: %v", err)
	}
	if _, err := s.ByTitle(t.Context(), "t", "n"); !errors.Is(err, service.ErrNotFound) {
		t.Errorf("by title: %v, want nothing to be stored", err)
	}
}

// TestByTitle finds a memory by its title and namespace, both exact.
func TestByTitle(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	created, err := s.Create(t.Context(), draft(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.ByTitle(t.Context(), "t", "n"); err != nil || got.ID != created.ID {
		t.Errorf("got %s, %v, want %s", got.ID, err, created.ID)
	}
	for _, other := range [][2]string{{"T", "n"}, {"t", "N"}, {"t ", "n"}} {
		if _, err := s.ByTitle(t.Context(), other[0], other[1]); !errors.Is(err, service.ErrNotFound) {
			t.Errorf("%q: %v, want ErrNotFound", other, err)
		}
	}
}

// TestWouldForget counts what the same request would take out, and takes nothing out.
func TestWouldForget(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	for _, title := range []string{"red apple", "green apple", "pear"} {
		if _, err := s.Create(t.Context(), draft(func(d *service.Draft) { d.Title = title })); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.WouldForget(t.Context(), service.Forget{}); err == nil {
		t.Error("a request that selects nothing is taken")
	}
	got := map[string]int{}
	for name, f := range map[string]service.Forget{
		"apples":       {Pattern: pointer("apple")},
		"all":          {Namespace: pointer("n")},
		"of a tier":    {Namespace: pointer("n"), Tier: pointer(memory.Long)},
		"of elsewhere": {Namespace: pointer("other")},
	} {
		n, err := s.WouldForget(t.Context(), f)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got[name] = n
	}
	if diff := cmp.Diff(map[string]int{"apples": 2, "all": 3, "of a tier": 0, "of elsewhere": 0}, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	done, err := s.Forget(t.Context(), service.Forget{Pattern: pointer("apple")})
	if err != nil || done.Count != 2 {
		t.Errorf("forget: %d, %v", done.Count, err)
	}
}

// TestWouldCollect counts what has expired.
func TestWouldCollect(t *testing.T) {
	t.Parallel()
	s, stored := newService(t, nil)
	for title, expiry := range map[string]*string{"long ago": pointer("2024-01-01T00:00:00+00:00"), "never": nil} {
		m, _, err := s.Check(draft(func(d *service.Draft) { d.Title = title }))
		if err != nil {
			t.Fatal(err)
		}
		m.ExpiresAt = expiry
		if _, err := stored.Create(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.WouldCollect(t.Context()); err != nil || n != 1 {
		t.Errorf("would collect %d, %v, want 1", n, err)
	}
	if done, err := s.Collect(t.Context()); err != nil || done.Count != 1 {
		t.Errorf("collected %d, %v, want 1", done.Count, err)
	}
}
