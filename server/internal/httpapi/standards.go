package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"chaosctl/server/internal/service"
)

// The routes of this file are beyond the contract; their answers are those of its section 11.5,
// tools 24 to 26. A namespace with slashes is written %2F in a path.

// pathNamespace is the {ns} of a path.
func pathNamespace(r *http.Request) (string, error) { return pathValue(r, "ns") }

// queryNamespace is the namespace of a query.
func queryNamespace(r *http.Request) (string, error) {
	q := parseQuery(r.URL.RawQuery)
	namespace := q.text("namespace")
	if namespace == nil {
		q.mismatch("namespace", "missing field `namespace`")
		return "", q.err
	}
	return *namespace, nil
}

// named makes a handler of one that is told of which namespace.
func named(of func(*http.Request) (string, error), h func(http.ResponseWriter, *http.Request, string) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		namespace, err := of(r)
		if err != nil {
			return err
		}
		return h(w, r, namespace)
	}
}

// setStandard makes a memory the standard of a namespace.
func (a *api) setStandard(w http.ResponseWriter, r *http.Request, namespace string) error {
	o, err := readObject(w, r)
	if err != nil {
		return err
	}
	d := service.StandardDraft{
		Namespace: namespace, MemoryID: must[string](o, "id"), Parent: optional[string](o, "parent"), Caller: caller(r),
	}
	if text := o.take("governance"); text != nil && !isNull(text) {
		d.Governance = compacted(text)
	}
	if o.err != nil {
		return o.err
	}
	done, err := a.service.SetStandard(r.Context(), d)
	if err != nil {
		return err
	}
	answer := map[string]any{"namespace": namespace, "set": true, "standard_id": done.Standard.StandardID}
	if d.Parent != nil {
		answer["parent"] = *d.Parent
	}
	if d.Governance != nil {
		answer["governance"] = d.Governance
	}
	return settled(w, http.StatusOK, answer, done.Quorum, "namespace")
}

// compacted is valid JSON without blanks.
func compacted(text []byte) json.RawMessage {
	var out bytes.Buffer
	if json.Compact(&out, text) != nil {
		return text
	}
	return out.Bytes()
}

// flag reads a truth value of a query; a key without a value is true.
func (q *query) flag(key string) bool {
	value := q.text(key)
	if value == nil {
		return false
	}
	if *value == "" {
		return true
	}
	is, err := strconv.ParseBool(*value)
	if err != nil {
		q.mismatch(key, "provided string was not `true` or `false`")
	}
	return is
}

// standard answers the standard of a namespace, or with inherit those that hold for it.
func (a *api) standard(w http.ResponseWriter, r *http.Request, namespace string) error {
	q := parseQuery(r.URL.RawQuery)
	inherit := q.flag("inherit")
	if q.err != nil {
		return q.err
	}
	if inherit {
		return a.standards(w, r, namespace)
	}
	found, err := a.service.Standard(r.Context(), namespace)
	if err != nil {
		return err
	}
	switch {
	case found == nil:
		return reply(w, http.StatusOK, map[string]any{"namespace": namespace, "standard_id": nil})
	case found.Memory == nil:
		return reply(w, http.StatusOK, map[string]any{
			"namespace": namespace, "standard_id": found.StandardID, "warning": "the standard's memory does not exist: it was deleted",
		})
	}
	return reply(w, http.StatusOK, wholeStandard(*found))
}

func wholeStandard(found service.FoundStandard) map[string]any {
	out := map[string]any{
		"content":     found.Memory.Content,
		"governance":  found.Policy,
		"namespace":   found.Namespace,
		"priority":    found.Memory.Priority,
		"standard_id": found.StandardID,
		"title":       found.Memory.Title,
	}
	if found.Parent != "" {
		out["parent"] = found.Parent
	}
	return out
}

func (a *api) standards(w http.ResponseWriter, r *http.Request, namespace string) error {
	chain, found, err := a.service.Standards(r.Context(), namespace)
	if err != nil {
		return err
	}
	standards := make([]map[string]any, len(found))
	for i, one := range found {
		standards[i] = wholeStandard(one)
	}
	return reply(w, http.StatusOK, map[string]any{
		"chain": chain, "count": len(standards), "namespace": namespace, "standards": standards,
	})
}

// clearStandard lets a namespace have no standard.
func (a *api) clearStandard(w http.ResponseWriter, r *http.Request, namespace string) error {
	done, err := a.service.ClearStandard(r.Context(), namespace, caller(r))
	if err != nil {
		return err
	}
	return settled(w, http.StatusOK, map[string]any{"cleared": done.Cleared, "namespace": namespace}, done.Quorum, "namespace")
}

// namespacesOrStandard answers GET /api/v1/namespaces: the list, or the standard of the one that
// the query names.
func (a *api) namespacesOrStandard(w http.ResponseWriter, r *http.Request) error {
	if namespace := parseQuery(r.URL.RawQuery).text("namespace"); namespace != nil {
		return a.standard(w, r, *namespace)
	}
	return a.namespaces(w, r)
}
