package contract

import (
	"bytes"
	"context"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// watched is what a process writes, to be read meanwhile.
type watched struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

// remote is an MCP server over HTTP.
type remote struct {
	cmd *exec.Cmd
	url string
}

// overHTTP starts one at a free port. It is killed at the end of the test.
func (n *node) overHTTP(t *testing.T, args ...string) *remote {
	t.Helper()
	cmd := n.command(context.Background(), append([]string{"mcp", "--http", "127.0.0.1:0"}, args...)...)
	log := &watched{}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // it was killed
		}
	})
	r := &remote{cmd: cmd}
	within(t, 10*time.Second, "the server tells its address", func() bool {
		r.url = regexp.MustCompile(`http://127\.0\.0\.1:\d+/mcp`).FindString(log.String())
		return r.url != ""
	})
	return r
}

// connect begins a session with headers.
func (r *remote) connect(t *testing.T, headers map[string]string) (*agent, error) {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return connect(t, &mcp.StreamableClientTransport{
		Endpoint: r.url, HTTPClient: &http.Client{Transport: withHeaders{transport, headers}}, MaxRetries: -1,
	})
}

// withHeaders sends each request with headers.
type withHeaders struct {
	http.RoundTripper
	headers map[string]string
}

func (w withHeaders) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range w.headers {
		r.Header.Set(name, value)
	}
	return w.RoundTripper.RoundTrip(r)
}

// TestAgentOverHTTP has the protocol's own client call every tool, without a language model.
func TestAgentOverHTTP(t *testing.T) {
	t.Parallel()
	r := newNode(t).overHTTP(t, "--webhook-allow-loopback", "--agent-id", "ai:tester")
	a, err := r.connect(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	a.usesMemories()
	a.cooperates()
	a.subscribes("ai:tester")
	a.missesModel()
	a.prompted()
	a.hasCalledAll()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v, want exit status 0", err)
	}
}

// TestKeysOverHTTP shows keys, and none.
func TestKeysOverHTTP(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.env = []string{"AI_MEMORY_API_KEY=sesame"}
	r := n.overHTTP(t)
	for _, test := range []struct {
		headers  map[string]string
		accepted bool
	}{
		{nil, false},
		{map[string]string{"X-API-Key": "wrong"}, false},
		{map[string]string{"Authorization": "Bearer wrong"}, false},
		{map[string]string{"Authorization": "Basic sesame"}, false},
		{map[string]string{"X-API-Key": "sesame"}, true},
		{map[string]string{"Authorization": "Bearer sesame"}, true},
		{map[string]string{"Authorization": "bearer sesame"}, true},
	} {
		a, err := r.connect(t, test.headers)
		if (err == nil) != test.accepted {
			t.Errorf("%v: %v, want it accepted: %t", test.headers, err, test.accepted)
		}
		if err != nil {
			if !strings.Contains(err.Error(), http.StatusText(http.StatusUnauthorized)) {
				t.Errorf("%v: %v, want the status to be told", test.headers, err)
			}
			continue
		}
		a.shows("memory_stats", nil, "total", "0")
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestForeignPagesOverHTTP has a browser send what another site's page wants it to, by a name of that site, too.
func TestForeignPagesOverHTTP(t *testing.T) {
	t.Parallel()
	r := newNode(t).overHTTP(t)
	const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},` +
		`"clientInfo":{"name":"page","version":"1"}}}`
	for _, test := range []struct {
		host, origin string
		status       int
	}{
		{"", "", http.StatusOK},
		{"", strings.TrimSuffix(r.url, "/mcp"), http.StatusOK},
		{"", "http://evil.example", http.StatusForbidden},
		{"", "null", http.StatusForbidden},
		{"evil.example", "", http.StatusForbidden},
		{"evil.example", "http://evil.example", http.StatusForbidden}, // a name that was bound to this machine's address
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url, strings.NewReader(hello))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		if test.origin != "" {
			req.Header.Set("Origin", test.origin)
		}
		req.Host = test.host
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != test.status {
			t.Errorf("host %q, origin %q: status %d, want %d", test.host, test.origin, resp.StatusCode, test.status)
		}
	}
}

// TestHTTPRefuses has addresses and keys with which nothing is served.
func TestHTTPRefuses(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for _, test := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{"--http", "0.0.0.0:0"}, 1, "0.0.0.0:0 can be reached by other machines: give an API key, or an address of this machine"},
		{[]string{"--http", ":0"}, 1, ":0 can be reached by other machines"},
		{[]string{"--http", "127.0.0.1:0", "--api-key-file", filepath.Join(t.TempDir(), "none")}, 1, "no such file"},
		{[]string{"--http", "127.0.0.1:0", "--api-key-file", ""}, 2, "--api-key-file is empty"},
		{[]string{"--http", "127.0.0.1"}, 1, "missing port"},
		{[]string{"extra"}, 2, "extra"},
	} {
		status, stderr := n.attempt(t, append([]string{"mcp"}, test.args...)...)
		if status != test.status || !strings.Contains(stderr, test.stderr) {
			t.Errorf("%v: status %d, %q; want %d, %q", test.args, status, stderr, test.status, test.stderr)
		}
	}
	if files := filesOf(t, filepath.Dir(n.db)); slices.Contains(files, filepath.Base(n.db)) {
		t.Errorf("a database was made where nothing was served: %v", files)
	}
}
