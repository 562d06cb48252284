package contract

import (
	"net/http"
	"sync"
	"testing"

	"chaosctl/test/openapitest"
)

// description is the OpenAPI document of the program, read once.
type description struct {
	mu      sync.Mutex
	checker *openapitest.Checker
}

// described is what all answers of all tests are checked against.
var described description

// check reports an answer that is not as the document describes it.
func (d *description) check(t testing.TB, method, path string, a answer) {
	t.Helper()
	err := d.of(t).Check(openapitest.Answer{
		Method: method, Path: path, Status: a.status, ContentType: a.header.Get("Content-Type"), Body: a.body,
	})
	if err != nil {
		t.Errorf("not as the OpenAPI document has it: %v", err)
	}
}

func (d *description) of(t testing.TB) *openapitest.Checker {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.checker != nil {
		return d.checker
	}
	n := newNode(t)
	n.start(t)
	a, err := n.try(t.Context(), http.MethodGet, "/api/v1/openapi.json", nil, nil)
	n.kill()
	if err != nil {
		t.Fatal(err)
	}
	if d.checker, err = openapitest.New(a.body); err != nil {
		t.Fatal(err)
	}
	return d.checker
}
