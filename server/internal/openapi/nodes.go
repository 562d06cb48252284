package openapi

import (
	"net/http"

	"chaosctl/server/internal/service"
)

// nodes is what servers tell each other.
func nodes() part {
	return part{
		routes: []route{
			{
				method: http.MethodPost, path: "/api/v1/sync/push", id: "syncPush", tag: tagNodes, agent: true,
				summary: "Merge memories of another server",
				about: "A memory that breaks a rule is skipped; the others are merged. node, span, events, deletion_events and " +
					"record_events are sent by servers of this kind, deletions by ai-memory from 0.6.1 on.",
				body:    ref("SyncPushRequest"),
				answers: []answer{{http.StatusOK, "SyncPushed", "All of it is durable."}},
			},
			{
				method: http.MethodGet, path: "/api/v1/sync/since", id: "syncSince", tag: tagNodes, agent: true,
				summary: "Memories that changed after a time, expired ones included",
				params: []*Parameter{
					query("since", text("updated_at after this time, in RFC 3339; a plus sign is written %2B.")),
					limit(service.DefaultSinceLimit, service.MaxSinceLimit),
					query("peer", text("The agent id of who asks; it is noted how far that one has read.")),
				},
				answers: []answer{{http.StatusOK, "SyncSince", "Longest unchanged first."}},
			},
			{
				method: http.MethodPost, path: "/api/v1/sync/pull", id: "syncPull", tag: tagNodes,
				summary: "What a node lacks",
				about:   "For servers of this kind. have tells how far the node has followed each origin.",
				body:    ref("SyncPullRequest"),
				answers: []answer{{http.StatusOK, "SyncPulled", "One page, and whether there is more."}},
			},
		},
		schemas: map[string]*Schema{
			"VectorClock": object("", may("entries", open(text(""), "Times by agent id."))),
			"Event": object("A change: the node that made it and its number there.", must("origin", text("")),
				must("seq", integer("").from(0))),
			"EventMark": object("The event of a memory.", must("origin", text("")), must("seq", integer("").from(1)),
				may("generation", count("")), may("moved", integer(""))),
			"Vector": open(count(""), "Numbers of events by node."),
			"Span": object("A run of one node's events.", must("origin", text("")), must("after", count("")),
				must("upto", count(""))),
			"DeletionEvent": object("A deletion and its event.", must("origin", text("")), must("seq", integer("").from(1)),
				may("id", text("Absent: a rename.")), must("title", text("")), must("namespace", text("")),
				must("generation", count("")), must("deleted_at", moment("")), may("expired", flag(""))),
			"RecordEvent": object("Something kept beside memories, and its event.", must("origin", text("")), must("seq", integer("").from(1)),
				must("kind", text("")), must("key", text("")), must("stamp", integer("Unix nanoseconds.")),
				may("gone", flag("")), may("value", open(nil, "As the kind has it."))),
			"SyncPushRequest": object("Memories to merge.", must("sender_agent_id", ref("AgentId")),
				must("memories", list(ref("FullMemory"), "").items(0, service.MaxPushRows)),
				may("sender_clock", ref("VectorClock")), may("dry_run", flag("Check only.").byDefault(false)),
				may("deletions", list(text(""), "Ids that the sender has deleted.")),
				may("node", text("")), may("span", ref("Span")), may("events", list(ref("EventMark"), "One a memory.")),
				may("deletion_events", list(ref("DeletionEvent"), "")), may("record_events", list(ref("RecordEvent"), ""))),
			"SyncPushed": object("What became of a push.", must("applied", count("Merged, also where that changed nothing.")),
				must("noop", count("Valid memories of a dry run.")), must("skipped", count("Refused.")), must("dry_run", flag("")),
				must("receiver_agent_id", text("The caller.")), must("receiver_clock", ref("VectorClock")),
				may("node", text("The receiver.")), may("have", ref("Vector")), may("ids", list(text(""), "What is stored durably, by the ids it has here.").orNull())),
			"SyncSince": object("", must("memories", list(ref("Memory"), "")), must("count", count("")), must("limit", count(""))),
			"SyncPullRequest": object("What a node has.", must("node", text("")), may("have", ref("Vector").orNull()),
				may("after", ref("Event").about("The last of the page before.").orNull()), may("limit", integer("").byDefault(0))),
			"SyncPulled": object("What a node lacks.", must("node", text("")), must("have", ref("Vector").about("Of the sender, for the first page.")),
				must("memories", list(ref("Memory"), "")), must("events", list(ref("EventMark"), "One a memory.")),
				must("deletion_events", list(ref("DeletionEvent"), "")), must("record_events", list(ref("RecordEvent"), "")), must("more", flag(""))),
		},
	}
}
