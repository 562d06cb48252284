package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/sqlite"
)

// spread is a replication whose outcome is given.
type spread struct {
	outcome federation.Outcome
	awaited []store.Change
	heard   []string
	ahead   []string
	notices int
}

func (s *spread) Await(_ context.Context, c store.Change) federation.Outcome {
	s.awaited = append(s.awaited, c)
	return s.outcome
}
func (s *spread) AwaitAll(_ context.Context, changes []store.Change) federation.Outcome {
	s.awaited = append(s.awaited, changes...)
	return s.outcome
}
func (s *spread) Notify(int64)              { s.notices++ }
func (s *spread) Heard(node string)         { s.heard = append(s.heard, node) }
func (s *spread) Ahead(node string)         { s.ahead = append(s.ahead, node) }
func (s *spread) Status() federation.Status { return federation.Status{} }

func newService(t *testing.T, r service.Replication) (*service.Service, store.Store) {
	t.Helper()
	database, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "m.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := database.Close(); err != nil {
			t.Error(err)
		}
	})
	clock := memory.NewClock(time.Now)
	observed := service.Observed(database, clock)
	return service.New(observed, clock, r, service.DefaultOptions(), slog.New(slog.DiscardHandler)), observed
}

func draft(change func(*service.Draft)) service.Draft {
	d := service.Draft{
		Title: "t", Content: "c", Tier: memory.Mid, Namespace: "n", Tags: []string{}, Priority: 5,
		Confidence: 1, Source: "chaos", Metadata: json.RawMessage("{}"),
	}
	if change != nil {
		change(&d)
	}
	return d
}

func pointer[T any](v T) *T { return &v }

// TestOrderOfChecks has several things wrong at once: the first in the contract's order is told.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	broken := []struct {
		message string
		spoil   func(*service.Draft)
	}{
		{"title cannot be empty", func(d *service.Draft) { d.Title = " " }},
		{"content cannot be empty", func(d *service.Draft) { d.Content = "" }},
		{"namespace cannot be empty", func(d *service.Draft) { d.Namespace = "" }},
		{"source cannot be empty", func(d *service.Draft) { d.Source = "" }},
		{"tags cannot contain empty strings", func(d *service.Draft) { d.Tags = []string{""} }},
		{"priority must be between 1 and 10 (got 0)", func(d *service.Draft) { d.Priority = 0 }},
		{"confidence must be between 0.0 and 1.0 (got 2)", func(d *service.Draft) { d.Confidence = 2 }},
		{"expires_at is in the past", func(d *service.Draft) { d.ExpiresAt = pointer("2020-01-01T00:00:00Z") }},
		{"ttl_secs must be positive (got 0)", func(d *service.Draft) { d.TTLSecs = pointer(int64(0)) }},
		{"metadata must be a JSON object", func(d *service.Draft) { d.Metadata = json.RawMessage("[]") }},
		{"invalid agent_id: agent_id contains invalid character ' ' (allowed: alphanumeric, _-:@./)", func(d *service.Draft) { d.AgentID = "a b" }},
		{"invalid scope 'x' — must be one of: private, team, unit, org, collective", func(d *service.Draft) { d.Scope = pointer("x") }},
	}
	for first := range broken {
		d := draft(func(d *service.Draft) {
			for _, b := range broken[first:] {
				b.spoil(d)
			}
		})
		_, err := s.Create(t.Context(), d)
		var invalid *service.Invalid
		if !errors.As(err, &invalid) || invalid.Message != broken[first].message {
			t.Errorf("error %v, want %q", err, broken[first].message)
		}
	}
	if n, err := s.Size(t.Context()); n != 0 || err != nil {
		t.Errorf("%d rows were stored (%v)", n, err)
	}
}

// TestExpiry takes each way to an expiry.
func TestExpiry(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	given := "2199-01-01T00:00:00-08:00"
	for name, test := range map[string]struct {
		change func(*service.Draft)
		want   time.Duration // from now; 0: none
		text   string
	}{
		"short":            {func(d *service.Draft) { d.Tier = memory.Short }, 6 * time.Hour, ""},
		"mid":              {nil, 7 * 24 * time.Hour, ""},
		"long":             {func(d *service.Draft) { d.Tier = memory.Long }, 0, ""},
		"long with ttl":    {func(d *service.Draft) { d.Tier, d.TTLSecs = memory.Long, pointer(int64(60)) }, time.Minute, ""},
		"given before ttl": {func(d *service.Draft) { d.ExpiresAt, d.TTLSecs = &given, pointer(int64(60)) }, 0, given},
	} {
		c, err := s.Create(t.Context(), draft(func(d *service.Draft) {
			d.Title = name
			if test.change != nil {
				test.change(d)
			}
		}))
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.Get(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case test.text != "":
			if m.ExpiresAt == nil || *m.ExpiresAt != test.text {
				t.Errorf("%s: expires at %v, want %s", name, m.ExpiresAt, test.text)
			}
		case test.want == 0:
			if m.ExpiresAt != nil {
				t.Errorf("%s: expires at %s, want never", name, *m.ExpiresAt)
			}
		default:
			at, err := memory.ParseTime(*m.ExpiresAt)
			if off := time.Until(at) - test.want; err != nil || off.Abs() > time.Minute {
				t.Errorf("%s: expires at %s, want in %v (%v)", name, *m.ExpiresAt, test.want, err)
			}
		}
	}
}

// TestAgent takes each way to an agent id, and looks at what is stored.
func TestAgent(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	for name, test := range map[string]struct {
		body, caller, want string
	}{
		"body first":       {"bob", "a b", "bob"},
		"caller":           {"", "ann", "ann"},
		"neither, made up": {"", "", "anonymous:req-"},
	} {
		c, err := s.Create(t.Context(), draft(func(d *service.Draft) {
			d.Title, d.AgentID, d.Caller = name, test.body, test.caller
			d.Metadata, d.Scope = json.RawMessage(`{"agent_id":"mallory","html":"<b>"}`), pointer("team")
		}))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(c.AgentID, test.want) {
			t.Errorf("%s: agent %q, want %q", name, c.AgentID, test.want)
		}
		m, err := s.Get(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"agent_id":"` + c.AgentID + `","html":"<b>","scope":"team"}`
		if diff := cmp.Diff(want, string(m.Metadata)); diff != "" {
			t.Errorf("%s: metadata (-want +got):\n%s", name, diff)
		}
	}
	if _, err := s.Create(t.Context(), draft(func(d *service.Draft) { d.Caller = "a b" })); err == nil {
		t.Error("a caller's id with a blank was taken")
	}
}

// TestContradictions reports similar memories of the namespace, never the memory itself.
func TestContradictions(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	create := func(title, namespace string) service.Created {
		t.Helper()
		c, err := s.Create(t.Context(), draft(func(d *service.Draft) { d.Title, d.Namespace = title, namespace }))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := create("the port is 80", "n")
	create("the port is 80", "elsewhere")
	if again := create("the port is 80", "n"); again.ID != first.ID || len(again.Contradictions) != 0 {
		t.Errorf("the same title again: %+v", again)
	}
	if diff := cmp.Diff([]string{first.ID}, create("the port is 81", "n").Contradictions); diff != "" {
		t.Errorf("contradictions (-want +got):\n%s", diff)
	}
}

// TestTooFewCopies keeps the row and tells its id.
func TestTooFewCopies(t *testing.T) {
	t.Parallel()
	r := &spread{outcome: federation.Outcome{Acks: 1, Needed: 2, Reason: federation.Unreachable}}
	s, _ := newService(t, r)
	c, err := s.Create(t.Context(), draft(nil))
	if err != nil || c.Met() {
		t.Fatalf("created %+v, %v", c, err)
	}
	if m, err := s.Get(t.Context(), c.ID); err != nil || len(r.awaited) != 1 || r.awaited[0].Memory.ID != m.ID {
		t.Errorf("row %+v (%v), awaited %+v", m, err, r.awaited)
	}
}

// TestCreateOutlivesItsCaller stores although the caller is gone before it begins.
func TestCreateOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	r := &spread{}
	s, _ := newService(t, r)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Create(ctx, draft(nil)); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Size(t.Context()); n != 1 || err != nil || len(r.awaited) != 1 {
		t.Errorf("%d rows (%v), %d awaited", n, err, len(r.awaited))
	}
}

func row(id string, change func(*memory.Memory)) memory.Memory {
	m := memory.Memory{
		ID: id, Title: "title " + id, Content: "c", Namespace: "n", Tier: memory.Mid, Source: "chaos", Tags: []string{},
		Priority: 5, Confidence: 1, Metadata: json.RawMessage("{}"),
		CreatedAt: "2026-01-01T00:00:00+00:00", UpdatedAt: "2026-01-01T00:00:00+00:00",
	}
	if change != nil {
		change(&m)
	}
	return m
}

// TestSyncPush takes good and bad rows, from a server that numbers them and from one that does
// not.
func TestSyncPush(t *testing.T) {
	t.Parallel()
	r := &spread{}
	s, st := newService(t, r)
	bad := row("bad", func(m *memory.Memory) { m.Source = "robot" })
	p := service.Push{Sender: "peer-a", Caller: "me", Memories: []memory.Memory{row("a", nil), bad}}

	dry := p
	dry.DryRun = true
	got, err := s.SyncPush(t.Context(), dry)
	if err != nil || got.Noop != 1 || got.Skipped != 1 || got.Applied != 0 || len(got.IDs) != 0 {
		t.Errorf("dry run: %+v, %v", got, err)
	}
	if n, err := s.Size(t.Context()); n != 0 || err != nil {
		t.Errorf("the dry run stored %d rows (%v)", n, err)
	}

	got, err = s.SyncPush(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	want := service.Pushed{
		Applied: 1, Skipped: 1, Receiver: "me", Clock: map[string]string{"peer-a": "2026-01-01T00:00:00+00:00"},
		IDs: []string{"a"}, Node: st.Origin(), Have: service.Vector{st.Origin(): 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("push (-want +got):\n%s", diff)
	}

	numbered := service.Push{
		Sender: "host:b", Caller: "host:b", Memories: []memory.Memory{row("b", nil)}, Node: "b",
		Events: []service.Mark{{Event: service.Event{Origin: "b", Seq: 4}}}, Span: &service.Span{Origin: "b", After: 0, Upto: 7},
	}
	got, err = s.SyncPush(t.Context(), numbered)
	if err != nil || got.Have["b"] != 7 || got.Have[st.Origin()] != 1 || len(got.Clock) != 0 {
		t.Errorf("numbered push: %+v, %v", got, err)
	}
	if diff := cmp.Diff([]string{"", "", "b"}, r.heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	if r.notices == 0 {
		t.Error("replication was not told that there is something to send")
	}
	for message, bad := range map[string]service.Push{
		"invalid sender_agent_id: agent_id cannot be empty":         {},
		"sync_push limited to 1000 memories per request":            {Sender: "a", Memories: make([]memory.Memory, 1001)},
		"invalid x-agent-id: agent_id contains invalid character '": {Sender: "a", Caller: "b c"},
	} {
		var invalid *service.Invalid
		if _, err := s.SyncPush(t.Context(), bad); !errors.As(err, &invalid) || !strings.HasPrefix(invalid.Message, message) {
			t.Errorf("error %v, want %q", err, message)
		}
	}
}

// TestObserved has a merged row of a time ahead of this clock: what is written later is later.
func TestObserved(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	ahead := memory.FormatTime(time.Now().Add(20 * time.Second))
	p := service.Push{Sender: "a", Memories: []memory.Memory{row("a", func(m *memory.Memory) { m.UpdatedAt = ahead })}}
	if _, err := s.SyncPush(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	c, err := s.Create(t.Context(), draft(nil))
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Get(t.Context(), c.ID)
	if err != nil || m.UpdatedAt <= ahead {
		t.Errorf("updated_at %s (%v), want it after %s", m.UpdatedAt, err, ahead)
	}
}

// TestChange updates and deletes: what is waited for, and what is left when the copies are too few.
func TestChange(t *testing.T) {
	t.Parallel()
	r := &spread{outcome: federation.Outcome{Acks: 1, Needed: 2, Reason: federation.Unreachable}}
	s, _ := newService(t, r)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // whoever asked is gone
	c, err := s.Create(ctx, draft(nil))
	if err != nil {
		t.Fatal(err)
	}
	updated, err := s.Update(ctx, c.ID[:20], memory.Patch{Content: pointer("d")}, "")
	if err != nil || updated.Met() || updated.Memory.Content != "d" {
		t.Errorf("updated %+v, %v", updated, err)
	}
	deleted, err := s.Delete(ctx, c.ID[:20], "ann")
	if err != nil || deleted.Met() || deleted.ID != c.ID {
		t.Errorf("deleted %+v, %v", deleted, err)
	}
	if len(r.awaited) != 3 || r.awaited[1].Memory.Content != "d" || r.awaited[2].Deletion == nil || r.awaited[2].ID() != c.ID {
		t.Errorf("awaited %+v", r.awaited)
	}
	if _, err := s.Delete(t.Context(), c.ID, ""); !errors.Is(err, service.ErrNotFound) {
		t.Errorf("once more: %v, want ErrNotFound", err)
	}
	for message, call := range map[string]func() error{
		"id cannot be empty":           func() error { _, err := s.Delete(t.Context(), " ", ""); return err },
		"invalid agent_id: agent_id c": func() error { _, err := s.Delete(t.Context(), "x", "a b"); return err },
		"title cannot be empty": func() error {
			_, err := s.Update(t.Context(), "x", memory.Patch{Title: pointer("")}, "")
			return err
		},
	} {
		var invalid *service.Invalid
		if err := call(); !errors.As(err, &invalid) || !strings.HasPrefix(invalid.Message, message) {
			t.Errorf("got %v, want %q", err, message)
		}
	}
}

// TestCreatedAfterADeletionElsewhere is later than that, though the other node's clock is ahead.
func TestCreatedAfterADeletionElsewhere(t *testing.T) {
	t.Parallel()
	s, st := newService(t, nil)
	ahead := memory.FormatTime(time.Now().Add(20 * time.Second))
	deletion := memory.Deletion{ID: "x", Title: "t", Namespace: "n", Generation: 4, DeletedAt: ahead}
	change := store.Change{Deletion: &deletion, Event: store.Event{Origin: "far", Seq: 1}}
	if _, err := st.Merge(t.Context(), store.Batch{Changes: []store.Change{change}}); err != nil {
		t.Fatal(err)
	}
	c, err := s.Create(t.Context(), draft(nil))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := s.Get(t.Context(), c.ID); err != nil || m.CreatedAt <= ahead || m.Generation != 4 {
		t.Errorf("created %+v (%v), want it after %s in generation 4", m, err, ahead)
	}
}

// A node that has followed a third one further than we have is asked at once; what it made itself,
// and what we made, it or we will send anyway.
func TestPullByANodeThatIsAhead(t *testing.T) {
	for name, test := range map[string]struct {
		have store.Vector
		want []string
	}{
		"of a third":  {store.Vector{"gone": 7}, []string{"asker"}},
		"of its own":  {store.Vector{"asker": 7}, nil},
		"of nobody":   {store.Vector{}, nil},
		"of this one": {store.Vector{"self": 7}, nil},
	} {
		r := &spread{}
		s, log := newService(t, r)
		if seq, ok := test.have["self"]; ok {
			test.have = store.Vector{log.Origin(): seq}
		}
		if _, err := s.SyncPull(t.Context(), service.Pull{Node: "asker", Have: test.have, Limit: 10}); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(test.want, r.ahead); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
