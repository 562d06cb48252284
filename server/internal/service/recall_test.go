package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/storetest"
)

// stored creates a row, and returns it as it is.
func stored(t *testing.T, st store.Store, id string, change func(*memory.Memory)) memory.Memory {
	t.Helper()
	c, err := st.Create(t.Context(), row(id, change))
	if err != nil {
		t.Fatal(err)
	}
	return c.Memory
}

func recall(t *testing.T, s *service.Service, q service.SearchQuery, budget *uint64) service.Recalled {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = service.DefaultRecallLimit
	}
	got, err := s.Recall(t.Context(), q, budget)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func recalledIDs(r service.Recalled) []string {
	ids := []string{}
	for _, m := range r.Memories {
		ids = append(ids, m.ID)
	}
	return ids
}

// TestRecallTouches what it returns, nothing else, in one transaction, and has it sent.
func TestRecallTouches(t *testing.T) {
	t.Parallel()
	r := &spread{}
	s, st := newService(t, r)
	expires := memory.FormatTime(time.Now().Add(time.Minute))
	mid := func(m *memory.Memory) { m.Tier, m.ExpiresAt, m.Priority = memory.Mid, &expires, 5 }
	before := map[string]memory.Memory{}
	for i := range 4 {
		id := fmt.Sprint("m-", i)
		before[id] = stored(t, st, id, func(m *memory.Memory) { mid(m); m.Content = "word " + strings.Repeat("and more ", i) })
	}
	stored(t, st, "m-11", func(m *memory.Memory) { m.Content = "other" })
	budget := uint64(2*memory.Tokens(before["m-0"]) + 5)
	got := recall(t, s, service.SearchQuery{Text: "word"}, &budget)
	if diff := cmp.Diff([]string{"m-0", "m-1"}, recalledIDs(got)); diff != "" {
		t.Fatalf("recalled (-want +got):\n%s", diff)
	}
	if want := uint64(memory.Tokens(before["m-0"]) + memory.Tokens(before["m-1"])); got.Tokens != want {
		t.Errorf("%d tokens, want %d", got.Tokens, want)
	}
	for _, m := range got.Memories {
		if diff := cmp.Diff(before[m.ID], m.Memory); diff != "" {
			t.Errorf("recalled as it was before the touch (-want +got):\n%s", diff)
		}
		if m.Score != memory.RoundScore(m.Score) || m.Score <= 0 {
			t.Errorf("score %v", m.Score)
		}
	}
	for id, was := range before {
		m, err := st.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		touched := id == "m-0" || id == "m-1"
		switch {
		case !touched:
			if diff := cmp.Diff(was, m); diff != "" {
				t.Errorf("%s was not recalled (-before +after):\n%s", id, diff)
			}
		case m.AccessCount != 1 || m.LastAccessedAt == nil || *m.ExpiresAt <= expires || m.UpdatedAt != was.UpdatedAt:
			t.Errorf("%s after the touch: %+v", id, m)
		}
	}
	if r.notices != 1 || len(r.awaited) != 0 {
		t.Errorf("%d notices and %d waits, want one notice of both touches", r.notices, len(r.awaited))
	}
	changes, _, err := st.Own(t.Context(), 5, 10)
	if err != nil || len(changes) != 2 {
		t.Errorf("%d events of the touches (%v), want 2", len(changes), err)
	}
	if got := recall(t, s, service.SearchQuery{Text: "nothing"}, nil); got.Memories == nil || len(got.Memories) != 0 || r.notices != 1 {
		t.Errorf("of nothing: %+v, %d notices", got, r.notices)
	}
}

// TestRecallBudget stops before the first row that would exceed it.
func TestRecallBudget(t *testing.T) {
	t.Parallel()
	s, st := newService(t, nil)
	for i, size := range []int{4, 400, 4} { // in their order by priority
		stored(t, st, fmt.Sprint(i), func(m *memory.Memory) {
			m.Title, m.Content = fmt.Sprint("t", i), "word"+strings.Repeat("!", size)
			m.Priority = int32(9 - 4*i) //nolint:gosec // small
		})
	}
	for budget, want := range map[uint64]int{0: 0, 1: 0, 2: 1, 3: 1, 50: 1, 103: 2, 104: 2, 105: 3, 1 << 63: 3} {
		got := recall(t, s, service.SearchQuery{Text: "word"}, &budget)
		if len(got.Memories) != want || got.Tokens > budget {
			t.Errorf("budget %d: %d rows of %d tokens, want %d", budget, len(got.Memories), got.Tokens, want)
		}
	}
}

// TestRecallNearest is the factor of contract section 5.2.
func TestRecallNearest(t *testing.T) {
	t.Parallel()
	s, st := newService(t, nil)
	for i, namespace := range []string{"a", "a/b/c", "a/b", "a/b/c/d", "x"} {
		stored(t, st, namespace, func(m *memory.Memory) {
			m.Namespace, m.Title, m.Content = namespace, "same", "same"
			m.ID = fmt.Sprint(i)
		})
	}
	query := service.SearchQuery{Text: "same", Query: service.Query{Namespace: pointer("a/b/c")}}
	got := recall(t, s, query, nil)
	if diff := cmp.Diff([]string{"1", "2", "0"}, recalledIDs(got)); diff != "" {
		t.Fatalf("ids, the nearest first (-want +got):\n%s", diff)
	}
	first := got.Memories[0].Score
	for i, want := range []float64{first, first / 1.3, first / 1.6} {
		if off := got.Memories[i].Score - want; off > 0.002 || off < -0.002 {
			t.Errorf("score %v at %d, want %v", got.Memories[i].Score, i, want)
		}
	}
	// The limit comes first: what is left out by it does not come back by being near.
	far, err := storetest.Update(t.Context(), st, "0", memory.Patch{Priority: pointer[int32](10)}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	query.Limit = 1
	if got := recall(t, s, query, nil); len(got.Memories) != 1 || got.Memories[0].ID != far.Memory.ID {
		t.Errorf("the first of all namespaces is %v, want 0", recalledIDs(got))
	}
}

// TestRecallOfWhatGoes: a row that is deleted while it is recalled is no trouble, nor is another
// whose id begins with its id touched.
func TestRecallOfWhatGoes(t *testing.T) {
	t.Parallel()
	s, st := newService(t, nil)
	stored(t, st, "m-1", func(m *memory.Memory) { m.Content = "word" })
	stored(t, st, "m-12", nil)
	going := service.New(goingStore{st, "m-1"}, memory.NewClock(time.Now), nil, service.DefaultOptions(), quiet)
	if got := recall(t, going, service.SearchQuery{Text: "word"}, nil); len(got.Memories) != 1 {
		t.Fatalf("recalled %v", recalledIDs(got))
	}
	if m, err := s.Get(t.Context(), "m-12"); err != nil || m.AccessCount != 0 {
		t.Errorf("the row that was not recalled: %+v (%v)", m, err)
	}
}

// goingStore deletes a row as soon as it was found.
type goingStore struct {
	store.Store
	id string
}

func (g goingStore) Search(ctx context.Context, q store.SearchQuery) ([]store.Found, error) {
	found, err := g.Store.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	_, err = storetest.Delete(ctx, g.Store, g.id, time.Now())
	return found, err
}

// stuckStore cannot write.
type stuckStore struct{ store.Store }

func (stuckStore) Write(context.Context, func(store.Tx) error) ([]store.Change, error) {
	return nil, errors.New("the disk is full")
}

// TestRecallWithoutTouch answers all the same.
func TestRecallWithoutTouch(t *testing.T) {
	t.Parallel()
	_, st := newService(t, nil)
	stored(t, st, "m", func(m *memory.Memory) { m.Content = "word" })
	s := service.New(stuckStore{st}, memory.NewClock(time.Now), nil, service.DefaultOptions(), quiet)
	if got := recall(t, s, service.SearchQuery{Text: "word"}, nil); len(got.Memories) != 1 {
		t.Errorf("recalled %v", recalledIDs(got))
	}
}

// TestSearch touches nothing, and refuses what it must.
func TestSearch(t *testing.T) {
	t.Parallel()
	s, st := newService(t, nil)
	before := stored(t, st, "m", func(m *memory.Memory) { m.Content = "some word" })
	query := func(change func(*service.SearchQuery)) service.SearchQuery {
		q := service.SearchQuery{Text: "word some", Query: service.Query{Limit: 1 << 40}}
		if change != nil {
			change(&q)
		}
		return q
	}
	got, err := s.Search(t.Context(), query(nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]memory.Memory{before}, got); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if m, err := st.Get(t.Context(), "m"); err != nil || m.AccessCount != 0 {
		t.Errorf("after a search: %+v (%v)", m, err)
	}
	for message, change := range map[string]func(*service.SearchQuery){
		"query is required":                     func(q *service.SearchQuery) { q.Text = " \n\u00a0" },
		"invalid agent_id filter: agent_id can": func(q *service.SearchQuery) { q.AgentID = pointer("") },
		"invalid as_agent: namespace cannot ":   func(q *service.SearchQuery) { q.AsAgent = pointer("a b") },
	} {
		var invalid *service.Invalid
		if _, err := s.Search(t.Context(), query(change)); !errors.As(err, &invalid) || !strings.HasPrefix(invalid.Message, message) {
			t.Errorf("got %v, want %q", err, message)
		}
	}
	for message, q := range map[string]service.SearchQuery{
		"context is required":                         {Text: "  "},
		"invalid as_agent: namespace cannot be empty": {Text: "a", AsAgent: pointer("")},
	} {
		var invalid *service.Invalid
		if _, err := s.Recall(t.Context(), q, nil); !errors.As(err, &invalid) || invalid.Message != message {
			t.Errorf("got %v, want %q", err, message)
		}
	}
}
