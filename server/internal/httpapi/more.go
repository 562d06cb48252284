package httpapi

import (
	"errors"
	"net/http"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// The routes of this file are beyond the contract: client libraries call them.

// readOptionalObject reads a body that is an object, or empty, which counts as one without fields.
func readOptionalObject(w http.ResponseWriter, r *http.Request) (*object, error) {
	if r.ContentLength == 0 {
		return parseObject([]byte("{}"), ""), nil
	}
	return readObject(w, r)
}

// capabilities answers GET /api/v1/capabilities (contract section 1.3).
func (a *api) capabilities(w http.ResponseWriter, _ *http.Request) error {
	c := a.service.Capabilities()
	return reply(w, http.StatusOK, map[string]any{"features": c.Features, "models": c.Models, "tier": c.Tier, "version": c.Version})
}

// contradictions answers GET /api/v1/contradictions.
func (a *api) contradictions(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r.URL.RawQuery)
	topic, namespace := "", q.text("namespace")
	if text := q.text("topic"); text != nil {
		topic = *text
	}
	if q.err != nil {
		return q.err
	}
	found, err := a.service.Contradictions(r.Context(), topic, namespace)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, map[string]any{
		"count": len(found.Memories), "links": append([]memory.Link{}, found.Links...), "memories": newPage(found.Memories).Memories,
	})
}

// startSession answers POST /api/v1/session/start as contract section 11.5 has it, tool 23.
func (a *api) startSession(w http.ResponseWriter, r *http.Request) error {
	o, err := readOptionalObject(w, r)
	if err != nil {
		return err
	}
	namespace, limit := optional[string](o, "namespace"), service.DefaultSessionLimit
	if asked := optional[uint32](o, "limit"); asked != nil {
		limit = int(min(*asked, service.MaxSessionLimit))
	}
	if o.err != nil {
		return o.err
	}
	session, err := a.service.StartSession(r.Context(), namespace, limit)
	if err != nil {
		return err
	}
	memories := make([]service.Scored, len(session.Memories))
	for i, m := range session.Memories {
		memories[i].Memory = m
	}
	answer := map[string]any{"count": len(memories), "memories": memories, "mode": "session_start"}
	switch len(session.Standards) {
	case 0:
	case 1:
		answer["standard"] = session.Standards[0]
	default:
		answer["standards"] = session.Standards
	}
	return reply(w, http.StatusOK, answer)
}

// cluster answers GET /api/v1/cluster.
func (a *api) cluster(w http.ResponseWriter, r *http.Request) error {
	self, peers := a.service.Cluster(r.Context())
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	self.Endpoint = scheme + "://" + r.Host
	others := make([]map[string]any, len(peers))
	for i, p := range peers {
		others[i] = clusterNode(p)
	}
	return reply(w, http.StatusOK, map[string]any{"peers": others, "self": clusterNode(self)})
}

func clusterNode(n service.Node) map[string]any {
	return map[string]any{"agent_id": n.Name, "endpoint": n.Endpoint, "last_seen_at": n.Seen, "status": n.Status}
}

// clusterAction answers POST /api/v1/cluster.
func (a *api) clusterAction(w http.ResponseWriter, r *http.Request) error {
	o, err := readOptionalObject(w, r)
	if err != nil {
		return err
	}
	action := "status"
	if asked := optional[string](o, "action"); asked != nil {
		action = *asked
	}
	if o.err != nil {
		return o.err
	}
	switch action {
	case "list", "status":
		return a.cluster(w, r)
	case "join", "leave":
		return &service.Invalid{Message: "who the nodes are is fixed at the start of a server: see --quorum-peers"}
	default:
		return &service.Invalid{Message: "unknown action '" + action + "' — must be one of: list, status, join, leave"}
	}
}

// denial tells whether an error says that the caller may not, or that a decision is not possible,
// and as what it is answered.
func denial(err error) (status int, message string) {
	var (
		denied    *service.Denied
		forbidden *service.Forbidden
		refused   *service.Refused
	)
	switch {
	case errors.As(err, &denied):
		return http.StatusForbidden, denied.Error()
	case errors.As(err, &forbidden):
		return http.StatusForbidden, forbidden.Message
	case errors.As(err, &refused):
		return http.StatusForbidden, refused.Error()
	case errors.Is(err, service.ErrNotPending):
		return http.StatusNotFound, service.ErrNotPending.Error()
	case errors.Is(err, service.ErrNotExecuted):
		return http.StatusInternalServerError, service.ErrNotExecuted.Error()
	default:
		return 0, ""
	}
}
