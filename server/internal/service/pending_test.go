package service_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
	"chaosctl/server/internal/store"
)

// ask queues the storing of a memory with a title, by ann.
func ask(t *testing.T, s *service.Service, title string) (pendingID string) {
	t.Helper()
	c, err := s.Create(t.Context(), draft(func(d *service.Draft) {
		d.Title, d.Namespace, d.Caller, d.Tier, d.Tags = title, "gov", "ann", memory.Short, []string{"x"}
	}))
	if err != nil || c.Queued == nil {
		t.Fatalf("created %+v, %v; want it queued", c, err)
	}
	return c.Queued.PendingID
}

// one is the pending action with an id.
func one(t *testing.T, s *service.Service, id string) memory.PendingAction {
	t.Helper()
	found, err := s.Pending(t.Context(), nil, service.MaxPendingLimit)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found {
		if p.ID == id {
			return p
		}
	}
	t.Fatalf("no pending action %s", id)
	return memory.PendingAction{}
}

func TestApproveByAnyone(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	govern(t, s, "approve", `"human"`)
	id := ask(t, s, "asked")
	d, err := s.Approve(t.Context(), id, "Boss")
	if err != nil || !d.Done || d.By != "Boss" {
		t.Fatalf("decision %+v, %v", d, err)
	}
	m, err := s.Get(t.Context(), d.MemoryID)
	if err != nil || m.Title != "asked" || m.AgentID() != "ann" || m.Tier != memory.Short || m.ExpiresAt == nil {
		t.Errorf("stored %+v (%v)", m, err)
	}
	p := one(t, s, id)
	if p.Status != memory.Approved || p.DecidedBy != "Boss" || p.DecidedAt == "" || len(p.Approvals) != 0 || p.MemoryID != nil {
		t.Errorf("pending action %+v", p)
	}
	var refused *service.Refused
	if _, err := s.Approve(t.Context(), id, "boss"); !errors.As(err, &refused) || refused.Error() != "approve rejected: already decided: status=approved" {
		t.Errorf("once more: %v", err)
	}
	if _, err := s.Reject(t.Context(), id, "boss"); !errors.Is(err, service.ErrNotPending) {
		t.Errorf("reject after that: %v", err)
	}
	if _, err := s.Approve(t.Context(), "zzz", "boss"); !errors.As(err, &refused) || refused.Error() != "approve rejected: pending action not found: zzz" {
		t.Errorf("unknown: %v", err)
	}
}

func TestApproveByOneAgent(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	govern(t, s, "approve", `{"agent":"boss"}`)
	id := ask(t, s, "asked")
	var refused *service.Refused
	_, err := s.Approve(t.Context(), id, "Boss")
	if !errors.As(err, &refused) || refused.Reason != "designated approver is 'boss'; got 'Boss'" {
		t.Errorf("another: %v", err)
	}
	if d, err := s.Approve(t.Context(), id, "boss"); err != nil || !d.Done {
		t.Errorf("decision %+v, %v", d, err)
	}
}

// TestConsensus is contract appendix B 18.
func TestConsensus(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	register(t, s, "Amy", "amy", "bob", "cy")
	govern(t, s, "approve", `{"consensus":3}`)
	id := ask(t, s, "asked")
	var refused *service.Refused
	if _, err := s.Approve(t.Context(), id, "eve"); !errors.As(err, &refused) || refused.Reason != "consensus voter 'eve' is not a registered agent" {
		t.Errorf("not registered: %v", err)
	}
	for i, vote := range []struct {
		agent string
		votes int
	}{{"Amy", 1}, {"amy", 1}, {"Amy", 1}, {"bob", 2}, {"bob", 2}} {
		d, err := s.Approve(t.Context(), id, vote.agent)
		if err != nil || d.Done || d.Votes != vote.votes || d.Needed != 3 {
			t.Errorf("vote %d: %+v, %v", i, d, err)
		}
	}
	d, err := s.Approve(t.Context(), id, "cy")
	if err != nil || !d.Done || d.MemoryID == "" {
		t.Errorf("the last vote: %+v, %v", d, err)
	}
	p := one(t, s, id)
	if len(p.Approvals) != 3 || p.Approvals[0].AgentID != "amy" || p.DecidedBy != "cy" {
		t.Errorf("pending action %+v", p)
	}
}

// TestExecution does what was queued of each action.
func TestExecution(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	row := func(title, namespace string) string {
		return create(t, s, func(d *service.Draft) { d.Title, d.Namespace, d.AgentID = title, namespace, "ann" }).ID
	}
	changed, gone, lasting, vanished := row("changed", "gov"), row("gone", "gov"), row("lasting", "gov"), row("vanished", "gov")
	standard := govern(t, s, "approve", `"human"`)
	approve := func(queued *service.Queued, err error) service.Decision {
		t.Helper()
		if err != nil || queued == nil {
			t.Fatalf("queued %+v, %v", queued, err)
		}
		d, err := s.Approve(t.Context(), queued.PendingID, "boss")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	updated, err := s.Update(t.Context(), changed, memory.Patch{Content: pointer("new")}, "eve")
	if d := approve(updated.Queued, err); d.MemoryID != changed {
		t.Errorf("the update made %+v", d)
	}
	if m, err := s.Get(t.Context(), changed); err != nil || m.Content != "new" || m.AgentID() != "ann" {
		t.Errorf("updated %+v (%v)", m, err)
	}
	deleted, err := s.Delete(t.Context(), gone, "eve")
	payload := one(t, s, deleted.Queued.PendingID)
	if diff := cmp.Diff(`{"id":"`+gone+`","title":"gone"}`, string(payload.Payload)); diff != "" || *payload.MemoryID != gone {
		t.Errorf("payload %+v (-want +got):\n%s", payload, diff)
	}
	approve(deleted.Queued, err)
	if _, err := s.Get(t.Context(), gone); !errors.Is(err, service.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
	promoted, err := s.Promote(t.Context(), lasting, "eve", nil)
	approve(promoted.Queued, err)
	if m, err := s.Get(t.Context(), lasting); err != nil || m.Tier != memory.Long || m.ExpiresAt != nil {
		t.Errorf("promoted %+v (%v)", m, err)
	}
	promoted, err = s.Promote(t.Context(), vanished, "eve", nil)
	if err != nil {
		t.Fatal(err)
	}
	deleted, err = s.Delete(t.Context(), vanished, "eve")
	approve(deleted.Queued, err)
	if _, err := s.Approve(t.Context(), promoted.Queued.PendingID, "boss"); !errors.Is(err, service.ErrNotExecuted) {
		t.Errorf("promoting what is gone: %v", err)
	}
	if p := one(t, s, promoted.Queued.PendingID); p.Status != memory.Approved {
		t.Errorf("it is %s", p.Status)
	}
	deleted, err = s.Delete(t.Context(), standard, "eve")
	approve(deleted.Queued, err)
	if found, err := s.Standard(t.Context(), "gov"); found != nil || err != nil {
		t.Errorf("the standard is %+v (%v)", found, err)
	}
}

// TestVerticalPromotionIsQueued copies into a namespace above once that is approved.
func TestVerticalPromotionIsQueued(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	id := create(t, s, func(d *service.Draft) { d.Namespace, d.AgentID = "gov/a", "ann" }).ID
	standard := govern(t, s, "approve", `"human"`)
	if _, err := s.SetStandard(t.Context(), service.StandardDraft{Namespace: "gov/a", MemoryID: standard, Caller: "owner1"}); err != nil {
		t.Fatal(err)
	}
	p, err := s.Promote(t.Context(), id, "eve", pointer("gov"))
	if err != nil || p.Queued == nil {
		t.Fatalf("promoted %+v, %v", p, err)
	}
	if got, want := string(one(t, s, p.Queued.PendingID).Payload), `{"id":"`+id+`","to_namespace":"gov"}`; got != want {
		t.Errorf("payload %s, want %s", got, want)
	}
	d, err := s.Approve(t.Context(), p.Queued.PendingID, "boss")
	if err != nil {
		t.Fatal(err)
	}
	links, err := s.Links(t.Context(), id)
	if err != nil || len(links) != 1 || links[0].SourceID != d.MemoryID || links[0].Relation != memory.DerivedFrom {
		t.Errorf("links %+v (%v)", links, err)
	}
	if m, err := s.Get(t.Context(), d.MemoryID); err != nil || m.Namespace != "gov" || m.ID == id {
		t.Errorf("clone %+v (%v)", m, err)
	}
}

func TestPendingList(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	govern(t, s, "approve", `"human"`)
	var ids []string
	for i := range 4 {
		ids = append(ids, ask(t, s, fmt.Sprint("t", i)))
	}
	if _, err := s.Reject(t.Context(), ids[1], "boss"); err != nil {
		t.Fatal(err)
	}
	list := func(status *string, limit int) []string {
		t.Helper()
		found, err := s.Pending(t.Context(), status, limit)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, p := range found {
			got = append(got, p.ID)
		}
		return got
	}
	for what, test := range map[string]struct{ want, got []string }{
		"all, newest first": {[]string{ids[3], ids[2], ids[1], ids[0]}, list(nil, 100)},
		"by status":         {[]string{ids[1]}, list(pointer("rejected"), 100)},
		"of no such status": {[]string{}, list(pointer("nosuch"), 100)},
		"two":               {[]string{ids[3], ids[2]}, list(nil, 2)},
		"none":              {[]string{}, list(nil, 0)},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	for what, err := range map[string]error{
		"a blank id":  func() error { _, err := s.Approve(t.Context(), " ", "a"); return err }(),
		"a bad agent": func() error { _, err := s.Reject(t.Context(), ids[0], "a b"); return err }(),
	} {
		var invalid *service.Invalid
		if !errors.As(err, &invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// place is a node whose changes the test carries to others.
type place struct {
	*service.Service
	store store.Store
}

func newPlace(t *testing.T) place {
	t.Helper()
	s, st := newService(t, nil)
	return place{s, st}
}

// tell gives all that one place has to another, which may have deleted some of it.
func (p place) tell(t *testing.T, other place) {
	t.Helper()
	have, err := other.store.Vector(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	changes, mine, err := p.store.Lacking(t.Context(), have, store.Event{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	merged, err := other.store.Merge(t.Context(), store.Batch{Changes: changes, Have: mine})
	for _, err := range append(merged.Errs, err) {
		if err != nil && !errors.Is(err, store.ErrDeleted) {
			t.Fatal(err)
		}
	}
}

// TestVotesThatMeet gives the two votes that are needed at two nodes that do not hear of each
// other: the action is done once they do, by one of them, and once.
func TestVotesThatMeet(t *testing.T) {
	t.Parallel()
	a, b := newPlace(t), newPlace(t)
	register(t, a.Service, "amy", "bob")
	govern(t, a.Service, "approve", `{"consensus":2}`)
	id := ask(t, a.Service, "asked")
	a.tell(t, b)
	for agent, at := range map[string]place{"amy": a, "bob": b} {
		if d, err := at.Approve(t.Context(), id, agent); err != nil || d.Done {
			t.Fatalf("%s: %+v, %v", agent, d, err)
		}
	}
	for range 2 {
		a.tell(t, b)
		b.tell(t, a)
	}
	want := one(t, a.Service, id)
	if want.Status != memory.Approved || len(want.Approvals) != 2 {
		t.Errorf("pending action %+v", want)
	}
	if diff := cmp.Diff(want, one(t, b.Service, id)); diff != "" {
		t.Errorf("the nodes differ (-a +b):\n%s", diff)
	}
	for _, at := range []place{a, b} {
		rows, err := at.List(t.Context(), service.Query{Namespace: pointer("gov"), Limit: 10})
		if err != nil || len(rows) != 2 {
			t.Errorf("rows %+v (%v)", rows, err)
		}
	}
}

// TestLastVoterIsGone has the node die at which the last vote was given, before it heard of the
// other: nobody does the action by itself, and a vote that was given before has it done.
func TestLastVoterIsGone(t *testing.T) {
	t.Parallel()
	a, b := newPlace(t), newPlace(t)
	register(t, a.Service, "amy", "bob")
	govern(t, a.Service, "approve", `{"consensus":2}`)
	id := ask(t, a.Service, "asked")
	a.tell(t, b)
	if _, err := a.Approve(t.Context(), id, "amy"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Approve(t.Context(), id, "bob"); err != nil {
		t.Fatal(err)
	}
	b.tell(t, a)
	if p := one(t, a.Service, id); p.Status != memory.Pending || len(p.Approvals) != 2 {
		t.Errorf("pending action %+v", p)
	}
	if d, err := a.Approve(t.Context(), id, "amy"); err != nil || !d.Done || d.MemoryID == "" {
		t.Errorf("decision %+v, %v", d, err)
	}
}

// TestExecutedTwice has two nodes do the same action before they hear of each other.
func TestExecutedTwice(t *testing.T) {
	t.Parallel()
	a, b := newPlace(t), newPlace(t)
	govern(t, a.Service, "approve", `"human"`)
	id := ask(t, a.Service, "asked")
	a.tell(t, b)
	var made []string
	for _, at := range []place{a, b} {
		d, err := at.Approve(t.Context(), id, "boss")
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, d.MemoryID)
	}
	if made[0] != made[1] {
		t.Errorf("two memories were made: %q", made)
	}
	for range 2 {
		a.tell(t, b)
		b.tell(t, a)
	}
	ma, errA := a.Get(t.Context(), made[0])
	mb, errB := b.Get(t.Context(), made[0])
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ma, mb); diff != "" {
		t.Errorf("the nodes differ (-a +b):\n%s", diff)
	}
}

// TestApprovedAgainstRejected is approved everywhere: it was done.
func TestApprovedAgainstRejected(t *testing.T) {
	t.Parallel()
	a, b := newPlace(t), newPlace(t)
	govern(t, a.Service, "approve", `"human"`)
	id := ask(t, a.Service, "asked")
	a.tell(t, b)
	if _, err := b.Reject(t.Context(), id, "no"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Approve(t.Context(), id, "yes"); err != nil {
		t.Fatal(err)
	}
	a.tell(t, b)
	b.tell(t, a)
	for _, at := range []place{a, b} {
		if p := one(t, at.Service, id); p.Status != memory.Approved || p.DecidedBy != "yes" {
			t.Errorf("pending action %+v", p)
		}
	}
}

// TestBadPayload refuses to store what another node made up.
func TestBadPayload(t *testing.T) {
	t.Parallel()
	a := newPlace(t)
	govern(t, a.Service, "approve", `"human"`)
	p := memory.PendingAction{
		ID: "p", ActionType: "store", Namespace: "gov", Payload: json.RawMessage(`{"title":""}`), RequestedBy: "x",
		RequestedAt: memory.FormatTime(time.Now()), Status: memory.Pending,
	}
	if _, err := a.store.Write(t.Context(), func(tx store.Tx) error { return tx.Put(p.Record()) }); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Approve(t.Context(), "p", "boss"); err == nil {
		t.Error("it was stored")
	}
	if got := one(t, a.Service, "p"); got.Status != memory.Pending {
		t.Errorf("it is %s: the decision outlived its transaction", got.Status)
	}
}
