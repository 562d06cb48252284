package server_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// receiver is a subscriber. It checks each delivery as contract A7 has it.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []map[string]any
	bad    []string
}

func newReceiver(t *testing.T, secret string) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		stamp := req.Header.Get("X-Ai-Memory-Timestamp")
		key := sha256.Sum256([]byte(secret))
		mac := hmac.New(sha256.New, key[:])
		mac.Write([]byte(stamp + "."))
		mac.Write(body)
		at, _ := strconv.ParseInt(stamp, 10, 64)
		var v map[string]any
		r.mu.Lock()
		defer r.mu.Unlock()
		if got := req.Header.Get("X-Ai-Memory-Signature"); got != "sha256="+hex.EncodeToString(mac.Sum(nil)) ||
			time.Since(time.Unix(at, 0)).Abs() > time.Minute || err != nil || json.Unmarshal(body, &v) != nil ||
			req.Header.Get("Content-Type") != "application/json" {
			r.bad = append(r.bad, got+" of "+string(body))
		}
		r.bodies = append(r.bodies, v)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) received() (bodies []map[string]any, bad []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bodies, r.bad
}

// TestWebhooksOfThreeNodes subscribes at one node and writes at each: every write is delivered
// once, by the node that made it, though all nodes come to hold it.
func TestWebhooksOfThreeNodes(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 3, 2, 2*time.Second)
	for _, n := range nodes {
		n.config.WebhookAllowLoopback = true
	}
	started(t, nodes)
	to := newReceiver(t, "hush")
	nodes[0].post(t, "/api/v1/agents", map[string]any{"agent_id": "amy", "agent_type": "human"})
	a := nodes[0].as(t, "amy", http.MethodPost, "/api/v1/subscriptions", map[string]any{
		"callback_url": to.URL, "events": []string{"memory.stored", "memory.deleted"}, "secret": "hush", "namespace": "n",
	})
	if a.status != http.StatusCreated {
		t.Fatalf("subscribe: %d %s", a.status, a.body)
	}
	want := map[string]string{}
	for i, n := range nodes {
		within(t, soon, "the subscription reaches the node", func() bool {
			return n.get(t, "/api/v1/subscriptions").decode(t)["count"] == 1.0
		})
		for j := range 5 {
			made := n.create(t, strconv.Itoa(i)+" "+strconv.Itoa(j)).decode(t)["id"].(string)
			want[made] = "memory_store"
		}
	}
	gone := nodes[1].create(t, "gone").decode(t)["id"].(string)
	nodes[2].post(t, "/api/v1/memories", map[string]any{"title": "elsewhere", "content": "c", "namespace": "m"})
	within(t, soon, "the row reaches the third node", func() bool {
		return nodes[2].get(t, "/api/v1/memories/"+gone).status == http.StatusOK
	})
	nodes[2].as(t, "cy", http.MethodDelete, "/api/v1/memories/"+gone, nil)
	within(t, soon, "all is delivered", func() bool { bodies, _ := to.received(); return len(bodies) == len(want)+2 })
	for _, n := range nodes {
		n.shutDown(t) // what is under way is delivered first: nothing comes after
	}
	bodies, bad := to.received()
	if len(bad) > 0 {
		t.Errorf("deliveries that do not check: %q", bad)
	}
	got := map[string]string{}
	for _, b := range bodies {
		what, key := b["event"].(string), b["memory_id"].(string)
		if key == gone {
			key += what
		}
		if got[key] != "" {
			t.Errorf("%s came twice", key)
		}
		got[key] = what
		if b["namespace"] != "n" {
			t.Errorf("delivered %v", b)
		}
	}
	want[gone+"memory_store"], want[gone+"memory_delete"] = "memory_store", "memory_delete"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
}

// TestSubscriptionRoutes looks at what a client sees, and at what is refused.
func TestSubscriptionRoutes(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	n.post(t, "/api/v1/agents", map[string]any{"agent_id": "amy", "agent_type": "human"})
	for body, test := range map[string]struct {
		agent   string
		status  int
		message string
	}{
		`{"url":"https://x.example"}`:    {"eve", http.StatusForbidden, `agent "eve" is not registered; register it with POST /api/v1/agents before subscribing`},
		`{"url":"http://127.0.0.1:1/x"}`: {"amy", http.StatusBadRequest, "webhook URL targets this machine (loopback): http://127.0.0.1:1/x"},
		`{"url":"https://10.0.0.1"}`:     {"amy", http.StatusBadRequest, "webhook URL targets private / link-local address: https://10.0.0.1"},
		`{"url":"nowhere"}`:              {"amy", http.StatusBadRequest, "webhook URL missing scheme: nowhere"},
	} {
		a := n.call(t, http.MethodPost, "/api/v1/subscriptions", "", []byte(body), map[string]string{"X-Agent-Id": test.agent})
		if a.status != test.status || a.decode(t)["error"] != test.message {
			t.Errorf("%s: %d %s, want %s", body, a.status, a.body, test.message)
		}
	}
	if a := n.as(t, "amy", http.MethodPost, "/api/v1/subscriptions", map[string]any{}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("without a URL: %d %s", a.status, a.body)
	}
	if a := n.as(t, "amy", http.MethodPost, "/api/v1/subscriptions", map[string]any{"url": "https://x.example", "events": 7}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("with a number of events: %d %s", a.status, a.body)
	}
	a := n.as(t, "amy", http.MethodPost, "/api/v1/subscriptions", map[string]any{"url": "https://x.example", "secret": "hush", "events": "memory_store, memory.deleted"})
	made := a.decode(t)
	want := map[string]any{
		"id": made["id"], "url": "https://x.example", "callback_url": "https://x.example", "events": "memory_store,memory_delete",
		"namespace_filter": nil, "namespace": nil, "agent_filter": nil, "created_by": "amy", "agent_id": "amy", "created_at": made["created_at"],
		"dispatch_count": 0.0, "failure_count": 0.0,
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("subscribed (-want +got):\n%s", diff)
	}
	for _, key := range []string{"callback_url", "namespace", "agent_id"} {
		delete(want, key)
	}
	if diff := cmp.Diff(map[string]any{"count": 1.0, "subscriptions": []any{want}}, n.get(t, "/api/v1/subscriptions").decode(t)); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	if got := samples(n.get(t, "/metrics").body)["ai_memory_subscriptions_active"]; got != "1" {
		t.Errorf("active subscriptions: %s", got)
	}
	id := made["id"].(string)
	for _, path := range []string{"/api/v1/subscriptions/" + id, "/api/v1/subscriptions?id=" + id} {
		gone := n.call(t, http.MethodDelete, path, "", nil, nil).decode(t)
		removed := path == "/api/v1/subscriptions/"+id
		if diff := cmp.Diff(map[string]any{"id": id, "removed": removed, "deleted": removed}, gone); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// TestFailedDelivery counts what does not arrive, and stops in time while a receiver hangs.
func TestFailedDelivery(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.config.WebhookAllowLoopback = true
	n.start(t)
	to := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	t.Cleanup(to.Close)
	n.post(t, "/api/v1/agents", map[string]any{"agent_id": "amy", "agent_type": "human"})
	n.as(t, "amy", http.MethodPost, "/api/v1/subscriptions", map[string]any{"url": to.URL})
	n.create(t, "one")
	within(t, soon, "the failure is counted", func() bool {
		metrics := samples(n.get(t, "/metrics").body)
		return metrics["ai_memory_webhook_dispatched_total"] == "1" && metrics["ai_memory_webhook_failed_total"] == "1"
	})
	one := n.get(t, "/api/v1/subscriptions").decode(t)["subscriptions"].([]any)[0].(map[string]any)
	if one["dispatch_count"] != 1.0 || one["failure_count"] != 1.0 {
		t.Errorf("subscription %v", one)
	}
}
