package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server"
)

const refusedKey = `{"error":"missing or invalid API key"}`

// TestAPIKey asks with and without the key: the recorded exchanges of key_public, and their
// neighbours.
func TestAPIKey(t *testing.T) {
	t.Parallel()
	const key = "s3cret+key"
	n := newNode(t)
	n.config.APIKeys = []string{key, "second"}
	n.start(t)
	header := func(value string) map[string]string { return map[string]string{"X-API-Key": value} }
	const empty = `{"count":0,"memories":[]}`
	for _, test := range []struct {
		name, method, path string
		headers            map[string]string
		status             int
		body               string // not looked at when empty
	}{
		{"health is open", "GET", "/api/v1/health", nil, 200, `{"service":"ai-memory","status":"ok"}`},
		{"no key", "GET", "/api/v1/memories", nil, 401, refusedKey},
		{"wrong key", "GET", "/api/v1/memories", header("s3cret+kez"), 401, refusedKey},
		{"header key", "GET", "/api/v1/memories", header(key), 200, empty},
		{"query key", "GET", "/api/v1/memories?api_key=s3cret+key", nil, 200, empty},
		{"metrics need the key", "GET", "/metrics", nil, 401, refusedKey},
		{"unknown path needs the key", "GET", "/api/v1/nope", nil, 401, refusedKey},
		{"options does not", "OPTIONS", "/api/v1/memories", nil, 200, ""},

		{"a second key", "GET", "/api/v1/memories", header("second"), 200, empty},
		{"beginning of the key", "GET", "/api/v1/memories", header("s3cret"), 401, refusedKey},
		{"more than the key", "GET", "/api/v1/memories", header(key + "x"), 401, refusedKey},
		{"other case", "GET", "/api/v1/memories", header("S3CRET+KEY"), 401, refusedKey},
		{"empty key", "GET", "/api/v1/memories?api_key=", header(""), 401, refusedKey},
		{"both keys in one", "GET", "/api/v1/memories", header(key + ",second"), 401, refusedKey},
		{"percent-encoded", "GET", "/api/v1/memories?api_key=s3cret%2Bkey", nil, 401, refusedKey},
		{"blank for plus", "GET", "/api/v1/memories?api_key=s3cret%20key", nil, 401, refusedKey},
		{"name of the parameter is exact", "GET", "/api/v1/memories?API_KEY=s3cret+key", nil, 401, refusedKey},
		{"right query, wrong header", "GET", "/api/v1/memories?api_key=s3cret+key", header("x"), 200, empty},
		{"right header, wrong query", "GET", "/api/v1/memories?api_key=x", header(key), 200, empty},
		{"second of two in the query", "GET", "/api/v1/memories?limit=1&api_key=x&api_key=second", nil, 200, empty},
		{"bearer is not read", "GET", "/api/v1/memories", map[string]string{"Authorization": "Bearer " + key}, 401, refusedKey},
		{"cookie is not read", "GET", "/api/v1/memories", map[string]string{"Cookie": "api_key=" + key}, 401, refusedKey},
		{"health, other method", "POST", "/api/v1/health", nil, 405, ""},
		{"health, a slash more", "GET", "/api/v1/health/", nil, 401, refusedKey},
		{"health, spelt otherwise", "GET", "/api/v1/%68ealth", nil, 401, refusedKey},
		{"health, another case", "GET", "/api/v1/Health", nil, 401, refusedKey},
		{"health, a detour", "GET", "/api/v1/health/../memories", nil, 401, refusedKey},
		{"the other metrics", "GET", "/api/v1/metrics", nil, 401, refusedKey},
		{"the description", "GET", "/api/v1/openapi.json", nil, 401, refusedKey},
		{"wrong method", "PATCH", "/api/v1/memories", nil, 401, refusedKey},
		{"wrong content type", "POST", "/api/v1/memories", map[string]string{"Content-Type": "text/xml"}, 401, refusedKey},
		{"a peer without key", "POST", "/api/v1/sync/push", nil, 401, refusedKey},
		{"a peer that asks", "POST", "/api/v1/sync/pull", nil, 401, refusedKey},
		{"the way of 0.6.0 to ask", "GET", "/api/v1/sync/since", nil, 401, refusedKey},
		{"delete", "DELETE", "/api/v1/memories/x", nil, 401, refusedKey},
		{"the root", "GET", "/", nil, 401, refusedKey},
		{"options of nothing", "OPTIONS", "/nope", nil, 200, ""},
		{"unknown path with the key", "GET", "/api/v1/nope", header(key), 404, ""},
	} {
		a := n.call(t, test.method, test.path, "", nil, test.headers)
		if a.status != test.status || test.body != "" && string(a.body) != test.body {
			t.Errorf("%s: %d %s, want %d %s", test.name, a.status, a.body, test.status, test.body)
		}
		if a.status != http.StatusUnauthorized {
			continue
		}
		got := map[string][]string{}
		for _, name := range []string{"Content-Type", "Vary", "Www-Authenticate", "Allow"} {
			got[name] = a.header[name]
		}
		want := map[string][]string{
			"Content-Type": {"application/json"}, "Www-Authenticate": nil, "Allow": nil,
			"Vary": {"origin, access-control-request-method, access-control-request-headers"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: headers (-want +got):\n%s", test.name, diff)
		}
	}
	if a := n.call(t, http.MethodHead, "/api/v1/memories", "", nil, nil); a.status != 401 || len(a.body) != 0 {
		t.Errorf("HEAD without key: %d %q", a.status, a.body)
	}
}

// keyFile writes API keys into a file that nobody else may read.
func keyFile(t *testing.T, path, text string) string {
	t.Helper()
	next := path + ".next"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestKeysAreExchanged replaces keys while the server runs: when the file changes, and at a
// signal. A file that is no good changes nothing.
func TestKeysAreExchanged(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	path := keyFile(t, filepath.Join(t.TempDir(), "keys"), "# of May\n  old\n\n")
	reread := make(chan os.Signal)
	n.config.APIKeyFile, n.config.Reread = path, reread
	n.start(t)
	status := func(key string) int {
		return n.call(t, http.MethodGet, "/api/v1/stats", "", nil, map[string]string{"X-API-Key": key}).status
	}
	statuses := func(want map[string]int) {
		t.Helper()
		got := map[string]int{}
		for key := range want {
			got[key] = status(key)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
	}
	statuses(map[string]int{"old": 200, "new": 401, "# of May": 401, "": 401})

	keyFile(t, path, "new\nold\n")
	within(t, 10*time.Second, "the file is read again", func() bool { return status("new") == 200 })
	statuses(map[string]int{"old": 200, "new": 200})

	keyFile(t, path, "new\n")
	reread <- syscall.SIGHUP
	within(t, 10*time.Second, "the file is read again", func() bool { return status("old") == 401 })
	statuses(map[string]int{"old": 401, "new": 200})

	keyFile(t, path, "# none\n")
	for range 2 { // the second is taken when the first is done
		reread <- syscall.SIGHUP
	}
	statuses(map[string]int{"new": 200, "": 401})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		reread <- syscall.SIGHUP
	}
	statuses(map[string]int{"new": 200, "": 401})
}

// TestKeyFiles are those that a server does not start with.
func TestKeyFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"empty":          {"\n \n# nothing\n", "holds no API key"},
		"blank within":   {"one\ntwo words\n", ", line 2: a key must be printable ASCII"},
		"beyond ASCII":   {"sésame", ", line 1: a key must be printable ASCII"},
		"control":        {"a\x00b", ", line 1: a key must be printable ASCII"},
		"does not exist": {"", "failed to read the API keys"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "keys")
			if test.text != "" {
				keyFile(t, path, test.text)
			}
			n := newNode(t)
			n.config.APIKeyFile = path
			err := server.Serve(t.Context(), n.config, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "sésame") || strings.Contains(err.Error(), "two words") {
				t.Errorf("error %v, want one with %q and without the key", err, test.want)
			}
			if _, err := os.Stat(n.config.DB); !os.IsNotExist(err) {
				t.Errorf("the database was made: %v", err)
			}
		})
	}
	for _, key := range []string{"", "two words", "sésame", "tab\t"} {
		n := newNode(t)
		n.config.APIKeys = []string{"good", key}
		if err := n.config.Validate(); err == nil || key != "" && strings.Contains(err.Error(), key) {
			t.Errorf("key %q: error %v, want one without the key", key, err)
		}
	}
}

// TestPeersAreShownTheKey (F5): nodes with a key replicate; what they send has it.
func TestPeersAreShownTheKey(t *testing.T) {
	t.Parallel()
	peer := newStub(t, acks)
	n := newNode(t)
	n.config.APIKeys = []string{"first", "second"}
	n.peer(2, 2*time.Second, peer.URL)
	n.start(t)
	body := []byte(`{"title":"t","content":"c"}`)
	key := map[string]string{"X-API-Key": "second"}
	if a := n.call(t, http.MethodPost, "/api/v1/memories", "application/json", body, key); a.status != 201 {
		t.Fatalf("create: %d %s", a.status, a.body)
	}
	for _, p := range peer.received() {
		if diff := cmp.Diff([]string{"first"}, p.Header["X-Api-Key"]); diff != "" {
			t.Errorf("key of a push (-want +got):\n%s", diff)
		}
	}

	nodes := mesh(t, 3, 2, 5*time.Second)
	for i, n := range nodes {
		n.config.APIKeys = []string{"shared"}
		if i == 2 {
			n.config.APIKeys = []string{"other"} // neither it nor the rest is let in
		}
		n.start(t)
	}
	write := func(n *node, title, key string) answer {
		return n.call(t, http.MethodPost, "/api/v1/memories", "application/json",
			fmt.Appendf(nil, `{"title":%q,"content":"c"}`, title), map[string]string{"X-API-Key": key})
	}
	if a := write(nodes[0], "one", "shared"); a.status != 201 || a.decode(t)["quorum_acks"] != 2.0 {
		t.Errorf("create among nodes of one key: %d %s", a.status, a.body)
	}
	if a := write(nodes[2], "two", "other"); a.status != 503 {
		t.Errorf("create at a node with another key: %d %s, want 503", a.status, a.body)
	}
}

// buffer is a log that can be read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// TestKeyIsNotLogged reads the most talkative log for the key.
func TestKeyIsNotLogged(t *testing.T) {
	t.Parallel()
	const key = "do-not-print-me"
	log := &buffer{}
	nodes := mesh(t, 2, 2, time.Second)
	nodes = nodes[:1] // the peer does not run
	nodes[0].config.APIKeyFile = keyFile(t, filepath.Join(t.TempDir(), "keys"), key)
	nodes[0].config.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	nodes[0].start(t)
	for _, path := range []string{"/api/v1/memories", "/api/v1/memories?limit=x&api_key=" + key, "/nope?api_key=" + key, "/api/v1/stats?api_key=" + key + "%"} {
		a := nodes[0].call(t, http.MethodGet, path, "", nil, map[string]string{"X-API-Key": key})
		if strings.Contains(string(a.body), key) {
			t.Errorf("%s: the answer has the key: %s", path, a.body)
		}
	}
	nodes[0].call(t, http.MethodPost, "/api/v1/memories?api_key="+key, "application/json", []byte(`{"title":"t","content":"c"}`), nil)
	nodes[0].shutDown(t)
	if text := log.String(); strings.Contains(text, key) || !strings.Contains(text, "path=/api/v1/memories") {
		t.Errorf("the log has the key, or not the requests:\n%s", text)
	}
}

// TestExposedAddress warns of what is off when other machines can connect.
func TestExposedAddress(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		host string
		keys []string
		want string // in the log; empty: no warning
	}{
		"loopback":          {"127.0.0.1", nil, ""},
		"everywhere":        {"0.0.0.0", nil, "off: TLS (--tls-cert), mTLS (--mtls-allowlist), API key (--api-key-file)"},
		"everywhere, a key": {"0.0.0.0", []string{"k"}, "off: TLS (--tls-cert), mTLS (--mtls-allowlist)\""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &buffer{}
			n := newNode(t)
			n.config.Host, n.config.APIKeys = test.host, test.keys
			n.config.Logger = slog.New(slog.NewTextHandler(log, nil))
			n.start(t)
			n.shutDown(t)
			switch text := log.String(); {
			case test.want == "" && strings.Contains(text, "level=WARN"):
				t.Errorf("a warning:\n%s", text)
			case !strings.Contains(text, test.want):
				t.Errorf("no %q in\n%s", test.want, text)
			}
		})
	}
}

// ask sends a request through a client and returns the answer, read.
func ask(ctx context.Context, c *http.Client, method, url string, headers map[string]string, body string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, text}, err
}
