package service_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// govern gives namespace gov a policy of one level for everything, kept in a memory of owner1.
func govern(t *testing.T, s *service.Service, level, approver string) (standard string) {
	t.Helper()
	standard = create(t, s, func(d *service.Draft) { d.Title, d.Namespace, d.AgentID = "rules", "gov", "owner1" }).ID
	setPolicy(t, s, standard, level, approver)
	return standard
}

func setPolicy(t *testing.T, s *service.Service, standard, level, approver string) {
	t.Helper()
	policy := `{"write":"` + level + `","promote":"` + level + `","delete":"` + level + `","approver":` + approver + `}`
	d := service.StandardDraft{Namespace: "gov", MemoryID: standard, Governance: json.RawMessage(policy), Caller: "owner1"}
	if _, err := s.SetStandard(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, s *service.Service, change func(*service.Draft)) service.Created {
	t.Helper()
	c, err := s.Create(t.Context(), draft(change))
	if err != nil || c.Queued != nil {
		t.Fatalf("created %+v, %v", c, err)
	}
	return c
}

func register(t *testing.T, s *service.Service, agents ...string) {
	t.Helper()
	for _, agent := range agents {
		if _, err := s.Register(t.Context(), agent, "human", nil); err != nil {
			t.Fatal(err)
		}
	}
}

// verdict is what became of an action, in a word or the reason of the denial.
func verdict(t *testing.T, queued *service.Queued, err error) string {
	t.Helper()
	var denied *service.Denied
	switch {
	case errors.As(err, &denied):
		return denied.Error()
	case err != nil:
		t.Fatal(err)
	case queued != nil:
		return "queued"
	}
	return "done"
}

// TestPolicies has each level say what it says to each action of each caller (contract section
// 4.12). The memory that is acted on is ann's; the standard is owner1's.
func TestPolicies(t *testing.T) {
	t.Parallel()
	unregistered := func(action, caller string) string {
		return action + " denied by governance: governance: caller '" + caller + "' is not a registered agent"
	}
	foreign := func(action, caller, owner string) string {
		return action + " denied by governance: governance: caller '" + caller + "' is not the owner ('" + owner + "')"
	}
	for _, test := range []struct {
		level, caller                  string
		store, update, remove, promote string
	}{
		{"any", "eve", "done", "done", "done", "done"},
		{"registered", "eve", unregistered("store", "eve"), unregistered("store", "eve"), unregistered("delete", "eve"), unregistered("promote", "eve")},
		{"registered", "reg", "done", "done", "done", "done"},
		{"owner", "ann", foreign("store", "ann", "owner1"), foreign("store", "ann", "owner1"), "done", "done"},
		{"owner", "owner1", "done", "done", foreign("delete", "owner1", "ann"), foreign("promote", "owner1", "ann")},
		{"owner", "writer", foreign("store", "writer", "owner1"), "done", foreign("delete", "writer", "ann"), foreign("promote", "writer", "ann")},
		{"owner", "admin", foreign("store", "admin", "owner1"), "done", "done", "done"},
		{"owner", "reader", foreign("store", "reader", "owner1"), foreign("store", "reader", "owner1"), foreign("delete", "reader", "ann"), foreign("promote", "reader", "ann")},
		{"approve", "owner1", "queued", "queued", "queued", "queued"},
		{"approve", "eve", "queued", "queued", "queued", "queued"},
	} {
		t.Run(test.level+" to "+test.caller, func(t *testing.T) {
			t.Parallel()
			s, _ := newService(t, nil)
			register(t, s, "reg")
			id := create(t, s, func(d *service.Draft) { d.Title, d.Namespace, d.AgentID = "row", "gov", "ann" }).ID
			for agent, p := range map[string]memory.Permission{
				"reader": memory.MayRead, "writer": memory.MayWrite, "admin": memory.MayAdmin,
			} {
				if _, err := s.Grant(t.Context(), id, agent, p, "ann"); err != nil {
					t.Fatal(err)
				}
			}
			govern(t, s, test.level, `"human"`)
			stored, err := s.Create(t.Context(), draft(func(d *service.Draft) { d.Title, d.Namespace, d.Caller = "new", "gov", test.caller }))
			got := []string{verdict(t, stored.Queued, err)}
			updated, err := s.Update(t.Context(), id, memory.Patch{Content: pointer("changed")}, test.caller)
			got = append(got, verdict(t, updated.Queued, err))
			promoted, err := s.Promote(t.Context(), id, test.caller, nil)
			got = append(got, verdict(t, promoted.Queued, err))
			deleted, err := s.Delete(t.Context(), id, test.caller)
			got = append(got, verdict(t, deleted.Queued, err))
			if diff := cmp.Diff([]string{test.store, test.update, test.promote, test.remove}, got); diff != "" {
				t.Errorf("store, update, promote, delete (-want +got):\n%s", diff)
			}
			m, err := s.Get(t.Context(), id)
			if gone := errors.Is(err, service.ErrNotFound); gone != (test.remove == "done") {
				t.Errorf("the row is gone: %v", gone)
			}
			if err == nil && (m.Content == "changed") != (test.update == "done") {
				t.Errorf("the content is %q", m.Content)
			}
		})
	}
}

// TestPolicyIsOfExactlyItsNamespace leaves namespaces below and beside alone.
func TestPolicyIsOfExactlyItsNamespace(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	govern(t, s, "approve", `"human"`)
	for _, namespace := range []string{"gov/below", "gov-x", "other", " gov"} {
		create(t, s, func(d *service.Draft) { d.Namespace = namespace })
	}
}

// TestNobodyLiftsAPolicy tries to by all that changes the memory that holds it. The level is any:
// everything else in the namespace is free.
func TestNobodyLiftsAPolicy(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	standard := govern(t, s, "any", `"human"`)
	free := create(t, s, func(d *service.Draft) { d.Title, d.AgentID = "free", "eve" }).ID
	const mine = " denied by governance: governance: caller 'eve' is not the owner ('owner1')"
	loose := json.RawMessage(`{"write":"any","promote":"any","delete":"any","approver":"human"}`)
	for what, try := range map[string]func() error{
		"store": func() error {
			_, err := s.Create(t.Context(), draft(func(d *service.Draft) { d.Title, d.Namespace, d.Caller = "rules", "gov", "eve" }))
			return err
		},
		"update": func() error {
			_, err := s.Update(t.Context(), standard, memory.Patch{Metadata: json.RawMessage(`{}`)}, "eve")
			return err
		},
		"move": func() error {
			_, err := s.Update(t.Context(), standard, memory.Patch{Namespace: pointer("elsewhere")}, "eve")
			return err
		},
		"delete": func() error { _, err := s.Delete(t.Context(), standard, "eve"); return err },
		"set another": func() error {
			_, err := s.SetStandard(t.Context(), service.StandardDraft{Namespace: "gov", MemoryID: free, Caller: "eve"})
			return err
		},
		"set its policy by way of another namespace": func() error {
			_, err := s.SetStandard(t.Context(), service.StandardDraft{Namespace: "eves", MemoryID: standard, Governance: loose, Caller: "eve"})
			return err
		},
		"clear": func() error { _, err := s.ClearStandard(t.Context(), "gov", "eve"); return err },
	} {
		var denied *service.Denied
		if err := try(); !errors.As(err, &denied) || denied.Error() != string(denied.Action)+mine {
			t.Errorf("%s: %v, want it denied", what, err)
		}
	}
	if found, err := s.Standard(t.Context(), "gov"); err != nil || found == nil || found.StandardID != standard || found.Memory.Title != "rules" {
		t.Errorf("the standard is %+v (%v)", found, err)
	}
	if _, err := s.Update(t.Context(), standard, memory.Patch{Content: pointer("better")}, "owner1"); err != nil {
		t.Errorf("the owner may not change it: %v", err)
	}
	if _, err := s.Delete(t.Context(), standard, "owner1"); err != nil {
		t.Errorf("the owner may not delete it: %v", err)
	}
	if found, err := s.Standard(t.Context(), "gov"); err != nil || found != nil {
		t.Errorf("the standard is %+v (%v), want none", found, err)
	}
}

// TestMoves has an update that moves a memory out of a governed namespace, or within it.
func TestMoves(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	id := create(t, s, func(d *service.Draft) { d.Namespace, d.AgentID = "gov", "ann" }).ID
	govern(t, s, "approve", `"human"`)
	for what, p := range map[string]memory.Patch{
		"out": {Namespace: pointer("free")}, "renamed": {Title: pointer("other")},
	} {
		var denied *service.Denied
		_, err := s.Update(t.Context(), id, p, "ann")
		if !errors.As(err, &denied) || denied.Reason != "governance: a change of title or namespace cannot wait for approval" {
			t.Errorf("%s: %v", what, err)
		}
	}
	free := create(t, s, func(d *service.Draft) { d.Namespace = "free" }).ID
	if _, err := s.Update(t.Context(), free, memory.Patch{Namespace: pointer("gov")}, "ann"); err == nil {
		t.Error("a memory moved into a namespace that needs approval")
	}
}

// TestAgentsAreNotForged writes into the namespace of registrations by all that clients have.
func TestAgentsAreNotForged(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	register(t, s, "reg")
	namespace := memory.AgentsNamespace
	rows, err := s.List(t.Context(), service.Query{Namespace: &namespace, Limit: 2})
	if err != nil || len(rows) != 1 {
		t.Fatalf("rows %+v (%v)", rows, err)
	}
	free := create(t, s, nil).ID
	const refusal = " denied by governance: namespace '_agents' is written by agent registration only"
	for what, try := range map[string]func() error{
		"store": func() error {
			_, err := s.Create(t.Context(), draft(func(d *service.Draft) { d.Namespace, d.Title = namespace, "agent:eve" }))
			return err
		},
		"update": func() error {
			_, err := s.Update(t.Context(), rows[0].ID, memory.Patch{Content: pointer("x")}, "reg")
			return err
		},
		"move away": func() error {
			_, err := s.Update(t.Context(), rows[0].ID, memory.Patch{Namespace: pointer("n")}, "reg")
			return err
		},
		"move in": func() error {
			_, err := s.Update(t.Context(), free, memory.Patch{Namespace: &namespace}, "reg")
			return err
		},
		"delete": func() error { _, err := s.Delete(t.Context(), rows[0].ID, "reg"); return err },
	} {
		var denied *service.Denied
		if err := try(); !errors.As(err, &denied) || denied.Error() != string(denied.Action)+refusal {
			t.Errorf("%s: %v", what, err)
		}
	}
	if m, err := s.Get(t.Context(), rows[0].ID); err != nil || !m.Registers("reg") {
		t.Errorf("the registration is %+v (%v)", m, err)
	}
}

// TestFreeOfCharge counts what a create costs where there are no policies and no subscribers.
func TestFreeOfCharge(t *testing.T) {
	t.Parallel()
	_, database := newService(t, nil)
	counting := &counted{Store: database}
	s := service.New(counting, memory.NewClock(now), nil, service.DefaultOptions(), quiet)
	create(t, s, nil)
	if diff := cmp.Diff([]string{"Create", "Similar"}, slices.Sorted(slices.Values(counting.calls()))); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestQueuedWaitsForCopies reports a queue that too few nodes hold.
func TestQueuedWaitsForCopies(t *testing.T) {
	t.Parallel()
	r := &spread{}
	s, _ := newService(t, r)
	govern(t, s, "approve", `"human"`)
	r.outcome = federation.Outcome{Acks: 1, Needed: 2, Reason: federation.Unreachable}
	c, err := s.Create(t.Context(), draft(func(d *service.Draft) { d.Namespace, d.Caller = "gov", "ann" }))
	if err != nil || c.Queued == nil || c.Queued.Met() {
		t.Errorf("created %+v, %v", c, err)
	}
	if last := r.awaited[len(r.awaited)-1]; last.Record == nil || last.Record.Key != c.Queued.PendingID {
		t.Errorf("awaited %+v", last)
	}
}
