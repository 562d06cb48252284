package httpapi

import (
	"fmt"
	"net/http"

	"chaosctl/server/internal/jsontext"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// forget answers POST /api/v1/forget (contract section 2.9). Beyond the contract the filters may be
// in the query, and the answer tells what was left to be approved.
func (a *api) forget(w http.ResponseWriter, r *http.Request) error {
	f, err := readForget(w, r)
	if err != nil {
		return err
	}
	f.Caller = caller(r)
	done, err := a.service.Forget(r.Context(), f)
	if err != nil {
		return err
	}
	answer := map[string]any{"deleted": done.Count}
	if len(done.Queued) > 0 {
		answer["queued"], answer["pending_ids"] = len(done.Queued), done.Queued
	}
	return settled(w, http.StatusOK, answer, done.Quorum, "deleted", "queued", "pending_ids")
}

// readForget reads filters from the query and from the body, which may be empty where they are in
// the query, or where no content type announces one.
func readForget(w http.ResponseWriter, r *http.Request) (service.Forget, error) {
	q := parseQuery(r.URL.RawQuery)
	f := service.Forget{Namespace: q.text("namespace"), Pattern: q.text("pattern"), Tier: q.tier("tier")}
	body, err := readBody(w, r)
	switch {
	case err != nil:
		return f, err
	case q.err != nil:
		return f, q.err
	case len(body) == 0 && (f != service.Forget{} || r.Header.Get("Content-Type") == ""):
		return f, nil
	}
	if err := jsontext.Check(body); err != nil {
		return f, &plain{http.StatusBadRequest, "Failed to parse the request body as JSON: " + err.Error()}
	}
	o := parseObject(body, "")
	namespace, pattern, tier := optional[string](o, "namespace"), optional[string](o, "pattern"), o.tier("tier", nil)
	if o.err != nil {
		return f, o.err
	}
	for _, err := range []error{
		both("namespace", &f.Namespace, namespace), both("pattern", &f.Pattern, pattern), both("tier", &f.Tier, tier),
	} {
		if err != nil {
			return f, err
		}
	}
	return f, nil
}

// both takes what the body says where the query says nothing. What is to be forgotten must not
// depend on which of two is read first.
func both[T string | memory.Tier](field string, query **T, body *T) error {
	switch {
	case body == nil:
	case *query == nil:
		*query = body
	case **query != *body:
		return &service.Invalid{Message: fmt.Sprintf("%s is '%v' in the query and '%v' in the body", field, **query, *body)}
	}
	return nil
}

// gc answers POST /api/v1/gc (contract section 2.10).
func (a *api) gc(w http.ResponseWriter, r *http.Request) error {
	done, err := a.service.Collect(r.Context())
	if err != nil {
		return err
	}
	return settled(w, http.StatusOK, map[string]any{"expired_deleted": done.Count}, done.Quorum, "expired_deleted")
}
