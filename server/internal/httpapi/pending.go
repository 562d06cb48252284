package httpapi

import (
	"net/http"

	"chaosctl/server/internal/service"
)

// queued answers a request for what has to be approved first (contract sections 2.4 and 2.6).
func queued(w http.ResponseWriter, q service.Queued) error {
	return settled(w, http.StatusAccepted, q.Answer(), q.Quorum, "pending_id")
}

// pending answers GET /api/v1/pending (contract section 2.12).
func (a *api) pending(w http.ResponseWriter, r *http.Request) error {
	q := parseQuery(r.URL.RawQuery)
	status, limit := q.text("status"), q.count("limit", service.DefaultPendingLimit)
	if q.err != nil {
		return q.err
	}
	found, err := a.service.Pending(r.Context(), status, limit)
	if err != nil {
		return err
	}
	for i, p := range found {
		found[i] = p.WithoutNodes()
	}
	return reply(w, http.StatusOK, map[string]any{"count": len(found), "pending": found})
}

// approve answers POST /api/v1/pending/{id}/approve (contract section 2.12).
func (a *api) approve(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	d, err := a.service.Approve(r.Context(), id, caller(r))
	if err != nil {
		return err
	}
	if !d.Done {
		return settled(w, http.StatusAccepted, map[string]any{
			"approved": false,
			"id":       id,
			"quorum":   d.Needed,
			"reason":   "consensus threshold not yet reached",
			"status":   "pending",
			"votes":    d.Votes,
		}, d.Quorum, "id")
	}
	return settled(w, http.StatusOK, map[string]any{
		"approved": true, "decided_by": d.By, "executed": true, "id": id, "memory_id": d.MemoryID,
	}, d.Quorum, "id")
}

// reject answers POST /api/v1/pending/{id}/reject (contract section 2.12).
func (a *api) reject(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	d, err := a.service.Reject(r.Context(), id, caller(r))
	if err != nil {
		return err
	}
	return settled(w, http.StatusOK, map[string]any{"decided_by": d.By, "id": id, "rejected": true}, d.Quorum, "id")
}
