package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chaosctl/server"
)

// node is a server in this process, on its own database and a port that stays its own.
type node struct {
	config server.Config
	base   string

	stop   context.CancelFunc
	served chan error
}

// freeAddress reserves a port by binding it once.
func freeAddress(t testing.TB) (host string, port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().(*net.TCPAddr)
	return addr.IP.String(), addr.Port
}

// newNode returns a node that is not started.
func newNode(t testing.TB) *node {
	t.Helper()
	host, port := freeAddress(t)
	return &node{
		base: fmt.Sprintf("http://%s:%d", host, port),
		config: server.Config{
			DB:            filepath.Join(t.TempDir(), "memory.db"),
			Host:          host,
			Port:          port,
			QuorumTimeout: 2 * time.Second,
			ShutdownGrace: 5 * time.Second,
			Logger:        slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		},
	}
}

// start runs the node until stopped, at the latest at the end of the test.
func (n *node) start(t testing.TB) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	n.stop, n.served = stop, make(chan error, 1)
	ready := make(chan struct{})
	go func() { n.served <- server.Serve(ctx, n.config, func(net.Addr) { close(ready) }) }()
	select {
	case <-ready:
	case err := <-n.served:
		stop()
		t.Fatalf("serve: %v", err)
	}
	t.Cleanup(func() { n.shutDown(t) })
}

// shutDown stops the node and waits for its end. It may be called again.
func (n *node) shutDown(t testing.TB) {
	t.Helper()
	if n.served == nil {
		return
	}
	n.stop()
	if err := <-n.served; err != nil {
		t.Errorf("serve: %v", err)
	}
	n.served = nil
}

// startOne returns a running node that stands alone.
func startOne(t *testing.T) *node {
	t.Helper()
	n := newNode(t)
	n.start(t)
	return n
}

// mesh returns nodes that are each other's peers, not started.
func mesh(t testing.TB, size, writes int, timeout time.Duration) []*node {
	t.Helper()
	nodes := make([]*node, size)
	for i := range nodes {
		nodes[i] = newNode(t)
	}
	for i, n := range nodes {
		var peers []string
		for j, other := range nodes {
			if i != j {
				peers = append(peers, other.base)
			}
		}
		n.peer(writes, timeout, peers...)
	}
	return nodes
}

// peer gives a node its peers.
func (n *node) peer(writes int, timeout time.Duration, bases ...string) {
	list := strings.Join(bases, ",")
	n.config.QuorumWrites, n.config.QuorumPeers, n.config.QuorumTimeout = writes, &list, timeout
}

// client keeps no connections, so that none outlives a test.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// decode reads the body as JSON.
func (a answer) decode(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("answer %d %q is no JSON object: %v", a.status, a.body, err)
	}
	return v
}

// call sends a request with a body of a content type, none when it is empty.
func (n *node) call(t *testing.T, method, path, contentType string, body []byte, headers map[string]string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, n.base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for key, value := range headers {
		req.Header.Set(key, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, text}
}

// post sends a JSON body.
func (n *node) post(t *testing.T, path string, body any) answer {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return n.call(t, http.MethodPost, path, "application/json", text, nil)
}

// get fetches a path.
func (n *node) get(t *testing.T, path string) answer {
	t.Helper()
	return n.call(t, http.MethodGet, path, "", nil, nil)
}

// create posts a memory with a title in namespace n.
func (n *node) create(t *testing.T, title string) answer {
	t.Helper()
	return n.post(t, "/api/v1/memories", map[string]any{
		"title": title, "content": "content of " + title, "namespace": "n", "source": "chaos", "agent_id": "x",
	})
}

// rows reads the whole of namespace n: id to title, content and updated_at.
func (n *node) rows(t *testing.T) map[string]string {
	t.Helper()
	rows := map[string]string{}
	for offset := 0; ; offset += 200 {
		a := n.get(t, fmt.Sprintf("/api/v1/memories?namespace=n&limit=200&offset=%d", offset))
		var page struct {
			Count    int
			Memories []struct {
				ID, Title, Content string
				UpdatedAt          string `json:"updated_at"`
			}
		}
		if err := json.Unmarshal(a.body, &page); err != nil || a.status != http.StatusOK {
			t.Fatalf("list: %d %s: %v", a.status, a.body, err)
		}
		for _, m := range page.Memories {
			rows[m.ID] = m.Title + "|" + m.Content + "|" + m.UpdatedAt
		}
		if page.Count < 200 {
			return rows
		}
	}
}

// soon is how long nodes may take to become equal where it does not matter how long they take: longer than any
// busy machine makes them.
const soon = 20 * time.Second

// within waits until a condition holds.
func within(t *testing.T, limit time.Duration, what string, holds func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > limit {
			t.Fatalf("not within %v: %s", limit, what)
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
	return time.Since(began)
}

// column is one field of each memory of an answer.
func column(v map[string]any, key string) []any {
	out := []any{}
	for _, row := range v["memories"].([]any) {
		out = append(out, row.(map[string]any)[key])
	}
	return out
}
