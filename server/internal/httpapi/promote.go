package httpapi

import "net/http"

// promote answers POST /api/v1/memories/{id}/promote (contract section 2.6). Beyond the contract the
// answer has the fields of the memory.
func (a *api) promote(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	done, err := a.service.Promote(r.Context(), id, caller(r), nil)
	switch {
	case err != nil:
		return err
	case done.Queued != nil:
		return queued(w, *done.Queued)
	case !done.Met():
		return tooFew(w, done.Memory.ID, *done.Quorum)
	}
	answer := promoted{flat: done.Memory, Promoted: true}
	if done.Quorum != nil {
		answer.Acks = &done.Quorum.Acks
	}
	return reply(w, http.StatusOK, answer)
}

// promoted is a memory on the wire that was promoted.
type promoted struct {
	flat
	Promoted bool `json:"promoted"`
	Acks     *int `json:"quorum_acks,omitempty"`
}
