package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"chaosctl/server/internal/mcp"
	"chaosctl/server/internal/memory"
)

// FeatureTiers are the tiers of features that may be asked for, the least first.
func FeatureTiers() []string { return []string{"keyword", "semantic", "smart", "autonomous"} }

// Model is a language model that is to be used. An empty URL is none.
type Model struct {
	URL    string // of an endpoint like OpenAI's, or of Ollama
	Name   string
	APIKey string
	Ollama bool // the URL is Ollama's
}

// MCP says how agents are served by the Model Context Protocol.
type MCP struct {
	Tier      string // of FeatureTiers
	Agent     string // on whose behalf all is done; empty: the client's
	Anonymous bool   // agents are not told the host's name
	Model     Model
	Hooks     bool // what is stored is tagged and compared by the model

	// Ready, if it is not nil, is called when clients are served, with the address that ListenMCP is bound to, and the
	// greatest tier of which anything works: there are no embeddings, so without a model it is the least.
	Ready func(at net.Addr, works string)
}

// works is the tier of which something works, by whether there is a language model.
func (m MCP) works(model bool) string {
	switch {
	case !model:
		return "keyword"
	case m.Tier == "autonomous":
		return m.Tier
	}
	return "smart"
}

// ServeMCP serves one client over a pair of streams until the input or ctx ends (contract section 11). Of the
// configuration it uses what Open does, the webhooks and the logger, which must not write to out.
func ServeMCP(ctx context.Context, c Config, m MCP, in io.Reader, out io.Writer) error {
	return c.withMCP(ctx, m, nil, func(server *mcp.Server) error { return server.Serve(ctx, in, out) })
}

// withMCP opens the database, has events delivered to subscribers, says that all is ready, and calls a function with a
// server that is bound to an address, or to none.
func (c Config) withMCP(ctx context.Context, m MCP, at net.Addr, do func(*mcp.Server) error) error {
	c = c.withLogger()
	return Use(ctx, c, func(memories *Memories) error {
		hooks := c.webhooks(memories.Service)
		serving, stop := context.WithCancel(context.WithoutCancel(ctx))
		var background sync.WaitGroup
		background.Go(func() { c.deliver(serving, memories.Service, hooks) })
		background.Go(func() { watch(serving, memories.database, nil, c.Logger) })
		defer background.Wait()
		defer stop()
		model, name := m.Model.open(ctx, c.Logger)
		if m.Ready != nil {
			m.Ready(at, m.works(model != nil))
		}
		return do(mcp.New(memories.Service, mcp.Options{
			Version: Version, Tier: m.Tier, Agent: m.Agent, Identity: memory.NewIdentity(m.Anonymous),
			Model: model, ModelName: name, Archives: !c.DiscardExpired, Hooks: m.Hooks, Logger: c.Logger,
		}))
	})
}

// ListenMCP serves agents over streamable HTTP at an address (host:port) until ctx ends, under the path /mcp.
// Whoever shows one of the API keys of the configuration is served, as X-API-Key or as a bearer token; without
// keys everyone is, and then the address must be of this machine.
func ListenMCP(ctx context.Context, c Config, m MCP, address string) error {
	c = c.withLogger()
	c.ShutdownGrace = mcpGrace
	known, err := loadCredentials(c)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer listener.Close() //nolint:errcheck // it is closed by then, unless something before that has failed
	at, is := listener.Addr().(*net.TCPAddr)
	if known.keys.First() == "" && (!is || !at.IP.IsLoopback()) {
		return fmt.Errorf("%s can be reached by other machines: give an API key, or an address of this machine", address)
	}
	return c.withMCP(ctx, m, listener.Addr(), func(server *mcp.Server) error {
		agents := server.Handler()
		routes := http.NewServeMux()
		routes.Handle("/mcp", known.keys.Guard(unhurried(agents)))
		hangUp := context.AfterFunc(ctx, func() { _ = agents.Close() }) // streams that are listened on end by nothing else
		defer hangUp()
		return errors.Join(c.serveHTTP(ctx, listener, known, bearers(routes)), agents.Close())
	})
}

// mcpGrace is how long calls under way may take once the server stops.
const mcpGrace = 5 * time.Second

// unhurried reads the request, and lets the answer take its time: who listens for events, or waits for a language
// model, is not cut off when a request would have to be read by then.
func unhurried(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mcp.MaxLine))
		if err != nil {
			http.Error(w, "the request cannot be read: "+err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil {
			http.Error(w, "the request cannot wait: "+err.Error(), http.StatusInternalServerError)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bearers takes a bearer token for an API key: agents have no other way to show one.
func bearers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if strings.EqualFold(scheme, "Bearer") {
			r.Header.Add("X-Api-Key", strings.TrimSpace(token))
		}
		next.ServeHTTP(w, r)
	})
}
