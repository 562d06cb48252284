package httpapi

import (
	"fmt"
	"net/http"

	"chaosctl/server/internal/memory"
)

// update answers PUT /api/v1/memories/{id} (contract section 2.6).
func (a *api) update(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	p := readPatch(o)
	if o.err != nil {
		return o.err
	}
	updated, err := a.service.Update(r.Context(), id, p, caller(r))
	if err != nil {
		return err
	}
	if updated.Queued != nil {
		return queued(w, *updated.Queued)
	}
	if !updated.Met() {
		return tooFew(w, updated.Memory.ID, *updated.Quorum)
	}
	return reply(w, http.StatusOK, updated.Memory)
}

// readPatch reads an update body: null means absent for every field.
func readPatch(o *object) memory.Patch {
	p := memory.Patch{
		Title:     optional[string](o, "title"),
		Content:   optional[string](o, "content"),
		Tier:      optional[memory.Tier](o, "tier"),
		Namespace: optional[string](o, "namespace"),
		Priority:  optional[int32](o, "priority"),
		ExpiresAt: optional[string](o, "expires_at"),
	}
	given := func(field string) bool { return o.has(field) && !isNull(o.take(field)) }
	if given("tags") {
		p.Tags = readStrings(o, "tags", false)
	}
	if given("confidence") {
		confidence := readConfidence(o, 0)
		p.Confidence = &confidence
	}
	if given("metadata") {
		p.Metadata = readMetadata(o)
	}
	if p.Tier != nil && memory.ValidateTier(*p.Tier) != nil {
		o.mismatch("tier", fmt.Sprintf("unknown variant `%s`, expected one of `short`, `mid`, `long`", *p.Tier))
	}
	return p
}

// remove answers DELETE /api/v1/memories/{id} (contract section 2.6). Beyond the contract it tells
// how many nodes hold the deletion.
func (a *api) remove(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	deleted, err := a.service.Delete(r.Context(), id, caller(r))
	if err != nil {
		return err
	}
	if deleted.Queued != nil {
		return queued(w, *deleted.Queued)
	}
	if !deleted.Met() {
		return tooFew(w, deleted.ID, *deleted.Quorum)
	}
	answer := map[string]any{"deleted": true}
	if deleted.Quorum != nil {
		answer["quorum_acks"] = deleted.Quorum.Acks
	}
	return reply(w, http.StatusOK, answer)
}
