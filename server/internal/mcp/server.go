// Package mcp serves memories to AI agents by the Model Context Protocol: 36 tools and 2 prompts over
// lines of JSON (contract section 11), and the same over streamable HTTP. It knows the use cases
// of the service, and nothing of how memories are kept.
package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// Name is what the server calls itself.
const Name = "ai-memory"

// Model is a language model.
type Model interface {
	// ExpandQuery returns terms that mean much the same as a query.
	ExpandQuery(ctx context.Context, query string) ([]string, error)
	// Tags returns words under which a text would be looked for.
	Tags(ctx context.Context, title, content string) ([]string, error)
	// Contradicts tells whether two texts cannot both be true.
	Contradicts(ctx context.Context, a, b string) (bool, error)
	// Summarize returns what several texts say, in short.
	Summarize(ctx context.Context, texts []string) (string, error)
}

// Options of a server.
type Options struct {
	Version   string
	Tier      string          // feature tier that was asked for
	Agent     string          // on whose behalf all calls are; empty: the client's
	Identity  memory.Identity // of this process, for clients
	Model     Model           // nil: there is none
	ModelName string
	Archives  bool // what is forgotten goes to the archive
	Hooks     bool // what is stored is tagged and compared by the model
	Logger    *slog.Logger
}

// Server answers clients.
type Server struct {
	service *service.Service
	options Options
	tools   []*sdk.Tool
	calls   map[string]call
}

// New returns a server on the use cases of a service.
func New(s *service.Service, o Options) *Server {
	server := &Server{service: s, options: o, calls: map[string]call{}}
	for _, t := range tools() {
		server.tools = append(server.tools, &sdk.Tool{Name: t.name, Description: t.description, InputSchema: t.input})
		server.calls[t.name] = t.call
	}
	return server
}

// call does what a tool is for, on behalf of a caller.
type call func(ctx context.Context, s *Server, caller string, a arguments) (any, error)

// tool is one of the 36 (contract section 11.5).
type tool struct {
	name        string
	description string
	input       schema
	call        call
}

// result is what a call comes to (contract section 11.4).
type result struct {
	Content []textContent `json:"content"`
	IsError bool          `json:"isError,omitempty"`
}

type textContent struct {
	Text string `json:"text"`
	Type string `json:"type"`
}

func textResult(text string, failed bool) result {
	return result{[]textContent{{text, "text"}}, failed}
}

// Call calls a tool for a client of a name. What goes wrong is told in the result.
func (s *Server) Call(ctx context.Context, client, name string, given map[string]json.RawMessage) result {
	do := s.calls[name]
	if do == nil {
		return textResult("unknown tool: "+name, true)
	}
	value, err := do(ctx, s, s.caller(client), given)
	if err != nil {
		return textResult(s.explain(ctx, name, err), true)
	}
	if text, is := value.(toon); is {
		return textResult(string(text), false)
	}
	text, err := pretty(value)
	if err != nil {
		return textResult("the result cannot be written: "+err.Error(), true)
	}
	return textResult(text, false)
}

// caller is the agent on whose behalf a client calls (contract section 11.7).
func (s *Server) caller(client string) string {
	if s.options.Agent != "" {
		return s.options.Agent
	}
	return s.options.Identity.Client(client)
}

// toon is a result that is written already.
type toon string

func pretty(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// said is a failure in words for the client.
type said string

// Error returns the words.
func (s said) Error() string { return string(s) }

// explain is a failure in the words of contract section 11.5. What is not the client's doing is logged.
func (s *Server) explain(ctx context.Context, tool string, err error) string {
	var (
		words     said
		invalid   *service.Invalid
		denied    *service.Denied
		unknown   *service.Unknown
		taken     *service.TitleInUse
		ambiguous *service.AmbiguousPrefix
		forbidden *service.Forbidden
		refused   *service.Refused
	)
	switch {
	case errors.As(err, &words):
		return words.Error()
	case errors.As(err, &invalid):
		return strings.TrimPrefix(invalid.Message, "invalid agent_id: ")
	case errors.As(err, &denied):
		return denied.Error()
	case errors.As(err, &unknown):
		return unknown.Error()
	case errors.As(err, &taken):
		return taken.Error()
	case errors.As(err, &ambiguous):
		return ambiguous.Error()
	case errors.As(err, &forbidden):
		return forbidden.Error()
	case errors.As(err, &refused):
		return refused.Error()
	case errors.Is(err, service.ErrNotArchived):
		return service.ErrNotArchived.Error()
	case errors.Is(err, service.ErrNotFound):
		return "memory not found"
	}
	if ctx.Err() == nil {
		s.options.Logger.Error("tool failed", "tool", tool, "error", err)
	}
	return err.Error()
}

// knownTier is the tier of an argument; nil when it is absent or none.
func knownTier(a arguments) *memory.Tier {
	t := memory.Tier(a.or("tier", ""))
	if !slices.Contains(memory.Tiers(), t) {
		return nil
	}
	return &t
}

// wantedTier is the tier of an argument, which must be one if it is there.
func wantedTier(a arguments, otherwise memory.Tier) (memory.Tier, error) {
	t := memory.Tier(a.or("tier", string(otherwise)))
	if !slices.Contains(memory.Tiers(), t) {
		return "", said("invalid tier: " + string(t))
	}
	return t, nil
}

// acting is who a call is attributed to: an argument that no schema declares, else the caller.
func acting(a arguments, caller string) string {
	if agent := a.given("agent_id"); agent != nil {
		return *agent
	}
	return caller
}
