package memory

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// KindPending is the kind of a PendingAction. Its key is the id; it is looked up by the namespace,
// then by the status. All its states have the stamp of the request.
const KindPending RecordKind = "pending"

// Status is what has become of a pending action.
type Status string

// The states.
const (
	Pending  Status = "pending"
	Approved Status = "approved"
	Rejected Status = "rejected"
)

// rank orders the states: what is decided goes before what is not, and approved before rejected,
// since it may have been done.
func (s Status) rank() int { return slices.Index([]Status{Pending, Rejected, Approved}, s) }

// Approval is a vote.
type Approval struct {
	AgentID    string `json:"agent_id"` // in lower case
	ApprovedAt string `json:"approved_at"`
	Node       string `json:"node,omitempty"` // where it was given; clients are not told
}

// PendingAction is an action that waits, or waited, for approval (contract section 1.3).
type PendingAction struct {
	ActionType  string          `json:"action_type"`
	Approvals   []Approval      `json:"approvals"`
	DecidedAt   string          `json:"decided_at,omitempty"`
	DecidedBy   string          `json:"decided_by,omitempty"`
	ID          string          `json:"id"`
	MemoryID    *string         `json:"memory_id"`
	Namespace   string          `json:"namespace"`
	Payload     json.RawMessage `json:"payload"`
	RequestedAt string          `json:"requested_at"`
	RequestedBy string          `json:"requested_by"`
	Status      Status          `json:"status"`
}

// Record returns the action as nodes keep it: its votes in the order in which they were given.
func (p PendingAction) Record() Record {
	p.Approvals = mergeApprovals(p.Approvals, nil)
	at, _ := parseTime(p.RequestedAt) // Checked refuses what is no time
	return record(KindPending, p.ID, at.UnixNano(), p)
}

// PendingOf reads a record of KindPending.
func PendingOf(r Record) (PendingAction, error) { return value[PendingAction](r) }

// WithoutNodes is the action as clients see it: without where its votes were given.
func (p PendingAction) WithoutNodes() PendingAction {
	votes := make([]Approval, len(p.Approvals))
	for i, v := range p.Approvals {
		v.Node = ""
		votes[i] = v
	}
	p.Approvals = votes
	return p
}

// Vote adds a vote. Of an agent's votes, in whatever case its id is written, the first counts.
func (p PendingAction) Vote(v Approval) PendingAction {
	v.AgentID = strings.ToLower(v.AgentID)
	p.Approvals = mergeApprovals(p.Approvals, []Approval{v})
	return p
}

// Decide makes a decision.
func (p PendingAction) Decide(status Status, by, at string) PendingAction {
	p.Status, p.DecidedBy, p.DecidedAt = status, by, at
	return p
}

// mergeApprovals is the union of votes, in the order in which they were given.
func mergeApprovals(a, b []Approval) []Approval {
	first := map[string]Approval{}
	for _, v := range slices.Concat(a, b) {
		if was, there := first[v.AgentID]; !there || compareApprovals(v, was) < 0 {
			first[v.AgentID] = v
		}
	}
	out := make([]Approval, 0, len(first))
	for _, v := range first {
		out = append(out, v)
	}
	slices.SortFunc(out, compareApprovals)
	return out
}

func compareApprovals(a, b Approval) int {
	return cmp.Or(
		instant(a.ApprovedAt).Compare(instant(b.ApprovedAt)), cmp.Compare(a.ApprovedAt, b.ApprovedAt),
		cmp.Compare(a.AgentID, b.AgentID), cmp.Compare(a.Node, b.Node),
	)
}

// joinPending merges two states of one action: the votes of both; what is decided before what is
// not, of two decisions approved before rejected, else the earlier.
func joinPending(a, b Record) Record {
	x, errX := PendingOf(a)
	y, errY := PendingOf(b)
	if errX != nil || errY != nil { // neither was checked
		return laterRecord(a, b)
	}
	out := x
	if compareDecisions(y, x) > 0 {
		out.Status, out.DecidedBy, out.DecidedAt = y.Status, y.DecidedBy, y.DecidedAt
	}
	if compareRequests(y, x) > 0 {
		out = y.Decide(out.Status, out.DecidedBy, out.DecidedAt)
	}
	out.Approvals = mergeApprovals(x.Approvals, y.Approvals)
	return out.Record()
}

// compareDecisions orders by what holds when both are there.
func compareDecisions(a, b PendingAction) int {
	return cmp.Or(
		cmp.Compare(a.Status.rank(), b.Status.rank()),
		instant(b.DecidedAt).Compare(instant(a.DecidedAt)),
		cmp.Compare(b.DecidedAt, a.DecidedAt), cmp.Compare(b.DecidedBy, a.DecidedBy),
	)
}

// compareRequests orders what never changes; two requests of one id are the same, unless somebody
// made up one of them.
func compareRequests(a, b PendingAction) int {
	request := func(p PendingAction) []byte {
		p = p.Decide("", "", "")
		p.Approvals = nil
		text, err := marshal(p)
		if err != nil {
			return nil
		}
		return text
	}
	return bytes.Compare(request(a), request(b))
}

func checkPending(r Record) (refs [2]string, err error) {
	p, err := PendingOf(r)
	if err != nil {
		return refs, err
	}
	switch {
	case r.Key != p.ID:
		return refs, errors.New("the key is not the action's id")
	case p.Status.rank() < 0:
		return refs, fmt.Errorf("status %q is none", p.Status)
	case !EqualRecords(p.Record(), r): // else joining it with itself would change it
		return refs, errors.New("the stamp is not the time of the request, or the value is not in its one form")
	case (p.Status == Pending) != (p.DecidedAt == ""):
		return refs, errors.New("a decision and its time go together")
	}
	if err := ValidateNamespace(p.Namespace); err != nil {
		return refs, err
	}
	times := []string{p.RequestedAt}
	if p.DecidedAt != "" {
		times = append(times, p.DecidedAt)
	}
	for _, v := range p.Approvals {
		times = append(times, v.ApprovedAt)
		if v.AgentID != strings.ToLower(v.AgentID) {
			return refs, errors.New("a vote's agent is not in lower case")
		}
	}
	for _, at := range times {
		if _, ok := parseTime(at); !ok {
			return refs, fmt.Errorf("%q is not valid RFC3339", at)
		}
	}
	return [2]string{p.Namespace, string(p.Status)}, nil
}
