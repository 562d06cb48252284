package service_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// TestResolve has one memory supersede another (contract sections 4.8 and 7.2).
func TestResolve(t *testing.T) {
	t.Parallel()
	r := &spread{outcome: federation.Outcome{Acks: 2, Needed: 2}}
	s, _ := newService(t, r)
	soon := memory.FormatTime(time.Now().Add(time.Minute))
	seed(t, s, row("winner", func(m *memory.Memory) { m.Tier, m.ExpiresAt = memory.Mid, &soon }), row("loser", nil))
	before := mustGet(t, s, "winner")
	resolved, err := s.Resolve(t.Context(), "winner", "loser", "ann")
	if err != nil || !resolved.Met() || resolved.Quorum == nil {
		t.Fatalf("resolved %+v, %v", resolved, err)
	}
	winner, loser := mustGet(t, s, "winner"), mustGet(t, s, "loser")
	if d := cmp.Diff([]memory.Memory{winner, loser}, []memory.Memory{resolved.Winner, resolved.Loser}); d != "" {
		t.Errorf("what it says there is now (-want +got):\n%s", d)
	}
	if loser.Priority != 1 || loser.Confidence != 0.1 {
		t.Errorf("the loser has priority %d and confidence %v, want 1 and 0.1", loser.Priority, loser.Confidence)
	}
	if winner.AccessCount != before.AccessCount+1 || *winner.ExpiresAt <= soon || winner.UpdatedAt != before.UpdatedAt {
		t.Errorf("the winner is %+v, want it touched", winner)
	}
	links, err := s.Links(t.Context(), "loser")
	if err != nil || len(links) != 1 {
		t.Fatalf("links %v, %v", links, err)
	}
	want := memory.Link{SourceID: "winner", TargetID: "loser", Relation: memory.Supersedes, CreatedAt: links[0].CreatedAt}
	if links[0] != want {
		t.Errorf("link %v, want %v", links[0], want)
	}
	if again, err := s.Resolve(t.Context(), "winner", "loser", "ann"); err != nil || again.Winner.AccessCount != winner.AccessCount+1 {
		t.Errorf("once more: %+v, %v", again, err)
	}
}

func mustGet(t *testing.T, s *service.Service, id string) memory.Memory {
	t.Helper()
	m, err := s.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestResolveRefuses what cannot be, and leaves all as it was.
func TestResolveRefuses(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	seed(t, s, row("aa", nil), row("ab", nil), row("theirs", func(m *memory.Memory) {
		m.Namespace, m.Metadata = "gov", json.RawMessage(`{"agent_id":"ann"}`)
	}))
	standard := govern(t, s, "owner", `"human"`)
	const denied = "store denied by governance"
	for _, test := range []struct{ winner, loser, want string }{
		{"a", "ab", "source memory not found: a"}, // no prefixes
		{"aa", "zz", "target memory not found: zz"},
		{"aa", "aa", "cannot link a memory to itself"},
		{"aa", " ", "id cannot be empty"},
		{"aa", "theirs", denied},
		{"aa", standard, denied},
	} {
		_, err := s.Resolve(t.Context(), test.winner, test.loser, "bob")
		if got := refusal(err); got != test.want {
			t.Errorf("%s over %s: %v, want %q", test.winner, test.loser, err, test.want)
		}
	}
	for _, id := range []string{"ab", "theirs", standard} {
		if m := mustGet(t, s, id); m.Priority != 5 {
			t.Errorf("%s was changed: %+v", id, m)
		}
	}
	if links, err := s.Links(t.Context(), "aa"); err != nil || len(links) != 0 {
		t.Errorf("links %v, %v, want none", links, err)
	}
	if m := mustGet(t, s, "aa"); m.AccessCount != 0 {
		t.Errorf("the winner was touched %d times", m.AccessCount)
	}
}

// refusal is the text of a refusal; of a denial only what it denies.
func refusal(err error) string {
	if unknown, is := errors.AsType[*service.Unknown](err); is {
		return unknown.Error()
	}
	if invalid, is := errors.AsType[*service.Invalid](err); is {
		return invalid.Message
	}
	if denied, is := errors.AsType[*service.Denied](err); is {
		return string(denied.Action) + " denied by governance"
	}
	return ""
}

// TestLongPages asks for more than the routes give (contract section 5.4).
func TestLongPages(t *testing.T) {
	t.Parallel()
	for _, long := range []bool{false, true} {
		options := service.DefaultOptions()
		options.LongPages = long
		s := timed(t, time.Now, options)
		const there = service.MaxListLimit + 5
		var rows []memory.Memory
		for i := range there {
			rows = append(rows, row(fmt.Sprint("m", i), nil))
		}
		seed(t, s, rows...)
		most := func(limit int) int {
			if long {
				return there
			}
			return limit
		}
		everything := service.Query{Limit: there + 10}
		listed, err := s.List(t.Context(), everything)
		if err != nil || len(listed) != most(service.MaxListLimit) {
			t.Errorf("long %v: a list of %d (%v)", long, len(listed), err)
		}
		found, err := s.Search(t.Context(), service.SearchQuery{Query: everything, Text: "title"})
		if err != nil || len(found) != most(service.MaxSearchLimit) {
			t.Errorf("long %v: a search found %d (%v)", long, len(found), err)
		}
		recalled, err := s.Recall(t.Context(), service.SearchQuery{Query: everything, Text: "title"}, nil)
		if err != nil || len(recalled.Memories) != most(service.MaxRecallLimit) {
			t.Errorf("long %v: a recall of %d (%v)", long, len(recalled.Memories), err)
		}
	}
}
