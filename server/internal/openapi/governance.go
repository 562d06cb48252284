package openapi

import (
	"net/http"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// governance is actions that wait for approval, and the policies that make them wait.
func governance() part {
	return part{
		routes: []route{
			{
				method: http.MethodGet, path: "/api/v1/pending", id: "pending", tag: tagGovernance,
				summary: "Actions that wait, or waited, for approval",
				params:  []*Parameter{query("status", text("pending, approved or rejected; absent: all.")), limit(service.DefaultPendingLimit, service.MaxPendingLimit)},
				answers: []answer{{http.StatusOK, "PendingPage", "Newest first."}},
			},
			{
				method: http.MethodPost, path: "/api/v1/pending/{id}/approve", id: "approve", tag: tagGovernance, agent: true,
				summary: "Approve an action, which is then done",
				about:   "The id is exact.",
				answers: []answer{
					{http.StatusOK, "Approved", "It is approved and done."},
					{http.StatusAccepted, "ConsensusPending", "The vote counts; others are still needed."},
					{http.StatusForbidden, "Error", "Not by this agent; or there is no such action, or it is decided."},
					tooFew,
				},
			},
			{
				method: http.MethodPost, path: "/api/v1/pending/{id}/reject", id: "reject", tag: tagGovernance, agent: true,
				summary: "Reject an action",
				about:   "The id is exact.",
				answers: []answer{
					{http.StatusOK, "Rejected", "It is rejected."},
					{http.StatusNotFound, "Error", "There is no such action, or it is decided."}, tooFew,
				},
			},
		},
		schemas: map[string]*Schema{
			"Action":          words("What a policy may gate.", actions()),
			"GovernanceLevel": words("Who may do something.", memory.Levels()),
			"GovernancePolicy": object("What needs whose approval in a namespace.",
				must("write", ref("GovernanceLevel")), must("promote", ref("GovernanceLevel")), must("delete", ref("GovernanceLevel")),
				must("approver", anyOf("Who approves.", exactly("human", "Anyone."),
					object("", must("agent", ref("AgentId"))),
					object("", must("consensus", integer("Votes of registered agents that are needed.").from(1)))))),
			"GovernancePending": object("An action that waits for approval.",
				must("status", exactly("pending", "")), must("pending_id", text("")), must("reason", text("")),
				must("action", ref("Action")), may("namespace", text("For a store.")), may("memory_id", text("For others.")), acks()),
			"PendingStatus": words("", []memory.Status{memory.Pending, memory.Approved, memory.Rejected}),
			"Approval":      object("A vote.", must("agent_id", text("In lower case.")), must("approved_at", moment(""))),
			"PendingAction": object("An action that waits, or waited.", must("id", text("")), must("action_type", ref("Action")),
				must("memory_id", text("").orNull()), must("namespace", text("")), must("payload", anything("What is to be done.")),
				must("requested_by", text("")), must("requested_at", moment("")), must("status", ref("PendingStatus")),
				may("decided_by", text("")), may("decided_at", moment("")), must("approvals", list(ref("Approval"), ""))),
			"PendingPage": object("", must("pending", list(ref("PendingAction"), "")), must("count", count("Of this page."))),
			"Approved": object("", must("approved", exactly(true, "")), must("id", text("")), must("decided_by", text("")),
				must("executed", exactly(true, "")), must("memory_id", text("").orNull()), acks()),
			"ConsensusPending": object("", must("approved", exactly(false, "")), must("status", exactly("pending", "")), must("id", text("")),
				must("votes", count("")), must("quorum", count("")), must("reason", text("")), acks()),
			"Rejected": object("", must("rejected", exactly(true, "")), must("id", text("")), must("decided_by", text("")), acks()),
		},
	}
}

func actions() []service.Action {
	return []service.Action{service.ActionStore, service.ActionDelete, service.ActionPromote}
}
