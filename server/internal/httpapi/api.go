// Package httpapi is the HTTP door of the memory server: contract section 2. It turns requests
// into calls of the service and results into JSON, and decides nothing itself.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"chaosctl/server/internal/service"
)

// vary is on every answer although no answer varies: clients of the original see it.
const vary = "origin, access-control-request-method, access-control-request-headers"

// api serves the routes.
type api struct {
	service *service.Service
	keys    *Keys
	logger  *slog.Logger
	metrics *metrics
	mux     *http.ServeMux
}

// handler answers a request, or returns why not; the error becomes the answer in failure.
type handler func(w http.ResponseWriter, r *http.Request) error

// route is one path and what is served there, by method. HEAD goes with GET.
type route struct {
	path    string
	methods map[string]handler
}

// New returns the handler of all routes, for those whom the keys let in.
func New(s *service.Service, keys *Keys, logger *slog.Logger) http.Handler {
	a := &api{service: s, keys: keys, logger: logger, metrics: newMetrics(s), mux: http.NewServeMux()}
	for _, r := range a.routes() {
		a.mux.Handle(r.path, a.dispatch(r))
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	return a
}

// routes is the list of what is served (contract section 2.2, and sync/pull, which is ours).
func (a *api) routes() []route {
	return []route{
		{healthPath, map[string]handler{http.MethodGet: a.health}},
		{"/metrics", map[string]handler{http.MethodGet: a.metrics.serve}},
		{"/api/v1/metrics", map[string]handler{http.MethodGet: a.metrics.serve}},
		{"/api/v1/memories", map[string]handler{http.MethodGet: a.list, http.MethodPost: a.create}},
		{"/api/v1/memories/{id}", map[string]handler{
			http.MethodGet: a.get, http.MethodPut: a.update, http.MethodDelete: a.remove,
		}},
		{"/api/v1/memories/bulk", map[string]handler{http.MethodPost: a.bulk}},
		{"/api/v1/memories/{id}/promote", map[string]handler{http.MethodPost: a.promote}},
		{"/api/v1/forget", map[string]handler{http.MethodPost: a.forget}},
		{"/api/v1/consolidate", map[string]handler{http.MethodPost: a.consolidate}},
		{"/api/v1/links", map[string]handler{http.MethodPost: a.link}},
		{"/api/v1/links/{id}", map[string]handler{http.MethodGet: a.links}},
		{"/api/v1/gc", map[string]handler{http.MethodPost: a.gc}},
		{"/api/v1/export", map[string]handler{http.MethodGet: a.export}},
		{"/api/v1/import", map[string]handler{http.MethodPost: a.imports}},
		{"/api/v1/archive", map[string]handler{http.MethodGet: a.archive, http.MethodDelete: a.purge}},
		{"/api/v1/archive/stats", map[string]handler{http.MethodGet: a.archiveStats}},
		{"/api/v1/archive/{id}/restore", map[string]handler{http.MethodPost: a.restore}},
		{"/api/v1/memories/{id}/grant", map[string]handler{http.MethodPost: a.grant}},
		{"/api/v1/memories/{id}/revoke", map[string]handler{http.MethodPost: a.revoke}},
		{"/api/v1/agents", map[string]handler{http.MethodGet: a.agents, http.MethodPost: a.register}},
		{"/api/v1/pending", map[string]handler{http.MethodGet: a.pending}},
		{"/api/v1/pending/{id}/approve", map[string]handler{http.MethodPost: a.approve}},
		{"/api/v1/pending/{id}/reject", map[string]handler{http.MethodPost: a.reject}},
		{"/api/v1/namespaces", map[string]handler{
			http.MethodGet: a.namespacesOrStandard, http.MethodPost: named(queryNamespace, a.setStandard),
			http.MethodPut: named(queryNamespace, a.setStandard), http.MethodDelete: named(queryNamespace, a.clearStandard),
		}},
		{"/api/v1/namespaces/{ns}/standard", map[string]handler{
			http.MethodGet: named(pathNamespace, a.standard), http.MethodPost: named(pathNamespace, a.setStandard),
			http.MethodPut: named(pathNamespace, a.setStandard), http.MethodDelete: named(pathNamespace, a.clearStandard),
		}},
		{"/api/v1/notify", map[string]handler{http.MethodPost: a.notify}},
		{"/api/v1/inbox", map[string]handler{http.MethodGet: a.inbox}},
		{"/api/v1/inbox/{id}/read", map[string]handler{http.MethodPost: a.markRead}},
		{"/api/v1/subscriptions", map[string]handler{
			http.MethodGet: a.subscriptions, http.MethodPost: a.subscribe, http.MethodDelete: a.unsubscribeByQuery,
		}},
		{"/api/v1/subscriptions/{id}", map[string]handler{http.MethodDelete: a.unsubscribe}},
		{"/api/v1/capabilities", map[string]handler{http.MethodGet: a.capabilities}},
		{"/api/v1/contradictions", map[string]handler{http.MethodGet: a.contradictions}},
		{"/api/v1/session/start", map[string]handler{http.MethodPost: a.startSession}},
		{"/api/v1/cluster", map[string]handler{http.MethodGet: a.cluster, http.MethodPost: a.clusterAction}},
		{"/api/v1/recall", map[string]handler{http.MethodGet: a.recallByQuery, http.MethodPost: a.recallByBody}},
		{"/api/v1/search", map[string]handler{http.MethodGet: a.search}},
		{"/api/v1/stats", map[string]handler{http.MethodGet: a.stats}},
		{"/api/v1/openapi.json", map[string]handler{http.MethodGet: describe()}},
		{"/api/v1/sync/push", map[string]handler{http.MethodPost: a.syncPush}},
		{"/api/v1/sync/since", map[string]handler{http.MethodGet: a.syncSince}},
		{"/api/v1/sync/pull", map[string]handler{http.MethodPost: a.syncPull}},
	}
}

// ServeHTTP implements http.Handler.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	rec := &recorder{ResponseWriter: w, status: http.StatusOK, route: "none"}
	w.Header().Set("Vary", vary)
	if a.keys.admit(r) {
		a.serve(rec, r)
	} else {
		a.refuse(rec, http.StatusUnauthorized, "missing or invalid API key")
	}
	a.metrics.observe(rec.route, r.Method, rec.status, time.Since(began))
	if rec.status >= http.StatusInternalServerError {
		a.logger.Error("request failed", "method", r.Method, "path", r.URL.Path, "status", rec.status, "took", time.Since(began))
		return
	}
	if a.logger.Enabled(r.Context(), slog.LevelDebug) {
		a.logger.Debug("request", "method", r.Method, "path", r.URL.Path, "status", rec.status, "took", time.Since(began))
	}
}

func (a *api) serve(rec *recorder, r *http.Request) {
	h, pattern := a.mux.Handler(r)
	switch {
	case !plainPath(r.URL.Path):
		// The mux would redirect to the clean path; the contract knows no redirects.
		rec.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodOptions && pattern == "/":
		rec.WriteHeader(http.StatusOK)
	case h == nil:
		rec.WriteHeader(http.StatusNotFound)
	default:
		a.mux.ServeHTTP(rec, r)
	}
}

// plainPath tells whether a path has no empty, dot or double-dot segment but perhaps at its end.
func plainPath(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.Contains(path, "//") &&
		!slices.ContainsFunc(strings.Split(path, "/"), func(s string) bool { return s == "." || s == ".." })
}

// dispatch picks the handler of a method.
func (a *api) dispatch(rt route) http.Handler {
	allow := allowed(rt.methods)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rec, ok := w.(*recorder); ok {
			rec.route = rt.path
		}
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		h := rt.methods[method]
		switch {
		case h != nil:
			if err := h(w, r); err != nil {
				a.failure(w, r, err)
			}
		case r.Method == http.MethodOptions:
			w.Header().Set("Allow", allow)
			w.WriteHeader(http.StatusOK)
		default:
			w.Header().Set("Allow", allow)
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
	})
}

// allowed lists methods as the contract has them: in a fixed order, without blanks.
func allowed(methods map[string]handler) string {
	var names []string
	for _, m := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if methods[m] != nil || m == http.MethodHead && methods[http.MethodGet] != nil {
			names = append(names, m)
		}
	}
	return strings.Join(names, ",")
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	route  string
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController the writer below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// caller is the agent id in X-Agent-Id: the first header, blanks cut, empty when it is not
// visible ASCII (contract section 2.1).
func caller(r *http.Request) string {
	id := strings.TrimSpace(r.Header.Get("X-Agent-Id"))
	if strings.ContainsFunc(id, func(c rune) bool { return c < ' ' || c > '~' }) {
		return ""
	}
	return id
}

// pathID is the {id} of a path.
func pathID(r *http.Request) (string, error) { return pathValue(r, "id") }

// pathValue is a named segment of a path.
func pathValue(r *http.Request, name string) (string, error) {
	value := r.PathValue(name)
	if !utf8.ValidString(value) {
		return "", &plain{http.StatusBadRequest, "Invalid URL: Invalid UTF-8 in `" + name + "`"}
	}
	return value, nil
}

// healthTimeout bounds a look at the store.
const healthTimeout = 5 * time.Second

// health answers 200 when the store holds together, else 503.
func (a *api) health(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
	defer cancel()
	status, word := http.StatusOK, "ok"
	if err := a.service.Healthy(ctx); err != nil {
		a.logger.Error("health", "error", err)
		status, word = http.StatusServiceUnavailable, "error"
	}
	return reply(w, status, map[string]any{"service": "ai-memory", "status": word})
}
