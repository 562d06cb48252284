package openapi

import (
	"net/http"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// webhooks is subscriptions to events.
func webhooks() part {
	return part{
		routes: []route{
			{
				method: http.MethodPost, path: "/api/v1/subscriptions", id: "subscribe", tag: tagWebhooks, agent: true,
				summary: "Be told of events by a webhook",
				about:   "The caller has to be registered. The URL is https, and does not lead into a private network.",
				body:    ref("SubscribeRequest"),
				answers: []answer{
					{http.StatusCreated, "Subscribed", "Events from now on are delivered."},
					{http.StatusForbidden, "Error", "The caller is not registered."}, tooFew,
				},
			},
			{
				method: http.MethodGet, path: "/api/v1/subscriptions", id: "listSubscriptions", tag: tagWebhooks,
				summary: "The subscriptions, without their secrets",
				answers: []answer{{http.StatusOK, "Subscriptions", "All of them."}},
			},
			{
				method: http.MethodDelete, path: "/api/v1/subscriptions/{id}", id: "unsubscribe", tag: tagWebhooks,
				summary: "End a subscription",
				answers: []answer{{http.StatusOK, "Unsubscribed", "It has ended, or there was none."}, tooFew},
			},
			{
				method: http.MethodDelete, path: "/api/v1/subscriptions", id: "unsubscribeByQuery", tag: tagWebhooks,
				summary: "End a subscription that the query names",
				params:  []*Parameter{query("id", ref("Id")).needed()},
				answers: []answer{{http.StatusOK, "Unsubscribed", "It has ended, or there was none."}, tooFew},
			},
		},
		schemas: map[string]*Schema{
			"EventName": words("What happened.", service.Events()),
			"SubscribeRequest": object("What to be told of, and where. It needs url or callback_url.",
				may("url", text("").orNull()), may("callback_url", text("As url.").orNull()),
				may("events", anyOf("* for all, a list with commas, or a list.", text(""), list(ref("EventName"), ""), &Schema{Type: "null"}).byDefault(memory.AllEvents)),
				may("secret", text("Signs what is delivered.").orNull()),
				may("namespace_filter", text("Only memories of exactly this namespace.").orNull()), may("namespace", text("As namespace_filter.").orNull()),
				may("agent_filter", text("Only memories of this agent.").orNull())),
			"Subscribed":    object("A new subscription.", append(subscriptionFields(), must("callback_url", text("As url.")), must("namespace", text("As namespace_filter.").orNull()), must("agent_id", text("As created_by.").orNull()), acks())...),
			"Subscription":  object("A subscription.", subscriptionFields()...),
			"Subscriptions": object("", must("subscriptions", list(ref("Subscription"), "")), must("count", count(""))),
			"Unsubscribed":  object("", must("id", text("")), must("removed", flag("Whether there was one.")), must("deleted", flag("As removed.")), acks()),
			"WebhookPayload": object("What is posted to a webhook.", must("event", ref("EventName")), must("memory_id", text("")),
				must("namespace", text("")), must("agent_id", text("").orNull()), must("delivered_at", moment("")),
				may("pending_id", text("For a decision.")), may("status", ref("PendingStatus").about("For a decision."))),
		},
	}
}

func subscriptionFields() []field {
	return []field{
		must("id", text("")), must("url", text("")), must("events", text("* or a list with commas.")),
		must("namespace_filter", text("").orNull()), must("agent_filter", text("").orNull()),
		must("created_by", text("").orNull()), must("created_at", moment("")),
		must("dispatch_count", count("Deliveries tried by this node since its start.")),
		must("failure_count", count("Those of them that failed.")),
	}
}

// delivery is the request that a subscriber gets (contract section 4.16).
func delivery() *Operation {
	return &Operation{
		OperationID: "event",
		Tags:        []string{tagWebhooks},
		Summary:     "An event, delivered to a subscriber",
		Description: "The signature is sha256= and the HMAC-SHA256, in hex, of the timestamp, a dot and the body. Its key is the " +
			"SHA-256 of the subscription's secret, as 32 bytes. Receivers should refuse timestamps that are more than five minutes off.",
		Parameters: []*Parameter{
			{Name: "x-ai-memory-timestamp", In: "header", Required: true, Schema: text("Unix seconds.")},
			{Name: "x-ai-memory-signature", In: "header", Schema: text("Absent when the subscription has no secret.")},
		},
		RequestBody: &RequestBody{true, map[string]MediaType{jsonType: {ref("WebhookPayload")}}},
		Responses:   map[string]Response{"2XX": {Description: "It was received."}},
		Method:      http.MethodPost,
	}
}
