package server_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"chaosctl/server"
)

// listenMCP serves over HTTP at an address of this machine. It returns the URL, and what ends it.
func listenMCP(t *testing.T, c server.Config) (url string, end func()) {
	t.Helper()
	c.DB = filepath.Join(t.TempDir(), "m.db")
	ctx, stop := context.WithCancel(t.Context())
	bound, ended := make(chan string, 1), make(chan error, 1)
	m := server.MCP{Tier: "keyword", Ready: func(at net.Addr, _ string) { bound <- "http://" + at.String() + "/mcp" }}
	go func() { ended <- server.ListenMCP(ctx, c, m, "127.0.0.1:0") }()
	end = sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	t.Cleanup(end)
	select {
	case url = <-bound:
	case err := <-ended:
		ended <- err
		t.Fatal("it is not serving")
	}
	return url, end
}

// withToken shows a bearer token with each request.
type withToken struct {
	token string
	next  *http.Transport
}

func (w withToken) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "bearer "+w.token)
	return w.next.RoundTrip(r)
}

// connect is a client of the protocol's own library.
func connect(t *testing.T, url, token string) (*mcp.ClientSession, error) {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := mcp.NewClient(&mcp.Implementation{Name: "library", Version: "1"}, nil)
	return client.Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: url, HTTPClient: &http.Client{Transport: withToken{token, transport}}, MaxRetries: -1,
	}, nil)
}

// TestMCPOverHTTP lists and calls all there is by the protocol's own library, which shows a key.
func TestMCPOverHTTP(t *testing.T) {
	t.Parallel()
	url, _ := listenMCP(t, server.Config{APIKeys: []string{"one", "two"}})
	if _, err := connect(t, url, "none"); err == nil {
		t.Error("a wrong key is taken")
	}
	session, err := connect(t, url, "two")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close() //nolint:errcheck // it has been used
	listed, err := session.ListTools(t.Context(), nil)
	if err != nil || len(listed.Tools) != 36 {
		t.Fatalf("tools: %v %v", listed, err)
	}
	for _, tool := range listed.Tools {
		got, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: tool.Name, Arguments: object{}})
		if err != nil || len(got.Content) != 1 {
			t.Errorf("%s: %v %v", tool.Name, got, err)
		}
	}
	stored, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "memory_store", Arguments: object{"title": "a<b", "content": "c"}})
	if err != nil || stored.IsError {
		t.Fatalf("store: %v %v", stored, err)
	}
	if text := stored.Content[0].(*mcp.TextContent).Text; !strings.Contains(text, `"title": "a<b"`) || !strings.Contains(text, `"agent_id": "ai:library@`) {
		t.Errorf("stored %s", text)
	}
	prompts, err := session.ListPrompts(t.Context(), nil)
	if err != nil || len(prompts.Prompts) != 2 {
		t.Fatalf("prompts: %v %v", prompts, err)
	}
	prompt, err := session.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: "recall-first", Arguments: map[string]string{"namespace": "ops"}})
	if err != nil || len(prompt.Messages) != 1 || !strings.Contains(prompt.Messages[0].Content.(*mcp.TextContent).Text, "namespace ops") {
		t.Errorf("prompt: %v %v", prompt, err)
	}
}

// posted is an answer to a request.
type posted struct {
	status  int
	session string
	body    string
}

// post sends a request of the protocol to a URL.
func post(t *testing.T, url, body string, headers map[string]string) posted {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	for name, value := range headers {
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	return posted{resp.StatusCode, resp.Header.Get("Mcp-Session-Id"), string(text)}
}

// hello introduces a client.
const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},` +
	`"clientInfo":{"name":"x","version":"1"}}}`

// TestMCPOverHTTPRefuses has requests of pages of other sites, of names that were made to mean this machine, and without a key.
func TestMCPOverHTTPRefuses(t *testing.T) {
	t.Parallel()
	free, _ := listenMCP(t, server.Config{})
	guarded, _ := listenMCP(t, server.Config{APIKeys: []string{"key"}})
	host := strings.TrimSuffix(strings.TrimPrefix(free, "http://"), "/mcp")
	for name, test := range map[string]struct {
		url     string
		headers map[string]string
		want    int
	}{
		"as usual":                    {free, nil, http.StatusOK},
		"of the same origin":          {free, map[string]string{"Origin": "http://" + host}, http.StatusOK},
		"of another site":             {free, map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		"said to be of another site":  {free, map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		"to a name that was rebound":  {free, map[string]string{"Host": "evil.example", "Origin": "http://evil.example"}, http.StatusForbidden},
		"to another path":             {strings.TrimSuffix(free, "/mcp") + "/", nil, http.StatusNotFound},
		"without a key":               {guarded, nil, http.StatusUnauthorized},
		"with a wrong key":            {guarded, map[string]string{"X-Api-Key": "kez"}, http.StatusUnauthorized},
		"with a key":                  {guarded, map[string]string{"X-Api-Key": "key"}, http.StatusOK},
		"with a token":                {guarded, map[string]string{"Authorization": "Bearer key"}, http.StatusOK},
		"with a wrong token":          {guarded, map[string]string{"Authorization": "Bearer ke"}, http.StatusUnauthorized},
		"with another kind of secret": {guarded, map[string]string{"Authorization": "Basic key"}, http.StatusUnauthorized},
	} {
		if got := post(t, test.url, hello, test.headers); got.status != test.want {
			t.Errorf("%s: %d, want %d: %s", name, got.status, test.want, got.body)
		}
	}
}

// TestMCPOverHTTPIsStrict has arguments that the library would take, or mend.
func TestMCPOverHTTPIsStrict(t *testing.T) {
	t.Parallel()
	url, _ := listenMCP(t, server.Config{})
	in := map[string]string{"Mcp-Session-Id": post(t, url, hello, nil).session}
	for metadata, want := range map[string]string{
		`{"x":1e308}`: "duplicate", `{"x":"\ud83d\ude00"}`: "duplicate",
		`{"x":1e309}`: "arguments: json: cannot unmarshal number 1e309", `{"x":"\ud800"}`: "arguments: lone surrogate at byte",
		"{\"x\":\"\xff\"}": "arguments: invalid UTF-8",
	} {
		got := post(t, url, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"memory_store","arguments":`+
			`{"title":"t","content":"c","metadata":`+metadata+`}}}`, in)
		if strings.Contains(got.body, "isError") != (want != "duplicate") || want != "duplicate" && !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %s, want %q", metadata, got.status, got.body, want)
		}
	}
	if got := post(t, url, strings.Repeat(" ", 16<<20)+hello, nil); got.status != http.StatusBadRequest {
		t.Errorf("a request that is too long: %d %s", got.status, got.body)
	}
}

// TestMCPOverHTTPEnds ends while a client listens for events: nobody waits until it has had enough.
func TestMCPOverHTTPEnds(t *testing.T) {
	t.Parallel()
	url, end := listenMCP(t, server.Config{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Mcp-Session-Id", post(t, url, hello, nil).session)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing comes
	from := time.Now()
	end()
	if took := time.Since(from); took > 3*time.Second {
		t.Errorf("it ended after %v", took)
	}
}

// TestMCPOverHTTPNeedsKey does not serve other machines without a key.
func TestMCPOverHTTPNeedsKey(t *testing.T) {
	t.Parallel()
	err := server.ListenMCP(t.Context(), server.Config{DB: filepath.Join(t.TempDir(), "m.db")}, server.MCP{}, "0.0.0.0:0")
	if err == nil || !strings.Contains(err.Error(), "can be reached by other machines: give an API key") {
		t.Errorf("got %v, want to be asked for a key", err)
	}
	if diff := cmp.Diff([]string{"keyword", "semantic", "smart", "autonomous"}, server.FeatureTiers()); diff != "" {
		t.Errorf("tiers (-want +got):\n%s", diff)
	}
}
