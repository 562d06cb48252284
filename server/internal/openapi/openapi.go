// Package openapi describes the HTTP interface of the memory server as an OpenAPI 3.1 document.
// Words and limits come from the packages that check them; nothing here decides anything.
//
// The types of the TypeScript SDK are made from it: go generate.
package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"chaosctl/server/internal/service"
)

//go:generate go run ./mksdk -out ../../../sdk/typescript/src/generated

// The groups of operations.
const (
	tagHealth     = "health"
	tagMemories   = "memories"
	tagSearch     = "search"
	tagLinks      = "links"
	tagNamespaces = "namespaces"
	tagLifecycle  = "lifecycle"
	tagAgents     = "agents"
	tagGovernance = "governance"
	tagMessages   = "messages"
	tagWebhooks   = "webhooks"
	tagNodes      = "nodes"
	tagServer     = "server"
)

func tags() []Tag {
	return []Tag{
		{tagHealth, "Whether the server works; needs no key."},
		{tagMemories, "Storing, reading and changing memories."},
		{tagSearch, "Finding memories."},
		{tagLinks, "Relations between memories."},
		{tagNamespaces, "Namespaces and the memories that are their standards."},
		{tagLifecycle, "What becomes of memories: expiry, archive, export, import."},
		{tagAgents, "The registry of agents, and who may see and change a memory."},
		{tagGovernance, "Actions that wait for approval."},
		{tagMessages, "Messages from agent to agent."},
		{tagWebhooks, "Subscriptions to events, delivered by signed webhooks."},
		{tagNodes, "What nodes tell each other."},
		{tagServer, "The server itself."},
	}
}

// parts is the list of what there is.
func parts() []part {
	return []part{
		vocabulary(), server(), memories(), bulk(), search(), links(), namespaces(),
		lifecycle(), agents(), governance(), messages(), webhooks(), nodes(), cluster(),
	}
}

const about = `A replicated memory for agents, compatible with ai-memory 0.6.0.

Unknown keys in bodies and queries are ignored. A body without a Content-Type is read as JSON. Every GET route answers HEAD,
every path answers OPTIONS. A path that is not here answers 404, a method 405, both without a body.
Answers may have more keys than are described here in later versions.`

// New returns the document.
func New() Document {
	d := Document{
		OpenAPI:  "3.1.0",
		Info:     Info{"ai-memory", service.Version, "A replicated memory for agents.", about},
		Tags:     tags(),
		Security: []map[string][]string{{"header": {}}, {"query": {}}, {}},
		Paths:    map[string]PathItem{},
		Webhooks: map[string]PathItem{"event": {"post": delivery()}},
		Components: Components{
			Schemas: map[string]*Schema{},
			SecuritySchemes: map[string]SecurityScheme{
				"header": {"apiKey", "header", "X-API-Key", "Needed when the server was started with an API key."},
				"query":  {"apiKey", "query", "api_key", "The same key, as it is: nothing in it is decoded."},
			},
		},
	}
	for _, p := range parts() {
		maps.Copy(d.Components.Schemas, p.schemas)
		for _, r := range p.routes {
			if d.Paths[r.path] == nil {
				d.Paths[r.path] = PathItem{}
			}
			d.Paths[r.path][strings.ToLower(r.method)] = r.operation()
		}
	}
	return d
}

// Operations returns the operations by path and method.
func (d Document) Operations() []*Operation {
	var all []*Operation
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(d.Paths[path])) {
			all = append(all, d.Paths[path][method])
		}
	}
	return all
}

// JSON returns the document as it is served.
func (d Document) JSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return nil, fmt.Errorf("writing the OpenAPI document: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
