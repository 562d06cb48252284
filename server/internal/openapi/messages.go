package openapi

import (
	"net/http"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// messages is what agents send each other.
func messages() part {
	return part{
		routes: []route{
			{
				method: http.MethodPost, path: "/api/v1/notify", id: "notify", tag: tagMessages, agent: true,
				summary: "Send an agent a message",
				body:    ref("NotifyRequest"),
				answers: []answer{{http.StatusCreated, "Notified", "It is in the inbox."}, pending, denied, tooFew},
			},
			{
				method: http.MethodGet, path: "/api/v1/inbox", id: "inbox", tag: tagMessages, agent: true,
				summary: "The messages to an agent",
				params: []*Parameter{
					query("agent_id", ref("AgentId").about("Whose; absent: the caller's.")),
					query("unread_only", flag("Only those not marked as read.").byDefault(false)),
					query("unread", flag("As unread_only.")),
					limit(service.DefaultInboxLimit, service.MaxInboxLimit),
					query("since", text("created_at from this time on.")),
				},
				answers: []answer{{http.StatusOK, "Inbox", "The messages."}},
			},
			{
				method: http.MethodPost, path: "/api/v1/inbox/{id}/read", id: "markRead", tag: tagMessages, agent: true,
				summary: "Mark a message as read",
				params:  []*Parameter{query("agent_id", ref("AgentId").about("Who reads; absent: the caller."))},
				answers: []answer{
					{http.StatusOK, "MarkedRead", "It is."},
					{http.StatusForbidden, "Error", "The message is to another agent."}, notFound, tooFew,
				},
			},
		},
		schemas: map[string]*Schema{
			"NotifyRequest": object("A message. It needs payload or content.",
				must("target_agent_id", ref("AgentId").about("Whom it is for.")),
				must("title", ref("Title")),
				may("payload", anything("What it says: any JSON.")), may("content", text("As payload.").orNull()),
				may("priority", ref("Priority").byDefault(5)), may("tier", ref("Tier").byDefault(memory.Mid))),
			"Notified": object("A message that was sent.", must("id", text("")), must("from", text("")), must("to", text("")),
				must("namespace", text("")), must("tier", ref("Tier")), must("delivered_at", moment("")), must("sent", exactly(true, "")), acks()),
			"InboxMessage": object("A message.", must("id", text("")), must("from", text("")), must("to", text("")),
				must("title", text("")), must("subject", text("As title.")),
				must("payload", anything("As it was sent.")), must("body", anything("As payload.")),
				must("priority", integer("")), must("tier", ref("Tier")), must("created_at", moment("")),
				must("read", flag("")), must("access_count", count(""))),
			"Inbox": object("The messages to an agent.", must("agent_id", text("")), must("namespace", text("")), must("count", count("Of these messages.")),
				must("unread_only", flag("As it was asked.")), must("unread", count("Of these messages.")), must("messages", list(ref("InboxMessage"), ""))),
			"MarkedRead": object("", must("read", exactly(true, "")), must("id", text("")), acks()),
		},
	}
}
