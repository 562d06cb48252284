package openapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// part is what one resource adds to the document.
type part struct {
	routes  []route
	schemas map[string]*Schema
}

// route is what an operation has of its own; operation adds what all have.
type route struct {
	method, path string
	id           string // of the operation: the name of the SDK's method
	tag          string
	summary      string
	about        string
	params       []*Parameter // path parameters are added for {id} and {ns}
	agent        bool         // X-Agent-Id is read
	body         *Schema      // nil: none is read
	bodyOptional bool
	answers      []answer
}

// answer is one status.
type answer struct {
	status int
	schema string // name of a schema, or one of the two below
	about  string
}

// MaxBody is the largest request body, in bytes (contract section 2.1). The door checks it.
const MaxBody = 2 << 20

// Answers that are no JSON.
const (
	plainText = "text/plain"
	empty     = ""
)

const (
	jsonType = "application/json"
	textType = "text/plain; charset=utf-8"
	// promType is the Prometheus text format.
	promType = "text/plain; version=0.0.4; charset=utf-8"
)

// Refusals that many routes have.
var (
	notFound = answer{http.StatusNotFound, "Error", "No memory has the id."}
	tooFew   = answer{
		http.StatusServiceUnavailable, "QuorumNotMet",
		"Too few nodes hold the write in time. It is stored here and may still spread; repeating it does no harm.",
	}
	pending = answer{http.StatusAccepted, "GovernancePending", "Queued until it is approved."}
	denied  = answer{http.StatusForbidden, "Error", "Denied by the governance of the namespace."}
)

// operation adds what all operations have: path parameters, and the refusals that come from the
// form of a request.
func (r route) operation() *Operation {
	op := &Operation{
		OperationID: r.id,
		Tags:        []string{r.tag},
		Summary:     r.summary,
		Description: r.about,
		Parameters:  slices.Concat(r.pathParams(), r.params),
		Responses:   map[string]Response{},
		Method:      r.method,
		Path:        r.path,
	}
	if r.agent {
		op.Parameters = append(op.Parameters, agentHeader())
	}
	if r.body != nil {
		op.RequestBody = &RequestBody{!r.bodyOptional, map[string]MediaType{jsonType: {r.body}}}
	}
	for _, a := range slices.Concat(r.answers, r.refusals()) {
		op.add(a)
	}
	if r.tag == tagHealth {
		op.Security = &[]map[string][]string{}
	}
	return op
}

// add adds an answer, to others of the same status if there are any.
func (op *Operation) add(a answer) {
	key := strconv.Itoa(a.status)
	r, known := op.Responses[key]
	if !known {
		r.Description = a.about
	}
	if r.Content == nil && a.schema != empty {
		r.Content = map[string]MediaType{}
	}
	switch a.schema {
	case empty:
	case plainText:
		r.Content[textType] = MediaType{text("")}
	case promType:
		r.Content[promType] = MediaType{text("")}
	default:
		r.Content[jsonType] = MediaType{ref(a.schema)}
	}
	if a.schema == "QuorumNotMet" {
		r.Headers = map[string]Header{"Retry-After": {"Seconds to wait before trying again.", count("")}}
	}
	op.Responses[key] = r
}

// refusals are what the form of a request can lead to, whatever the route.
func (r route) refusals() []answer {
	var all []answer
	if r.body != nil || len(r.params) > 0 || strings.Contains(r.path, "{") {
		all = append(all,
			answer{http.StatusBadRequest, "Error", "A rule is broken (JSON), or the request cannot be read (text)."},
			answer{http.StatusBadRequest, plainText, ""})
	}
	if r.body != nil {
		all = append(all,
			answer{http.StatusRequestEntityTooLarge, plainText, fmt.Sprintf("The body has more than %d bytes.", MaxBody)},
			answer{http.StatusUnsupportedMediaType, plainText, "The content type is given, and it is not JSON."},
			answer{http.StatusUnprocessableEntity, plainText, "The body is JSON, but of another shape."})
	}
	if r.tag != tagHealth {
		all = append(all,
			answer{http.StatusUnauthorized, "Error", "The server has an API key and the request has not shown it."},
			answer{http.StatusInternalServerError, "Error", "The server failed."})
	}
	return all
}

func (r route) pathParams() []*Parameter {
	var all []*Parameter
	for segment := range strings.SplitSeq(r.path, "/") {
		name, is := strings.CutPrefix(segment, "{")
		if name = strings.TrimSuffix(name, "}"); !is {
			continue
		}
		p := &Parameter{Name: name, In: "path", Required: true, Schema: ref("Id")}
		if name == "ns" {
			p.Schema = ref("Namespace")
			p.Description = "A slash within it is written %2F."
		}
		all = append(all, p)
	}
	return all
}

// query is a parameter of the query that may be absent.
func query(name string, s *Schema) *Parameter {
	p := &Parameter{Name: name, In: "query", Schema: s, Description: s.Description}
	if s.Ref == "" {
		p.Schema = s.about("")
	}
	return p
}

// needed is a parameter that must be there.
func (p Parameter) needed() *Parameter { p.Required = true; return &p }

func agentHeader() *Parameter {
	return &Parameter{
		Name: "X-Agent-Id", In: "header", Schema: ref("AgentId"),
		Description: "Who asks. Absent: anonymous.",
	}
}
