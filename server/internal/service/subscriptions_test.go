package service_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// listening is a service with subscribers; done ends its announcements.
func listening(t *testing.T) (s *service.Service, h *hooks, done func()) {
	t.Helper()
	s, _ = newService(t, nil)
	h = &hooks{}
	s.UseWebhooks(h)
	register(t, s, "amy")
	ctx, cancel := context.WithCancel(context.Background())
	var announcing sync.WaitGroup
	announcing.Go(func() { s.Announce(ctx) })
	done = func() {
		cancel()
		announcing.Wait()
	}
	t.Cleanup(done)
	return s, h, done
}

func subscribe(t *testing.T, s *service.Service, change func(*service.SubscriptionDraft)) memory.Subscription {
	t.Helper()
	d := service.SubscriptionDraft{URL: "https://x.example", Caller: "amy"}
	if change != nil {
		change(&d)
	}
	done, err := s.Subscribe(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return done.Subscription
}

// TestEvents has each kind of write tell a subscriber once.
func TestEvents(t *testing.T) {
	t.Parallel()
	s, h, done := listening(t)
	create(t, s, func(d *service.Draft) { d.Title = "before anyone listens" })
	one := subscribe(t, s, func(d *service.SubscriptionDraft) { d.Secret = "hush" })
	id := create(t, s, func(d *service.Draft) { d.Caller = "ann" }).ID
	other := create(t, s, func(d *service.Draft) { d.Title = "other" }).ID
	for _, err := range []error{
		func() error { _, err := s.Update(t.Context(), id, memory.Patch{Content: pointer("d")}, ""); return err }(),
		func() error { _, err := s.Promote(t.Context(), id, "cy", nil); return err }(),
		func() error { _, err := s.Link(t.Context(), id, other, memory.RelatedTo, "cy"); return err }(),
		func() error { _, err := s.Delete(t.Context(), id, "cy"); return err }(),
		func() error { _, err := s.Notify(t.Context(), message("hi"), "cy"); return err }(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	govern(t, s, "approve", `"human"`)
	pending := ask(t, s, "asked")
	d, err := s.Approve(t.Context(), pending, "boss")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reject(t.Context(), ask(t, s, "no"), "boss"); err != nil {
		t.Fatal(err)
	}
	done()
	var got []string
	for _, sent := range h.deliveries() {
		if sent.SubscriptionID != one.ID || sent.URL != one.URL || sent.Key == nil || *sent.Key != sha256.Sum256([]byte("hush")) {
			t.Errorf("delivery %+v", sent)
		}
		var body map[string]any
		if err := json.Unmarshal(sent.Body, &body); err != nil {
			t.Fatal(err)
		}
		if _, err := memory.ParseTime(body["delivered_at"].(string)); err != nil {
			t.Error(err)
		}
		agent, _ := body["agent_id"].(string)
		if strings.HasPrefix(agent, "anonymous:") {
			agent = "anonymous"
		}
		what := map[string]string{id: "id", other: "other", d.MemoryID: "asked", "": "none"}[body["memory_id"].(string)]
		got = append(got, body["event"].(string)+" "+what+" "+agent)
	}
	want := []string{
		"memory_store id ann", "memory_store other anonymous", "memory_update id ann", "memory_promote id cy", "memory_link id cy",
		"memory_delete id cy", "memory_store  cy", "memory_store  owner1", "memory_update  owner1",
		"pending_decision asked boss", "memory_store asked ann", "pending_decision none boss",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestFiltersOfSubscriptions(t *testing.T) {
	t.Parallel()
	s, h, done := listening(t)
	names := map[string]string{}
	for name, change := range map[string]func(*service.SubscriptionDraft){
		"all":       nil,
		"deletes":   func(d *service.SubscriptionDraft) { d.Events = []string{"memory.deleted", "memory_delete"} },
		"namespace": func(d *service.SubscriptionDraft) { d.NamespaceFilter = "n" },
		"agent":     func(d *service.SubscriptionDraft) { d.AgentFilter = "ann" },
		"other":     func(d *service.SubscriptionDraft) { d.NamespaceFilter, d.AgentFilter = "m", "bob" },
	} {
		names[subscribe(t, s, change).ID] = name
	}
	create(t, s, func(d *service.Draft) { d.Namespace, d.AgentID = "n", "ann" })
	create(t, s, func(d *service.Draft) { d.Namespace, d.AgentID = "m", "cy" })
	done()
	got := map[string]int{}
	for _, sent := range h.deliveries() {
		got[names[sent.SubscriptionID]]++
	}
	if diff := cmp.Diff(map[string]int{"all": 2, "namespace": 1, "agent": 1}, got); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
}

func TestSubscriptionsAreListed(t *testing.T) {
	t.Parallel()
	s, h, done := listening(t)
	first := subscribe(t, s, func(d *service.SubscriptionDraft) {
		d.Secret, d.Events, d.NamespaceFilter = "hush", []string{"memory.stored, memory_delete"}, "n"
	})
	second := subscribe(t, s, nil)
	if first.Events != "memory_store,memory_delete" || second.Events != "*" || *first.CreatedBy != "amy" || second.NamespaceFilter != nil {
		t.Errorf("subscribed %+v and %+v", first, second)
	}
	for _, ok := range []bool{true, true, false} {
		s.Delivered(second.ID, ok)
	}
	h.full = errors.New("full")
	create(t, s, nil)
	done()
	found, err := s.Subscriptions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []service.SubscriptionState{
		{Subscription: second, Tally: service.Tally{Dispatched: 4, Failed: 2}}, {Subscription: first, Tally: service.Tally{Dispatched: 1, Failed: 1}},
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("subscriptions (-want +got):\n%s", diff)
	}
	if got := s.Deliveries(); got != (service.Tally{Dispatched: 5, Failed: 3}) {
		t.Errorf("deliveries %+v", got)
	}
	for _, want := range []bool{true, false} {
		if gone, err := s.Unsubscribe(t.Context(), first.ID); err != nil || gone.Removed != want {
			t.Errorf("unsubscribed %+v (%v), want %v", gone, err, want)
		}
	}
	if found, err = s.Subscriptions(t.Context()); err != nil || len(found) != 1 {
		t.Errorf("subscriptions %+v (%v)", found, err)
	}
}

func TestSubscriptionsThatAreNone(t *testing.T) {
	t.Parallel()
	s, h, _ := listening(t)
	h.refuse = errors.New("webhook URL missing scheme: x")
	var forbidden *service.Forbidden
	_, err := s.Subscribe(t.Context(), service.SubscriptionDraft{URL: "x", Caller: "eve"})
	const want = `agent "eve" is not registered; register it with POST /api/v1/agents before subscribing`
	if !errors.As(err, &forbidden) || forbidden.Message != want {
		t.Errorf("not registered: %v", err)
	}
	var invalid *service.Invalid
	if _, err = s.Subscribe(t.Context(), service.SubscriptionDraft{URL: "x", Caller: "amy"}); !errors.As(err, &invalid) || invalid.Message != h.refuse.Error() {
		t.Errorf("a URL that is refused: %v", err)
	}
	h.refuse = nil
	if _, err = s.Subscribe(t.Context(), service.SubscriptionDraft{Caller: "amy", Events: []string{"memory_sing"}}); !errors.As(err, &invalid) ||
		!strings.HasPrefix(invalid.Message, "unknown event 'memory_sing' — must be * or one of: memory_store, ") {
		t.Errorf("an event that is none: %v", err)
	}
	if _, err = s.Unsubscribe(t.Context(), " "); !errors.As(err, &invalid) {
		t.Errorf("a blank id: %v", err)
	}
	deaf, _ := newService(t, nil)
	register(t, deaf, "amy")
	if _, err = deaf.Subscribe(t.Context(), service.SubscriptionDraft{Caller: "amy"}); !errors.As(err, &invalid) {
		t.Errorf("where nothing is delivered: %v", err)
	}
	deaf.Announce(t.Context()) // has nothing to do
}

// TestAnnouncementsNeverWait has more events come than anyone takes.
func TestAnnouncementsNeverWait(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	s.UseWebhooks(&hooks{})
	register(t, s, "amy")
	subscribe(t, s, nil)
	drafts := make([]service.Draft, 1000)
	for i := range drafts {
		drafts[i] = draft(nil)
	}
	for range 5 {
		if _, err := s.CreateAll(t.Context(), drafts, "amy"); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Deliveries().Failed; got != 5000-4096 {
		t.Errorf("%d events were lost", got)
	}
}
