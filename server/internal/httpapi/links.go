package httpapi

import (
	"net/http"

	"chaosctl/server/internal/memory"
)

// link answers POST /api/v1/links (contract section 2.9). Beyond the contract the answer has the
// link.
func (a *api) link(w http.ResponseWriter, r *http.Request) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	source, target := must[string](o, "source_id"), must[string](o, "target_id")
	relation := or(o, "relation", memory.RelatedTo)
	if o.err != nil {
		return o.err
	}
	done, err := a.service.Link(r.Context(), source, target, relation, caller(r))
	if err != nil {
		return err
	}
	return settled(w, http.StatusCreated, map[string]any{
		"created_at": done.Link.CreatedAt,
		"linked":     true,
		"relation":   done.Link.Relation,
		"source_id":  done.Link.SourceID,
		"target_id":  done.Link.TargetID,
	}, done.Quorum, "created_at", "relation", "source_id", "target_id")
}

// links answers GET /api/v1/links/{id}. Beyond the contract the answer has count.
func (a *api) links(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	found, err := a.service.Links(r.Context(), id)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, map[string]any{"count": len(found), "links": found})
}
