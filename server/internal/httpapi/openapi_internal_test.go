package httpapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"chaosctl/server/internal/openapi"
)

// TestRouterAndDocumentAgree walks the router: what it serves is what the document describes.
func TestRouterAndDocumentAgree(t *testing.T) {
	t.Parallel()
	served := map[string]bool{}
	for _, r := range (&api{metrics: &metrics{}}).routes() {
		for method := range r.methods {
			served[method+" "+r.path] = true
		}
	}
	described := map[string]bool{}
	for _, op := range openapi.New().Operations() {
		described[op.Method+" "+op.Path] = true
	}
	for route := range served {
		if !described[route] {
			t.Errorf("%s is served, and not in the OpenAPI document: describe it in server/internal/openapi", route)
		}
	}
	for route := range described {
		if !served[route] {
			t.Errorf("%s is in the OpenAPI document, and not served", route)
		}
	}
}

func TestLimitOfBodies(t *testing.T) {
	t.Parallel()
	if openapi.MaxBody != maxBody {
		t.Errorf("the document says %d bytes, the limit is %d", openapi.MaxBody, maxBody)
	}
}

func TestDocumentIsServed(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	if err := describe()(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/openapi.json", http.NoBody)); err != nil {
		t.Fatal(err)
	}
	var d struct {
		OpenAPI string         `json:"openapi"`
		Paths   map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	if d.OpenAPI != "3.1.0" || d.Paths["/api/v1/memories/{id}"] == nil {
		t.Errorf("version %q with %d paths", d.OpenAPI, len(d.Paths))
	}
}
