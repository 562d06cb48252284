package server_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// as sends a JSON body, or none for nil, in the name of an agent.
func (n *node) as(t *testing.T, agent, method, path string, body any) answer {
	t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	return n.call(t, method, path, "application/json", text, map[string]string{"X-Agent-Id": agent})
}

// govern gives namespace gov a policy of one level for everything, kept in a memory of owner1.
func (n *node) govern(t *testing.T, level string, approver any) (standard string) {
	t.Helper()
	a := n.post(t, "/api/v1/memories", map[string]any{
		"title": "rules", "content": "c", "namespace": "gov", "tier": "long", "agent_id": "owner1",
	})
	standard = a.decode(t)["id"].(string)
	a = n.as(t, "owner1", http.MethodPost, "/api/v1/namespaces/gov/standard", map[string]any{
		"id": standard, "governance": map[string]any{"write": level, "promote": level, "delete": level, "approver": approver},
	})
	if a.status != http.StatusOK {
		t.Fatalf("set a policy: %d %s", a.status, a.body)
	}
	return standard
}

func started(t *testing.T, nodes []*node) []*node {
	t.Helper()
	for _, n := range nodes {
		n.start(t)
	}
	return nodes
}

// rowsOf is the titles of a namespace and how often each is there.
func (n *node) rowsOf(t *testing.T, namespace string) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, title := range column(n.get(t, "/api/v1/memories?limit=200&namespace="+namespace).decode(t), "title") {
		out[title.(string)]++
	}
	return out
}

// TestVotesAtThreeNodes queues at one node and votes at the others: the action is done once,
// everywhere.
func TestVotesAtThreeNodes(t *testing.T) {
	t.Parallel()
	nodes := started(t, mesh(t, 3, 2, 2*time.Second))
	for _, agent := range []string{"amy", "bob"} {
		nodes[0].post(t, "/api/v1/agents", map[string]any{"agent_id": agent, "agent_type": "human"})
	}
	nodes[0].govern(t, "approve", map[string]any{"consensus": 2})
	a := nodes[0].as(t, "ann", http.MethodPost, "/api/v1/memories", map[string]any{"title": "asked", "content": "c", "namespace": "gov"})
	if a.status != http.StatusAccepted || a.decode(t)["quorum_acks"] != 2.0 {
		t.Fatalf("create: %d %s", a.status, a.body)
	}
	id := a.decode(t)["pending_id"].(string)
	approve := func(n *node, agent string) answer {
		t.Helper()
		within(t, soon, "the node knows the action and the agent", func() bool {
			return len(n.get(t, "/api/v1/pending").decode(t)["pending"].([]any)) == 1 &&
				n.get(t, "/api/v1/agents").decode(t)["count"] == 2.0
		})
		return n.as(t, agent, http.MethodPost, "/api/v1/pending/"+id+"/approve", nil)
	}
	if a := approve(nodes[1], "amy"); a.status != http.StatusAccepted || a.decode(t)["votes"] != 1.0 {
		t.Fatalf("the first vote: %d %s", a.status, a.body)
	}
	if a := approve(nodes[2], "bob"); a.status != http.StatusOK && a.status != http.StatusAccepted { // it may not know of the other
		t.Fatalf("the second vote: %d %s", a.status, a.body)
	}
	for i, n := range nodes {
		within(t, soon, "the action is done", func() bool {
			return maps.Equal(map[string]int{"rules": 1, "asked": 1}, n.rowsOf(t, "gov"))
		})
		within(t, soon, "the decision is known", func() bool {
			p := n.get(t, "/api/v1/pending").decode(t)["pending"].([]any)[0].(map[string]any)
			return p["status"] == "approved" && len(p["approvals"].([]any)) == 2
		})
		if got := n.get(t, "/api/v1/pending?status=pending").decode(t)["count"]; got != 0.0 {
			t.Errorf("node %d: %v actions wait", i, got)
		}
	}
	if diff := cmp.Diff(nodes[0].get(t, "/api/v1/pending").decode(t), nodes[1].get(t, "/api/v1/pending").decode(t)); diff != "" {
		t.Errorf("the nodes differ (-first +second):\n%s", diff)
	}
}

// TestVotesAtOnce gives the votes at two nodes in the same moment.
func TestVotesAtOnce(t *testing.T) {
	t.Parallel()
	nodes := started(t, mesh(t, 3, 1, 2*time.Second))
	for _, agent := range []string{"amy", "bob"} {
		nodes[0].post(t, "/api/v1/agents", map[string]any{"agent_id": agent, "agent_type": "human"})
	}
	nodes[0].govern(t, "approve", map[string]any{"consensus": 2})
	for i := range 10 {
		title := string(rune('a' + i))
		a := nodes[0].as(t, "ann", http.MethodPost, "/api/v1/memories", map[string]any{"title": title, "content": "c", "namespace": "gov"})
		id := a.decode(t)["pending_id"].(string)
		for _, n := range nodes[1:] {
			within(t, soon, "the node knows the action and the agents", func() bool {
				return len(n.get(t, "/api/v1/pending").decode(t)["pending"].([]any)) == i+1 && n.get(t, "/api/v1/agents").decode(t)["count"] == 2.0
			})
		}
		voted := make(chan answer, 2)
		for agent, n := range map[string]*node{"amy": nodes[1], "bob": nodes[2]} {
			go func() { voted <- n.as(t, agent, http.MethodPost, "/api/v1/pending/"+id+"/approve", nil) }()
		}
		for range 2 {
			if a := <-voted; a.status != http.StatusOK && a.status != http.StatusAccepted {
				t.Fatalf("a vote: %d %s", a.status, a.body)
			}
		}
		for _, n := range nodes {
			within(t, soon, "the action is done", func() bool {
				return n.get(t, "/api/v1/pending?status=approved").decode(t)["count"] == float64(i+1) && n.rowsOf(t, "gov")[title] == 1
			})
		}
	}
}

// TestPoliciesReachEveryNode sets, changes and clears a standard at one node and asks the others.
func TestPoliciesReachEveryNode(t *testing.T) {
	t.Parallel()
	nodes := started(t, mesh(t, 3, 2, 2*time.Second))
	standard := nodes[0].govern(t, "owner", "human")
	create := func(n *node) int {
		t.Helper()
		return n.as(t, "eve", http.MethodPost, "/api/v1/memories", map[string]any{"title": "t", "content": "c", "namespace": "gov"}).status
	}
	for _, n := range nodes {
		within(t, soon, "the policy is enforced", func() bool { return create(n) == http.StatusForbidden })
		want := map[string]any{
			"namespace": "gov", "standard_id": standard, "title": "rules", "content": "c", "priority": 5.0,
			"governance": map[string]any{"write": "owner", "promote": "owner", "delete": "owner", "approver": "human"},
		}
		if diff := cmp.Diff(want, n.get(t, "/api/v1/namespaces/gov/standard").decode(t)); diff != "" {
			t.Errorf("standard (-want +got):\n%s", diff)
		}
	}
	if a := nodes[1].as(t, "owner1", http.MethodDelete, "/api/v1/namespaces/gov/standard", nil); a.decode(t)["cleared"] != true {
		t.Fatalf("clear: %d %s", a.status, a.body)
	}
	for _, n := range nodes {
		within(t, soon, "the policy is gone", func() bool { return create(n) == http.StatusCreated })
	}
}

// TestStandardRoutes asks by path and by query, also for a namespace with slashes.
func TestStandardRoutes(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	id := n.create(t, "rules").decode(t)["id"]
	for _, path := range []string{"/api/v1/namespaces/a%2Fb/standard", "/api/v1/namespaces?namespace=a/b"} {
		none := map[string]any{"namespace": "a/b", "standard_id": nil}
		if diff := cmp.Diff(none, n.get(t, path).decode(t)); diff != "" {
			t.Errorf("%s, none (-want +got):\n%s", path, diff)
		}
		a := n.as(t, "x", http.MethodPut, path, map[string]any{"id": id, "parent": "c"})
		if diff := cmp.Diff(map[string]any{"set": true, "namespace": "a/b", "standard_id": id, "parent": "c"}, a.decode(t)); diff != "" {
			t.Errorf("%s, set (-want +got):\n%s", path, diff)
		}
		inherit := path + "?inherit=true"
		if slices.Contains([]byte(path), '?') {
			inherit = path + "&inherit"
		}
		chain := n.get(t, inherit).decode(t)
		if diff := cmp.Diff([]any{"*", "a", "a/b"}, chain["chain"]); diff != "" || chain["count"] != 1.0 {
			t.Errorf("%s, inherited %v (-want +got):\n%s", path, chain, diff)
		}
		for _, cleared := range []bool{true, false} {
			a := n.call(t, http.MethodDelete, path, "", nil, nil)
			if diff := cmp.Diff(map[string]any{"namespace": "a/b", "cleared": cleared}, a.decode(t)); diff != "" {
				t.Errorf("%s, clear (-want +got):\n%s", path, diff)
			}
		}
	}
	for path, body := range map[string]map[string]any{
		"/api/v1/namespaces/n/standard": {"id": "nope"}, "/api/v1/namespaces?namespace=n": {"id": "nope"},
	} {
		if a := n.post(t, path, body); a.status != http.StatusNotFound || a.decode(t)["error"] != "memory not found: nope" {
			t.Errorf("%s of nothing: %d %s", path, a.status, a.body)
		}
	}
	if a := n.post(t, "/api/v1/namespaces", map[string]any{"id": id}); a.status != http.StatusBadRequest {
		t.Errorf("without a namespace: %d %s", a.status, a.body)
	}
	if a := n.get(t, "/api/v1/namespaces/n/standard?inherit=perhaps"); a.status != http.StatusBadRequest {
		t.Errorf("a word that is no truth value: %d %s", a.status, a.body)
	}
}

// TestGovernedAnswers looks at what a client sees of a PUT and of what is denied.
func TestGovernedAnswers(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	standard := n.govern(t, "approve", "human")
	a := n.as(t, "eve", http.MethodPut, "/api/v1/memories/"+standard, map[string]any{"content": "changed"})
	want := map[string]any{
		"status": "pending", "pending_id": a.decode(t)["pending_id"], "reason": "governance requires approval", "action": "store", "namespace": "gov",
	}
	if diff := cmp.Diff(want, a.decode(t)); diff != "" || a.status != http.StatusAccepted {
		t.Errorf("PUT: %d (-want +got):\n%s", a.status, diff)
	}
	for what, a := range map[string]answer{
		"store denied by governance: governance: a change of title or namespace cannot wait for approval": n.as(
			t, "eve", http.MethodPut, "/api/v1/memories/"+standard, map[string]any{"title": "other"}),
		"store denied by governance: namespace '_agents' is written by agent registration only": n.as(
			t, "eve", http.MethodPost, "/api/v1/memories", map[string]any{"title": "agent:eve", "content": "c", "namespace": "_agents"}),
		"grant denied: governance: caller 'eve' is not the owner ('owner1')": n.as(
			t, "eve", http.MethodPost, "/api/v1/memories/"+standard+"/grant", map[string]any{"agent_id": "eve", "permission": "admin"}),
	} {
		if a.status != http.StatusForbidden || a.decode(t)["error"] != what {
			t.Errorf("%d %s, want %s", a.status, a.body, what)
		}
	}
}
