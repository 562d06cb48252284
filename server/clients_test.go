package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMessagesOfAgents sends, reads and marks as read over HTTP, and to another node.
func TestMessagesOfAgents(t *testing.T) {
	t.Parallel()
	nodes := started(t, mesh(t, 2, 2, 2*time.Second))
	var ids []any
	for _, body := range []map[string]any{
		{"target_agent_id": "ai:bob", "title": "hi", "payload": map[string]any{"a": []any{1.0}}},
		{"target_agent_id": "ai:bob", "title": "hi", "content": "text", "priority": 99, "tier": "long"},
	} {
		a := nodes[0].as(t, "ann", http.MethodPost, "/api/v1/notify", body)
		sent := a.decode(t)
		ids = append(ids, sent["id"])
		want := map[string]any{
			"id": sent["id"], "from": "ann", "to": "ai:bob", "namespace": "_messages/ai:bob", "tier": sent["tier"],
			"delivered_at": sent["delivered_at"], "sent": true, "quorum_acks": 2.0,
		}
		if diff := cmp.Diff(want, sent); diff != "" || a.status != http.StatusCreated {
			t.Errorf("notify: %d (-want +got):\n%s", a.status, diff)
		}
	}
	const path = "/api/v1/inbox?agent_id=ai:bob"
	within(t, soon, "the messages reach the other node", func() bool { return nodes[1].get(t, path).decode(t)["count"] == 2.0 })
	inbox := nodes[1].get(t, path).decode(t)
	messages := inbox["messages"].([]any)
	first := messages[0].(map[string]any)
	want := map[string]any{
		"id": ids[1], "from": "ann", "to": "ai:bob", "title": "hi", "subject": "hi", "payload": "text", "body": "text", "priority": 10.0,
		"tier": "long", "created_at": first["created_at"], "read": false, "access_count": 0.0,
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"a": []any{1.0}}, messages[1].(map[string]any)["payload"]); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
	read := "/api/v1/inbox/" + ids[1].(string) + "/read"
	if a := nodes[1].as(t, "eve", http.MethodPost, read, nil); a.status != http.StatusForbidden {
		t.Errorf("eve reads: %d %s", a.status, a.body)
	}
	if a := nodes[1].as(t, "ai:bob", http.MethodPost, read, nil); a.decode(t)["read"] != true || a.status != http.StatusOK {
		t.Errorf("bob reads: %d %s", a.status, a.body)
	}
	within(t, soon, "it is read on the first node", func() bool {
		return nodes[0].get(t, path+"&unread_only=true&limit=1").decode(t)["unread"] == 1.0 &&
			nodes[0].get(t, path).decode(t)["unread"] == 1.0
	})
	own := nodes[0].as(t, "zoe", http.MethodGet, "/api/v1/inbox", nil).decode(t)
	empty := map[string]any{
		"agent_id": "zoe", "namespace": "_messages/zoe", "count": 0.0, "unread_only": false, "unread": 0.0, "messages": []any{},
	}
	if diff := cmp.Diff(empty, own); diff != "" {
		t.Errorf("one's own (-want +got):\n%s", diff)
	}
	for body, status := range map[string]int{
		`{"target_agent_id":"x","title":"t"}`:                              http.StatusUnprocessableEntity,
		`{"target_agent_id":"x","payload":"p"}`:                            http.StatusUnprocessableEntity,
		`{"title":"t","payload":"p"}`:                                      http.StatusUnprocessableEntity,
		`{"target_agent_id":"x","title":"t","payload":"p","tier":"q"}`:     http.StatusUnprocessableEntity,
		`{"target_agent_id":"x","title":"t","payload":"p","priority":1.5}`: http.StatusUnprocessableEntity,
		`{"target_agent_id":"a b","title":"t","payload":"p"}`:              http.StatusBadRequest,
	} {
		if a := nodes[0].call(t, http.MethodPost, "/api/v1/notify", "", []byte(body), nil); a.status != status {
			t.Errorf("%s: %d %s, want %d", body, a.status, a.body, status)
		}
	}
}

// TestGrantRoutes grants and revokes.
func TestGrantRoutes(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	id := n.create(t, "mine").decode(t)["id"].(string) // x's
	path := "/api/v1/memories/" + id
	a := n.as(t, "x", http.MethodPost, path+"/grant", map[string]any{"agent_id": "bob", "permission": "write"})
	if diff := cmp.Diff(map[string]any{"granted": true, "id": id, "agent_id": "bob", "permission": "write"}, a.decode(t)); diff != "" {
		t.Errorf("grant (-want +got):\n%s", diff)
	}
	for _, revoked := range []bool{true, false} {
		a := n.as(t, "x", http.MethodPost, path+"/revoke", map[string]any{"agent_id": "bob"})
		if diff := cmp.Diff(map[string]any{"revoked": revoked, "id": id, "agent_id": "bob"}, a.decode(t)); diff != "" {
			t.Errorf("revoke (-want +got):\n%s", diff)
		}
	}
	for body, status := range map[string]int{
		`{"agent_id":"bob","permission":"king"}`: http.StatusBadRequest, `{"permission":"read"}`: http.StatusUnprocessableEntity,
		`{"agent_id":"bob"}`: http.StatusUnprocessableEntity, `{"agent_id":"b b","permission":"read"}`: http.StatusBadRequest,
	} {
		a := n.call(t, http.MethodPost, path+"/grant", "", []byte(body), map[string]string{"X-Agent-Id": "x"})
		if a.status != status {
			t.Errorf("%s: %d %s, want %d", body, a.status, a.body, status)
		}
	}
	if a := n.as(t, "x", http.MethodPost, "/api/v1/memories/nope/revoke", map[string]any{"agent_id": "bob"}); a.status != http.StatusNotFound {
		t.Errorf("of nothing: %d %s", a.status, a.body)
	}
}

// TestClusterRoutes sees a peer, and that it is gone.
func TestClusterRoutes(t *testing.T) {
	t.Parallel()
	nodes := started(t, mesh(t, 2, 1, time.Second))
	peer := func() map[string]any {
		t.Helper()
		return nodes[0].get(t, "/api/v1/cluster").decode(t)["peers"].([]any)[0].(map[string]any)
	}
	within(t, soon, "the peer is healthy", func() bool { return peer()["status"] == "healthy" && peer()["last_seen_at"] != nil })
	if got := peer()["endpoint"]; got != nodes[1].base {
		t.Errorf("the peer is at %v", got)
	}
	self := nodes[0].post(t, "/api/v1/cluster", map[string]any{"action": "list"}).decode(t)["self"].(map[string]any)
	if self["status"] != "healthy" || self["endpoint"] != nodes[0].base || self["agent_id"] == "" || self["agent_id"] == peer()["agent_id"] {
		t.Errorf("self %v", self)
	}
	nodes[1].shutDown(t)
	within(t, soon, "the peer is gone", func() bool { return peer()["status"] == "unreachable" && peer()["last_seen_at"] == nil })
	if a := nodes[0].call(t, http.MethodPost, "/api/v1/cluster", "", nil, nil); a.status != http.StatusOK {
		t.Errorf("without a body: %d %s", a.status, a.body)
	}
	for _, action := range []string{"join", "leave", "dance"} {
		a := nodes[0].post(t, "/api/v1/cluster", map[string]any{"action": action})
		if text := a.decode(t)["error"].(string); a.status != http.StatusBadRequest || action != "dance" && !strings.Contains(text, "--quorum-peers") {
			t.Errorf("%s: %d %s", action, a.status, a.body)
		}
	}
}

// TestSessionAndContradictions has the shapes that client libraries expect.
func TestSessionAndContradictions(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	id := func(title string) string { return n.create(t, title).decode(t)["id"].(string) }
	sky, green, soup := id("the sky is blue"), id("the sky is green"), id("soup")
	n.post(t, "/api/v1/links", map[string]any{"source_id": sky, "target_id": green, "relation": "contradicts"})
	n.post(t, "/api/v1/links", map[string]any{"source_id": sky, "target_id": soup})
	for path, want := range map[string]int{
		"?topic=sky&namespace=n": 2, "?topic=sky&namespace=m": 0, "": 2, "?namespace=n": 2, "?namespace=m": 0, "?topic=soup": 1,
	} {
		found := n.get(t, "/api/v1/contradictions"+path).decode(t)
		links := found["links"].([]any)
		if found["count"] != float64(want) || len(found["memories"].([]any)) != want || (want == 2) != (len(links) == 1) {
			t.Errorf("%s: %v", path, found)
		}
		if len(links) == 1 && links[0].(map[string]any)["relation"] != "contradicts" {
			t.Errorf("%s: %v", path, links)
		}
	}
	session := func(body string) map[string]any {
		t.Helper()
		return n.call(t, http.MethodPost, "/api/v1/session/start", "", []byte(body), nil).decode(t)
	}
	all := session(`{"namespace":"n","limit":null}`)
	if all["count"] != 3.0 || all["mode"] != "session_start" || all["standard"] != nil || all["memories"].([]any)[0].(map[string]any)["score"] != 0.0 {
		t.Errorf("session %v", all)
	}
	if empty := session(""); empty["count"] != 3.0 {
		t.Errorf("without a body: %v", empty)
	}
	n.post(t, "/api/v1/namespaces/n/standard", map[string]any{"id": soup})
	if one := session(`{"namespace":"n"}`); one["count"] != 2.0 || one["standard"].(map[string]any)["id"] != soup {
		t.Errorf("with a standard: %v", one)
	}
	n.post(t, "/api/v1/namespaces", map[string]any{"id": soup}) // no namespace: refused
	n.post(t, "/api/v1/namespaces?namespace=*", map[string]any{"id": sky})
	if two := session(`{"namespace":"n","limit":1}`); two["count"] != 0.0 && two["count"] != 1.0 || len(two["standards"].([]any)) != 2 {
		t.Errorf("with two: %v", two)
	}
	if got := n.get(t, "/api/v1/capabilities").decode(t); got["version"] != "0.6.0" || got["features"].(map[string]any)["keyword_search"] != true {
		t.Errorf("capabilities %v", got)
	}
}
