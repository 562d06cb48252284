// Package openapitest checks answers of a running server against its OpenAPI 3.1 document. It is
// strict: an answer that the document does not describe, or that has a key which it does not
// name, is wrong.
package openapitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Answer is what a server answered to a request.
type Answer struct {
	Method      string // of the request
	Path        string // of the request, escaped as it was sent; a query is not looked at
	Status      int
	ContentType string
	Body        []byte
}

// Checker checks answers. It is safe for concurrent use.
type Checker struct {
	document document
	compiler *jsonschema.Compiler

	mu      sync.Mutex
	schemas map[string]*jsonschema.Schema // by where they are in the document
}

// document is what is looked at of an OpenAPI document. The schemas are left to the compiler.
type document struct {
	Paths      map[string]map[string]operation // by path, and method in lower case
	Components struct {
		Schemas map[string]any
	}
}

type operation struct {
	Parameters  []any
	RequestBody struct {
		Content map[string]any
	}
	Responses map[string]response // by status
}

type response struct {
	Content map[string]any // by content type
}

// location is the name under which the document is known while schemas are compiled.
const location = "https://ai-memory.invalid/openapi.json"

// New returns a checker of a document. The error says why the document cannot be used.
func New(text []byte) (*Checker, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource(location, closed(tree)); err != nil {
		return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	return &Checker{document: d, compiler: compiler, schemas: map[string]*jsonschema.Schema{}}, nil
}

// closed forbids every object that names its keys to have others.
func closed(tree any) any {
	switch node := tree.(type) {
	case map[string]any:
		for _, inner := range node {
			closed(inner)
		}
		_, names := node["properties"].(map[string]any)
		if _, says := node["additionalProperties"]; names && !says && node["type"] == "object" {
			node["additionalProperties"] = false
		}
	case []any:
		for _, inner := range node {
			closed(inner)
		}
	}
	return tree
}

// Check returns what is wrong with an answer, nil when the document describes it. The answers to
// paths and methods that are not in the document have to be those of all such.
func (c *Checker) Check(a Answer) error {
	if err := c.check(a); err != nil {
		return fmt.Errorf("%s %s answered %d: %w", a.Method, a.Path, a.Status, err)
	}
	return nil
}

func (c *Checker) check(a Answer) error {
	path, known := c.template(a.Path)
	method := a.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	op, served := c.document.Paths[path][strings.ToLower(method)]
	switch {
	case a.Method == http.MethodOptions:
		return a.bare(http.StatusOK)
	case !served && a.Status == http.StatusUnauthorized:
		return c.body("#/components/schemas/Error", a)
	case !known:
		return a.bare(http.StatusNotFound)
	case !served:
		return a.bare(http.StatusMethodNotAllowed)
	}
	response, described := op.Responses[strconv.Itoa(a.Status)]
	if !described {
		return errors.New("the document does not have this status")
	}
	if a.Method == http.MethodHead {
		return nil
	}
	if len(response.Content) == 0 {
		return a.bare(a.Status)
	}
	kind, err := contentType(response, a.ContentType)
	if err != nil || !strings.Contains(kind, "json") {
		return err
	}
	at := strings.Join([]string{
		"#", "paths", escape(path), strings.ToLower(method), "responses", strconv.Itoa(a.Status), "content", escape(kind), "schema",
	}, "/")
	return c.body(at, a)
}

// bare returns what is wrong with an answer that has to be empty.
func (a Answer) bare(status int) error {
	switch {
	case a.Status != status:
		return fmt.Errorf("not %d", status)
	case len(a.Body) > 0:
		return fmt.Errorf("with a body: %.80q", a.Body)
	}
	return nil
}

// contentType finds an answer's content type among those that are described.
func contentType(r response, got string) (string, error) {
	for described := range r.Content {
		if same(described, got) {
			return described, nil
		}
	}
	return "", fmt.Errorf("content type %q, the document has %q", got, slices.Sorted(maps.Keys(r.Content)))
}

func same(a, b string) bool {
	kindA, parametersA, errA := mime.ParseMediaType(a)
	kindB, parametersB, errB := mime.ParseMediaType(b)
	return errA == nil && errB == nil && kindA == kindB && maps.Equal(parametersA, parametersB)
}

// template finds the path of the document that a path is one of. Of several, that which has a
// word where the others have a parameter.
func (c *Checker) template(path string) (string, bool) {
	path, _, _ = strings.Cut(path, "?")
	var best string
	for candidate := range c.document.Paths {
		if matches(candidate, path) && (best == "" || strings.Count(candidate, "{") < strings.Count(best, "{")) {
			best = candidate
		}
	}
	return best, best != ""
}

func matches(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(w, g string) bool {
		return w == g || strings.HasPrefix(w, "{") && g != ""
	})
}

// escape makes a part of a JSON pointer that is a part of a URL.
func escape(part string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
}

// body checks a body against the schema somewhere in the document.
func (c *Checker) body(at string, a Answer) error {
	schema, err := c.schema(at)
	if err != nil {
		return err
	}
	if !json.Valid(a.Body) {
		return fmt.Errorf("no JSON: %.80q", a.Body)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.Body))
	if err != nil {
		return fmt.Errorf("no JSON: %w", err)
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("the body %.300s is not as described: %w", a.Body, err)
	}
	return nil
}

func (c *Checker) schema(at string) (*jsonschema.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.schemas[at]; s != nil {
		return s, nil
	}
	s, err := c.compiler.Compile(location + at)
	if err != nil {
		return nil, fmt.Errorf("the schema at %s: %w", at, err)
	}
	c.schemas[at] = s
	return s, nil
}

// Schemas returns what is wrong with the schemas of the document, all of which it compiles: that
// of every body, parameter and name.
func (c *Checker) Schemas() error {
	var all []error
	try := func(parts ...string) {
		for i := range parts {
			parts[i] = escape(parts[i])
		}
		_, err := c.schema("#/" + strings.Join(parts, "/"))
		all = append(all, err)
	}
	for name := range c.document.Components.Schemas {
		try("components", "schemas", name)
	}
	for path, methods := range c.document.Paths {
		for method, op := range methods {
			for i := range op.Parameters {
				try("paths", path, method, "parameters", strconv.Itoa(i), "schema")
			}
			for kind := range op.RequestBody.Content {
				try("paths", path, method, "requestBody", "content", kind, "schema")
			}
			for status, response := range op.Responses {
				for kind := range response.Content {
					try("paths", path, method, "responses", status, "content", kind, "schema")
				}
			}
		}
	}
	return errors.Join(all...)
}
