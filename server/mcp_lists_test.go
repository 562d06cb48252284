package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server"
)

// titles are those of the memories in a list.
func titles(o object, key string) []string {
	out := []string{}
	rows, _ := o[key].([]any)
	for _, row := range rows {
		out = append(out, row.(object)["title"].(string))
	}
	return out
}

// TestMCPFormats has the four tools that list in each format: what is none is JSON, what is no text the default.
func TestMCPFormats(t *testing.T) {
	t.Parallel()
	a := newAgent(t, server.Config{}, server.MCP{Agent: "ai:a"}, "probe")
	id := a.store(t, "rotate keys", object{"tags": []string{"a:b"}, "priority": 10, "tier": "long"}) // recalls change nothing of it
	const compact, full = "memories[id|title|tier|namespace|priority|score|tags|agent_id]:",
		"memories[id|title|tier|namespace|priority|confidence|score|access_count|tags|source|created_at|updated_at|metadata]:"
	for _, test := range []struct {
		tool      string
		arguments object
		key       string
		meta      string // its beginning
		score     string
	}{
		{"memory_recall", object{"context": "keys"}, "memories", "count:1|mode:keyword|tokens_used:", ""},
		{"memory_recall", object{"context": "keys", "budget_tokens": 100}, "memories", "count:1|mode:keyword|tokens_used:9|budget_tokens:100", ""},
		{"memory_search", object{"query": "keys"}, "results", "count:1", "none"},
		{"memory_list", object{}, "memories", "count:1", "none"},
		{"memory_session_start", object{}, "memories", "count:1|mode:session_start", "0.0"},
	} {
		for _, format := range []any{nil, "toon_compact", "toon", 5, "json", "xml"} {
			test.arguments["format"] = format
			text, failed := a.say(t, test.tool, test.arguments)
			if failed {
				t.Fatalf("%s: %s", test.tool, text)
			}
			if format == "json" || format == "xml" {
				var got object
				if err := json.Unmarshal([]byte(text), &got); err != nil || !cmp.Equal(titles(got, test.key), []string{"rotate keys"}) {
					t.Errorf("%s as %v: %v in %s", test.tool, format, err, text)
				}
				if !strings.HasPrefix(text, "{\n  \"") {
					t.Errorf("%s as %v is not indented:\n%s", test.tool, format, text)
				}
				continue
			}
			header := compact
			if format == "toon" {
				header = full
			}
			lines := strings.Split(text, "\n")
			if len(lines) != 4 || !strings.HasPrefix(lines[0], test.meta) || lines[1] != header || !strings.HasPrefix(lines[2], id+"|rotate keys|long|ns|10|") || lines[3] != "" {
				t.Errorf("%s as %v: got\n%s", test.tool, format, text)
				continue
			}
			cells := strings.Split(lines[2], "|")
			score := cells[5]
			if format == "toon" {
				score = cells[6]
			}
			if test.score == "none" && score != "" || test.score == "0.0" && score != "0.0" || test.score == "" && score == "" {
				t.Errorf("%s as %v: score %q", test.tool, format, score)
			}
		}
	}
	if got := a.call(t, "memory_recall", object{"context": " ", "format": "json"}); got["count"] != 0.0 || got["tokens_used"] != 0.0 {
		t.Errorf("recall of nothing: %v", got)
	}
	if got := a.call(t, "memory_recall", object{"context": "keys", "budget_tokens": 0, "format": "json"}); got["count"] != 0.0 || got["budget_tokens"] != 0.0 {
		t.Errorf("recall for nothing: %v", got)
	}
}

// TestMCPStandards has standards go before what is recalled (contract section 4.13).
func TestMCPStandards(t *testing.T) {
	t.Parallel()
	a := newAgent(t, server.Config{}, server.MCP{Agent: "ai:a"}, "probe")
	everywhere := a.store(t, "rule of all", object{"namespace": "rules"})
	here := a.store(t, "rule of ops", object{"namespace": "ops"})
	a.store(t, "fact of ops", object{"namespace": "ops"})
	for namespace, id := range map[string]string{"*": everywhere, "ops": here} {
		want := object{"set": true, "namespace": namespace, "standard_id": id}
		if got := a.call(t, "memory_namespace_set_standard", object{"namespace": namespace, "id": id}); !cmp.Equal(got, want) {
			t.Errorf("set: %v", got)
		}
	}
	for _, test := range []struct {
		tool      string
		arguments object
	}{
		{"memory_recall", object{"context": "rule fact", "namespace": "ops", "format": "json"}},
		{"memory_session_start", object{"namespace": "ops", "format": "json"}},
	} {
		got := a.call(t, test.tool, test.arguments)
		if diff := cmp.Diff([]string{"fact of ops"}, titles(got, "memories")); diff != "" {
			t.Errorf("%s: memories (-want +got):\n%s", test.tool, diff)
		}
		if diff := cmp.Diff([]string{"rule of all", "rule of ops"}, titles(got, "standards")); diff != "" || got["count"] != 1.0 {
			t.Errorf("%s: count %v, standards (-want +got):\n%s", test.tool, got["count"], diff)
		}
	}
	if one, _ := a.call(t, "memory_recall", object{"context": "fact", "format": "json"})["standard"].(object); one["id"] != everywhere {
		t.Errorf("without a namespace the standard is %v", one)
	}
	got := a.call(t, "memory_namespace_get_standard", object{"namespace": "ops", "inherit": true})
	if diff := cmp.Diff([]any{"*", "ops"}, got["chain"]); diff != "" || got["count"] != 2.0 {
		t.Errorf("count %v, chain (-want +got):\n%s", got["count"], diff)
	}
	a.refused(t, "namespace cannot be its own parent", "memory_namespace_set_standard", object{"namespace": "ops", "id": here, "parent": "ops"})
	a.refused(t, "memory not found: x", "memory_namespace_set_standard", object{"namespace": "ops", "id": "x"})
	a.refused(t, "invalid governance: missing field `promote`", "memory_namespace_set_standard",
		object{"namespace": "ops", "id": here, "governance": object{"write": "any"}})
	for _, want := range []bool{true, false} {
		if got := a.call(t, "memory_namespace_clear_standard", object{"namespace": "ops"}); got["cleared"] != want {
			t.Errorf("clear: %v, want %t", got, want)
		}
	}
	want := object{"namespace": "ops", "standard_id": nil}
	if got := a.call(t, "memory_namespace_get_standard", object{"namespace": "ops"}); !cmp.Equal(got, want) {
		t.Errorf("cleared: %v", got)
	}
}

// TestMCPApproval queues what a policy wants approved, and has it approved and rejected.
func TestMCPApproval(t *testing.T) {
	t.Parallel()
	a := newAgent(t, server.Config{}, server.MCP{Agent: "ai:a"}, "probe")
	standard := a.store(t, "policy", nil)
	policy := object{"write": "approve", "promote": "any", "delete": "owner", "approver": object{"consensus": 2.0}}
	got := a.call(t, "memory_namespace_set_standard", object{"namespace": "ns", "id": standard, "governance": policy})
	if diff := cmp.Diff(policy, got["governance"]); diff != "" {
		t.Errorf("governance (-want +got):\n%s", diff)
	}
	for _, agent := range []string{"ai:one", "ai:two"} {
		a.call(t, "memory_agent_register", object{"agent_id": agent, "agent_type": "human"})
	}
	waits := func(title string) string {
		got := a.call(t, "memory_store", object{"title": title, "content": "c", "namespace": "ns"})
		id, _ := got["pending_id"].(string)
		want := object{"status": "pending", "pending_id": id, "reason": "governance requires approval", "action": "store", "namespace": "ns"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("queued (-want +got):\n%s", diff)
		}
		return id
	}
	approved, rejected := waits("to be approved"), waits("to be rejected")
	if got := a.call(t, "memory_pending_list", object{"status": "pending"}); got["count"] != 2.0 {
		t.Errorf("pending: %v", got)
	}
	a.refused(t, "approve rejected: consensus voter 'ai:a' is not a registered agent", "memory_pending_approve", object{"id": approved})
	if got := a.call(t, "memory_pending_approve", object{"id": approved, "agent_id": "ai:one"}); got["approved"] != false || got["votes"] != 1.0 || got["quorum"] != 2.0 {
		t.Errorf("the first vote: %v", got)
	}
	if got := a.call(t, "memory_pending_approve", object{"id": approved, "agent_id": "ai:two"}); got["approved"] != true || got["executed"] != true {
		t.Errorf("the second vote: %v", got)
	}
	want := object{"rejected": true, "id": rejected, "decided_by": "ai:a"}
	if got := a.call(t, "memory_pending_reject", object{"id": rejected}); !cmp.Equal(got, want) {
		t.Errorf("reject: %v", got)
	}
	a.refused(t, "pending action not found or already decided: "+rejected, "memory_pending_reject", object{"id": rejected})
	if diff := cmp.Diff([]string{"to be approved", "policy"}, titles(a.call(t, "memory_list", object{"namespace": "ns", "format": "json"}), "memories")); diff != "" {
		t.Errorf("memories (-want +got):\n%s", diff)
	}
	text, failed := a.say(t, "memory_delete", object{"id": standard, "agent_id": "ai:one"})
	if !failed || !strings.HasPrefix(text, "delete denied by governance: ") {
		t.Errorf("deleting what is another's: %s", text)
	}
}

// TestMCPInbox sends twice about the same subject, and reads what is not read (H26).
func TestMCPInbox(t *testing.T) {
	t.Parallel()
	a := newAgent(t, server.Config{}, server.MCP{Agent: "ai:a"}, "probe")
	for _, payload := range []string{"first", "second"} {
		sent := a.call(t, "memory_notify", object{"target_agent_id": "ai:b", "title": "subject", "payload": payload, "priority": 1 << 40})
		want := object{"from": "ai:a", "to": "ai:b", "namespace": "_messages/ai:b", "tier": "mid"}
		if diff := cmp.Diff(want, pick(sent, "from", "to", "namespace", "tier")); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	}
	got := a.call(t, "memory_inbox", object{"agent_id": "ai:b", "unread_only": true})
	var payloads []any
	for _, m := range got["messages"].([]any) {
		payloads = append(payloads, m.(object)["payload"])
		if m.(object)["priority"] != 10.0 || m.(object)["read"] != false || m.(object)["title"] != "subject" {
			t.Errorf("message %v", m)
		}
	}
	if diff := cmp.Diff([]any{"second", "first"}, payloads); diff != "" || got["count"] != 2.0 {
		t.Errorf("payloads (-want +got):\n%s", diff)
	}
}

// TestMCPWebhooks tells a subscriber of what is stored, and ends only when it was told.
func TestMCPWebhooks(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, "secret")
	a := newAgent(t, server.Config{WebhookAllowLoopback: true}, server.MCP{Agent: "ai:a"}, "probe")
	arguments := object{"url": r.URL, "secret": "secret", "events": "memory_store", "namespace_filter": "ns"}
	a.refused(t, `agent "ai:a" is not registered; call memory_agent_register before memory_subscribe`, "memory_subscribe", arguments)
	a.call(t, "memory_agent_register", object{"agent_id": "ai:a", "agent_type": "ai:probe"})
	a.refused(t, "webhook URL missing scheme: nowhere", "memory_subscribe", object{"url": "nowhere"})
	a.refused(t, "webhook URL targets private / link-local address: https://10.0.0.1/", "memory_subscribe", object{"url": "https://10.0.0.1/"})
	got := a.call(t, "memory_subscribe", arguments)
	want := object{"url": r.URL, "events": "memory_store", "namespace_filter": "ns", "agent_filter": nil, "created_by": "ai:a"}
	if diff := cmp.Diff(want, pick(got, "url", "events", "namespace_filter", "agent_filter", "created_by")); diff != "" {
		t.Errorf("subscription (-want +got):\n%s", diff)
	}
	if listed := a.call(t, "memory_list_subscriptions", nil); listed["count"] != 1.0 || strings.Contains(toText(t, listed), "secret") {
		t.Errorf("subscriptions: %v", listed)
	}
	a.store(t, "elsewhere", object{"namespace": "other"})
	id := a.store(t, "told", nil)
	a.leave(t)
	bodies, bad := r.received()
	if len(bodies) != 1 || len(bad) > 0 || bodies[0]["memory_id"] != id || bodies[0]["event"] != "memory_store" || bodies[0]["agent_id"] != "ai:a" {
		t.Errorf("received %v, unsigned %v", bodies, bad)
	}
}

func toText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMCPUnsubscribe ends a subscription, and again.
func TestMCPUnsubscribe(t *testing.T) {
	t.Parallel()
	r := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(r.Close)
	a := newAgent(t, server.Config{WebhookAllowLoopback: true}, server.MCP{Agent: "ai:a"}, "probe")
	a.call(t, "memory_agent_register", object{"agent_id": "ai:a", "agent_type": "ai:probe"})
	id := a.call(t, "memory_subscribe", object{"url": r.URL})["id"]
	for _, removed := range []bool{true, false} {
		want := object{"id": id, "removed": removed}
		if got := a.call(t, "memory_unsubscribe", object{"id": id}); !cmp.Equal(got, want) {
			t.Errorf("unsubscribe: %v, want %v", got, want)
		}
	}
}
