package server_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server"
)

// samples reads metrics: name with labels to value.
func samples(text []byte) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			out[name] = value
		}
	}
	return out
}

// TestBodies sends what is no proper create body: a clear 4xx, nothing stored.
func TestBodies(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	big := append([]byte(`{"title":"t","content":"c"}`), bytes.Repeat([]byte(" "), 2<<20)...)
	for _, test := range []struct {
		name, contentType, body string
		want                    int
	}{
		{"key twice", "application/json", `{"title":"a","title":"b","content":"c"}`, 422},
		{"unknown key twice", "application/json", `{"x":1,"x":2,"title":"dup unknown","content":"c"}`, 201},
		{"keys are exact", "application/json", `{"Title":"a","content":"c"}`, 422},
		{"null title", "application/json", `{"title":null,"content":"c"}`, 422},
		{"null tags", "application/json", `{"title":"a","content":"c","tags":null}`, 422},
		{"null within tags", "application/json", `{"title":"a","content":"c","tags":[null]}`, 422},
		{"null priority", "application/json", `{"title":"a","content":"c","priority":null}`, 422},
		{"float priority", "application/json", `{"title":"a","content":"c","priority":5.0}`, 422},
		{"large priority", "application/json", `{"title":"a","content":"c","priority":2147483648}`, 422},
		{"text confidence", "application/json", `{"title":"a","content":"c","confidence":"1"}`, 422},
		{"whole confidence", "application/json", `{"title":"whole","content":"c","confidence":1}`, 201},
		{"huge confidence", "application/json", `{"title":"a","content":"c","confidence":1e400}`, 400},
		{"huge number in metadata", "application/json", `{"title":"a","content":"c","metadata":{"x":1e400}}`, 400},
		{"numeric tier", "application/json", `{"title":"a","content":"c","tier":3}`, 422},
		{"null metadata", "application/json", `{"title":"a","content":"c","metadata":null}`, 400},
		{"null ttl", "application/json", `{"title":"null ttl","content":"c","ttl_secs":null,"expires_at":null,"agent_id":null,"scope":null}`, 201},
		{"trailing", "application/json", `{"title":"a","content":"c"} x`, 400},
		{"byte order mark", "application/json", "\ufeff" + `{"title":"a","content":"c"}`, 400},
		{"bad UTF-8", "application/json", "{\"title\":\"a\xff\",\"content\":\"c\"}", 400},
		{"lone high surrogate", "application/json", `{"title":"\ud800","content":"c"}`, 400},
		{"lone low surrogate", "application/json", `{"title":"\udc00","content":"c"}`, 400},
		{"surrogate pair", "application/json", `{"title":"\ud83d\ude00","content":"c"}`, 201},
		{"backslash before u", "application/json", `{"title":"\\ud800","content":"c"}`, 201},
		{"scalar", "application/json", `5`, 422},
		{"merge-patch", "application/merge-patch+json", `{"title":"patch","content":"c"}`, 201},
		{"upper case type", "Application/JSON", `{"title":"upper","content":"c"}`, 201},
		{"text/json", "text/json", `{"title":"a","content":"c"}`, 415},
		{"large and of another type", "text/plain", string(big), 415},
		{"too large", "application/json", string(big), 413},
		{"just not too large", "application/json", string(big[:2<<20]), 201},
		{"bad scope", "application/json", `{"title":"a","content":"c","scope":"nobody"}`, 400},
		{"blank agent", "application/json", `{"title":"a","content":"c","agent_id":"  "}`, 400},
		{"empty agent", "application/json", `{"title":"empty agent","content":"c","agent_id":""}`, 201},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(n.all(t))
			a := n.call(t, http.MethodPost, "/api/v1/memories", test.contentType, []byte(test.body), nil)
			if a.status != test.want {
				t.Fatalf("answer %d %s, want %d", a.status, a.body, test.want)
			}
			if stored := len(n.all(t)) - before; stored > 0 != (test.want == 201) {
				t.Errorf("%d rows were stored", stored)
			}
		})
	}
}

// all returns the titles of all rows.
func (n *node) all(t *testing.T) []any {
	t.Helper()
	return column(n.get(t, "/api/v1/memories?limit=200").decode(t), "title")
}

// TestQueries sends list queries at the edges.
func TestQueries(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	for i := range 5 {
		n.create(t, fmt.Sprint("t", i))
	}
	for _, test := range []struct {
		query  string
		status int
		count  float64
	}{
		{"limit=%2B3", 200, 3},
		{"limit=", 400, 0},
		{"limit=1&limit=2", 400, 0},
		{"x=1&x=2&limit=1", 200, 1},
		{"limit=2.0", 400, 0},
		{"offset=-1", 400, 0},
		{"limit=18446744073709551615", 200, 5},
		{"min_priority=x", 400, 0},
		{"min_priority=2147483648", 400, 0},
		{"namespace=", 200, 0},
		{"namespace=n&tags=", 200, 0},
		{"agent_id=", 400, 0},
		{"agent_id=x", 200, 5},
		{"agent_id=y", 200, 0},
		{"tier=mid", 200, 5},
		{"tier=Mid", 400, 0},
		{"until=2000", 200, 0},
		{"since=2000", 200, 5},
		{"namespace=%zz", 200, 0},
	} {
		a := n.get(t, "/api/v1/memories?"+test.query)
		if a.status != test.status {
			t.Errorf("%s: %d %s, want %d", test.query, a.status, a.body, test.status)
		} else if a.status == http.StatusOK && a.decode(t)["count"] != test.count {
			t.Errorf("%s: count %v, want %v", test.query, a.decode(t)["count"], test.count)
		}
	}
}

// TestPaths asks for paths that are none.
func TestPaths(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	for path, want := range map[string]int{
		"/api/v1//memories":        404,
		"/api/v1/./memories":       404,
		"/api/v1/x/../memories":    404,
		"/api/v1/memories/a/b":     404,
		"/api/v1/memories/%ff":     400,
		"/api/v1/memories/%20":     400,
		"/api/v1/health/":          404,
		"/api/v1/memories/nothing": 404,
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(n.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path)
		var status int
		if _, err := fmt.Fscanf(conn, "HTTP/1.1 %d", &status); err != nil || status != want {
			t.Errorf("%s: %d (%v), want %d", path, status, err, want)
		}
		conn.Close()
	}
}

// TestSyncPull pages through what a node lacks.
func TestSyncPull(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	for i := range 5 {
		n.create(t, fmt.Sprint("t", i))
	}
	after := map[string]any{"origin": "", "seq": 0}
	var titles []any
	for page := 0; ; page++ {
		a := n.post(t, "/api/v1/sync/pull", map[string]any{"node": "other", "have": map[string]any{}, "after": after, "limit": 2}).decode(t)
		events := a["events"].([]any)
		titles = append(titles, column(a, "title")...)
		if a["more"] != true {
			have := a["have"].(map[string]any)
			if len(titles) != 5 || have[a["node"].(string)] != 5.0 {
				t.Errorf("titles %v, have %v", titles, have)
			}
			lacking := n.post(t, "/api/v1/sync/pull", map[string]any{"node": "other", "have": have, "limit": 10}).decode(t)
			if len(lacking["memories"].([]any)) != 0 {
				t.Errorf("a node that has all lacks %v", lacking["memories"])
			}
			return
		}
		if page > 5 {
			t.Fatal("the pages do not end")
		}
		after = events[len(events)-1].(map[string]any)
	}
}

// TestDeletionsOnTheWire sends deletions as nodes do, and in shapes that say nothing.
func TestDeletionsOnTheWire(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	id := n.create(t, "one").id(t)
	deletion := func(change map[string]any) map[string]any {
		d := map[string]any{
			"origin": "far", "seq": 7, "id": id, "title": "one", "namespace": "n", "generation": 1, "deleted_at": "2026-01-01T00:00:00Z",
		}
		for key, value := range change {
			d[key] = value
		}
		return d
	}
	push := func(deletions any) map[string]any {
		return n.post(t, "/api/v1/sync/push", map[string]any{
			"sender_agent_id": "host:far", "node": "far", "memories": []any{}, "events": []any{}, "deletion_events": deletions,
			"span": map[string]any{"origin": "far", "after": 0, "upto": 7},
		}).decode(t)
	}
	for name, deletions := range map[string]any{
		"no list":       "one",
		"not numbered":  []any{deletion(map[string]any{"seq": 0})},
		"no deletion":   []any{1},
		"no generation": []any{deletion(map[string]any{"generation": 0})},
		"no title":      []any{deletion(map[string]any{"title": ""})},
	} {
		if a := push(deletions); a["applied"] != 0.0 || len(n.rows(t)) != 1 {
			t.Errorf("%s: %v", name, a)
		}
	}
	for range 2 { // the second time it is no news, and held all the same
		a := push([]any{deletion(nil)})
		if diff := cmp.Diff([]any{id}, a["ids"]); diff != "" || a["applied"] != 1.0 || a["have"].(map[string]any)["far"] != 7.0 {
			t.Errorf("answer %v (-want +got):\n%s", a, diff)
		}
	}
	pulled := n.post(t, "/api/v1/sync/pull", map[string]any{"node": "other", "have": map[string]any{}, "limit": 5}).decode(t)
	want := []any{deletion(map[string]any{"seq": 7.0, "generation": 1.0})}
	if diff := cmp.Diff(want, pulled["deletion_events"]); diff != "" || len(pulled["memories"].([]any)) != 0 || pulled["more"] != false {
		t.Errorf("pulled %v (-want +got):\n%s", pulled, diff)
	}
	many := make([]any, 1001)
	for i := range many {
		many[i] = deletion(nil)
	}
	if a := push(many); a["error"] != "sync_push limited to 1000 deletions per request" {
		t.Errorf("1001 deletions: %v", a)
	}
	n.post(t, "/api/v1/sync/push", map[string]any{"sender_agent_id": "a", "memories": []any{}, "dry_run": true, "deletions": []string{"x", ""}}).
		want(t, "dry run", 200, nil)
}

// TestShutdown stops a server with a request half sent: the grace ends it.
func TestShutdown(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.config.ShutdownGrace = 100 * time.Millisecond
	n.start(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(n.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /api/v1/memories HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	n.get(t, "/api/v1/health")
	began := time.Now()
	n.shutDown(t)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the half-sent request kept it up for %v", took)
	}
	if n.start(t); n.get(t, "/api/v1/health").status != http.StatusOK {
		t.Error("it does not come up again")
	}
}

// TestConfig has one thing wrong at a time.
func TestConfig(t *testing.T) {
	t.Parallel()
	peers := func(list string) *string { return &list }
	good := server.Config{DB: "x.db", Host: "127.0.0.1", Port: 1, QuorumWrites: 2, QuorumPeers: peers("http://a:1, https://b:2/")}
	if err := good.Validate(); err != nil {
		t.Fatalf("a good configuration: %v", err)
	}
	for want, change := range map[string]func(*server.Config){
		"database is empty":                        func(c *server.Config) { c.DB = "" },
		"port 65536":                               func(c *server.Config) { c.Port = 65536 },
		"quorum-writes -1":                         func(c *server.Config) { c.QuorumWrites = -1 },
		"quorum-timeout -1s":                       func(c *server.Config) { c.QuorumTimeout = -time.Second },
		"shutdown-grace -1s":                       func(c *server.Config) { c.ShutdownGrace = -time.Second },
		`peer 1 (""): it is empty`:                 func(c *server.Config) { c.QuorumPeers = peers("") },
		`peer 2 (""): it is empty`:                 func(c *server.Config) { c.QuorumPeers = peers("http://a,") },
		`peer 1 ("ftp://a"): its scheme`:           func(c *server.Config) { c.QuorumPeers = peers("ftp://a") },
		`peer 1 ("a:1"): it`:                       func(c *server.Config) { c.QuorumPeers = peers("a:1") },
		`peer 1 ("http://"): it names no host`:     func(c *server.Config) { c.QuorumPeers = peers("http://") },
		`peer 1 ("http://u:p@a"): it has more`:     func(c *server.Config) { c.QuorumPeers = peers("http://u:p@a") },
		`peer 2 ("http://a/"): it is listed twice`: func(c *server.Config) { c.QuorumPeers = peers("http://a,http://a/") },
	} {
		c := good
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	alone := server.Config{DB: "x.db", QuorumPeers: peers("")}
	if err := alone.Validate(); err != nil {
		t.Errorf("a peer list is not looked at without quorum-writes, but: %v", err)
	}
}
