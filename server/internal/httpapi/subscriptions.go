package httpapi

import (
	"net/http"

	"chaosctl/server/internal/service"
)

// The routes of this file are beyond the contract; what is delivered is that of its section 4.16.

// subscribe answers POST /api/v1/subscriptions.
func (a *api) subscribe(w http.ResponseWriter, r *http.Request) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	text := func(names ...string) string {
		for _, name := range names {
			if value := optional[string](o, name); value != nil && *value != "" {
				return *value
			}
		}
		return ""
	}
	d := service.SubscriptionDraft{
		URL: text("url", "callback_url"), Events: readEventNames(o), Secret: text("secret"), Caller: caller(r),
		NamespaceFilter: text("namespace_filter", "namespace"), AgentFilter: text("agent_filter"),
	}
	if !o.has("url") && !o.has("callback_url") {
		o.mismatch("", "missing field `url`")
	}
	if o.err != nil {
		return o.err
	}
	done, err := a.service.Subscribe(r.Context(), d)
	if err != nil {
		return err
	}
	answer := subscription(service.SubscriptionState{Subscription: done.Subscription})
	answer["callback_url"] = done.Subscription.URL
	answer["namespace"] = done.Subscription.NamespaceFilter
	answer["agent_id"] = done.Subscription.CreatedBy
	return settled(w, http.StatusCreated, answer, done.Quorum, "id")
}

// readEventNames reads names of events: a text with commas, or a list of texts.
func readEventNames(o *object) []string {
	text := o.take("events")
	switch {
	case text == nil || isNull(text):
		return nil
	case len(text) > 0 && text[0] == '"':
		return []string{or(o, "events", "")}
	default:
		return readStrings(o, "events", false)
	}
}

// subscription is a Subscription of contract section 1.3. Its secret is not told.
func subscription(s service.SubscriptionState) map[string]any {
	return map[string]any{
		"agent_filter":     s.AgentFilter,
		"created_at":       s.CreatedAt,
		"created_by":       s.CreatedBy,
		"dispatch_count":   s.Dispatched,
		"events":           s.Events,
		"failure_count":    s.Failed,
		"id":               s.ID,
		"namespace_filter": s.NamespaceFilter,
		"url":              s.URL,
	}
}

// subscriptions answers GET /api/v1/subscriptions.
func (a *api) subscriptions(w http.ResponseWriter, r *http.Request) error {
	found, err := a.service.Subscriptions(r.Context())
	if err != nil {
		return err
	}
	out := make([]map[string]any, len(found))
	for i, s := range found {
		out[i] = subscription(s)
	}
	return reply(w, http.StatusOK, map[string]any{"count": len(out), "subscriptions": out})
}

// unsubscribe answers DELETE /api/v1/subscriptions/{id}.
func (a *api) unsubscribe(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	return a.endSubscription(w, r, id)
}

// unsubscribeByQuery answers DELETE /api/v1/subscriptions?id=.
func (a *api) unsubscribeByQuery(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r.URL.RawQuery)
	id := q.text("id")
	if id == nil {
		q.mismatch("id", "missing field `id`")
		return q.err
	}
	return a.endSubscription(w, r, *id)
}

func (a *api) endSubscription(w http.ResponseWriter, r *http.Request, id string) error {
	done, err := a.service.Unsubscribe(r.Context(), id)
	if err != nil {
		return err
	}
	return settled(w, http.StatusOK, map[string]any{"deleted": done.Removed, "id": id, "removed": done.Removed}, done.Quorum, "id")
}
