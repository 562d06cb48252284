package memory_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
)

const requested = "2026-01-01T00:00:00+00:00"

func action(change func(*memory.PendingAction)) memory.PendingAction {
	p := memory.PendingAction{
		ID: "p", ActionType: "delete", Namespace: "n", Payload: json.RawMessage(`{"id":"m"}`),
		RequestedAt: requested, RequestedBy: "ann", Status: memory.Pending,
	}
	if change != nil {
		change(&p)
	}
	return p
}

// randomAction is some state of one action, with many values shared with other such states.
func randomAction(t *testing.T, r *rand.Rand) memory.Record {
	t.Helper()
	stamp := func() string {
		return pick(r, "2026-01-02T00:00:00+00:00", "2026-01-02T00:00:00Z", "2026-01-02T00:00:01+00:00", "2026-01-03T00:00:00+00:00")
	}
	p := action(func(p *memory.PendingAction) { p.RequestedBy = pick(r, "ann", "ann", "ann", "mallory") })
	for range r.IntN(4) {
		p = p.Vote(memory.Approval{AgentID: pick(r, "a", "B", "b", "c"), ApprovedAt: stamp(), Node: pick(r, "x", "y")})
	}
	switch r.IntN(3) {
	case 0:
		p = p.Decide(memory.Approved, pick(r, "a", "b"), stamp())
	case 1:
		p = p.Decide(memory.Rejected, pick(r, "a", "b"), stamp())
	}
	return checked(t, p.Record())
}

func checked(t *testing.T, r memory.Record) memory.Record {
	t.Helper()
	r, _, err := r.Checked()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPendingActionsAreJoined(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	equal := func(what string, want, got memory.Record) {
		t.Helper()
		if !memory.EqualRecords(want, got) {
			t.Errorf("%s: %s and %s", what, want.Value, got.Value)
		}
	}
	for range 1_000 {
		a, b, c := randomAction(t, r), randomAction(t, r), randomAction(t, r)
		ab := checked(t, memory.JoinRecords(a, b))
		equal("idempotent", a, memory.JoinRecords(a, a))
		equal("commutative", ab, memory.JoinRecords(b, a))
		equal("associative", memory.JoinRecords(ab, c), memory.JoinRecords(a, memory.JoinRecords(b, c)))
		equal("absorbs what went in", ab, memory.JoinRecords(ab, a))
		if t.Failed() {
			t.FailNow()
		}
	}
}

func join(t *testing.T, a, b memory.PendingAction) memory.PendingAction {
	t.Helper()
	p, err := memory.PendingOf(memory.JoinRecords(checked(t, a.Record()), checked(t, b.Record())))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestJoinOfDecisions says which of two states holds.
func TestJoinOfDecisions(t *testing.T) {
	t.Parallel()
	const early, late = "2026-01-02T00:00:00+00:00", "2026-01-03T00:00:00+00:00"
	pending := action(nil)
	approved, later := pending.Decide(memory.Approved, "x", late), pending.Decide(memory.Approved, "y", late)
	rejected := pending.Decide(memory.Rejected, "z", early)
	earlier := pending.Decide(memory.Approved, "w", early)
	for _, test := range []struct{ a, b, want memory.PendingAction }{
		{pending, rejected, rejected},
		{rejected, approved, approved},
		{approved, earlier, earlier},
		{approved, later, approved},
	} {
		if got := join(t, test.a, test.b); got.Status != test.want.Status || got.DecidedBy != test.want.DecidedBy {
			t.Errorf("%s by %q and %s by %q: %s by %q, want %s by %q", test.a.Status, test.a.DecidedBy, test.b.Status, test.b.DecidedBy,
				got.Status, got.DecidedBy, test.want.Status, test.want.DecidedBy)
		}
	}
	a := pending.Vote(memory.Approval{AgentID: "Bob", ApprovedAt: late, Node: "a"})
	b := pending.Vote(memory.Approval{AgentID: "bob", ApprovedAt: early, Node: "b"}).Vote(memory.Approval{AgentID: "ann", ApprovedAt: late, Node: "b"})
	want := []memory.Approval{{AgentID: "bob", ApprovedAt: early, Node: "b"}, {AgentID: "ann", ApprovedAt: late, Node: "b"}}
	if diff := cmp.Diff(want, join(t, a, b).Approvals); diff != "" {
		t.Errorf("votes (-want +got):\n%s", diff)
	}
}

func TestRecordsThatAreNoPendingActions(t *testing.T) {
	t.Parallel()
	good := checked(t, action(nil).Record())
	for what, spoil := range map[string]func(*memory.Record){
		"another key":   func(r *memory.Record) { r.Key = "q" },
		"another stamp": func(r *memory.Record) { r.Stamp++ },
		"no object":     func(r *memory.Record) { r.Value = json.RawMessage(`[]`) },
		"other fields":  func(r *memory.Record) { r.Value = json.RawMessage(`{"id":"p","more":1}`) },
		"votes unsorted": func(r *memory.Record) {
			r.Value = withApprovals(r.Value, `[{"agent_id":"b","approved_at":"2026-01-02T00:00:00Z"},{"agent_id":"a","approved_at":"2026-01-02T00:00:00Z"}]`)
		},
		"a vote twice": func(r *memory.Record) {
			r.Value = withApprovals(r.Value, `[{"agent_id":"a","approved_at":"2026-01-02T00:00:00Z"},{"agent_id":"a","approved_at":"2026-01-02T00:00:00Z"}]`)
		},
		"an upper case": func(r *memory.Record) {
			r.Value = withApprovals(r.Value, `[{"agent_id":"A","approved_at":"2026-01-02T00:00:00Z"}]`)
		},
		"no vote's time": func(r *memory.Record) { r.Value = withApprovals(r.Value, `[{"agent_id":"a","approved_at":"soon"}]`) },
	} {
		bad := good
		if spoil(&bad); refused(bad) == nil {
			t.Errorf("%s: it was taken", what)
		}
	}
	for what, bad := range map[string]memory.PendingAction{
		"a status":                  action(func(p *memory.PendingAction) { p.Status = "maybe" }),
		"a decision without a time": action(func(p *memory.PendingAction) { p.Status = memory.Approved }),
		"a time without a decision": action(func(p *memory.PendingAction) { p.DecidedAt = requested }),
		"a decision's time":         action(nil).Decide(memory.Rejected, "x", "soon"),
		"a namespace":               action(func(p *memory.PendingAction) { p.Namespace = "a b" }),
		"a request's time":          action(func(p *memory.PendingAction) { p.RequestedAt = "soon" }),
	} {
		if refused(bad.Record()) == nil {
			t.Errorf("%s that is none: it was taken", what)
		}
	}
}

func refused(r memory.Record) error {
	_, _, err := r.Checked()
	return err
}

func withApprovals(value json.RawMessage, approvals string) json.RawMessage {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(value, &fields); err != nil {
		panic(fmt.Sprint("a checked value is an object: ", err))
	}
	fields["approvals"] = json.RawMessage(approvals)
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return text
}
