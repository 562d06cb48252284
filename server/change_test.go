package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (n *node) put(t *testing.T, id string, body any) answer {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return n.call(t, http.MethodPut, "/api/v1/memories/"+id, "application/json", text, nil)
}

func (n *node) remove(t *testing.T, id string) answer {
	t.Helper()
	return n.call(t, http.MethodDelete, "/api/v1/memories/"+id, "", nil, nil)
}

// id is the id that a create answered.
func (a answer) id(t *testing.T) string {
	t.Helper()
	id, _ := a.decode(t)["id"].(string)
	if id == "" {
		t.Fatalf("answer %d %s has no id", a.status, a.body)
	}
	return id
}

// titles are the titles of namespace n, sorted.
func (n *node) titles(t *testing.T) []string {
	t.Helper()
	titles := []string{}
	for _, row := range n.rows(t) {
		title, _, _ := strings.Cut(row, "|")
		titles = append(titles, title)
	}
	slices.Sort(titles)
	return titles
}

// want checks status and body; a body of nil is not looked at.
func (a answer) want(t *testing.T, what string, status int, body map[string]any) {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: %d %s, want %d", what, a.status, a.body, status)
		return
	}
	if body == nil {
		return
	}
	if diff := cmp.Diff(body, a.decode(t)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func message(text string) map[string]any { return map[string]any{"error": text} }

func TestDelete(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	id := n.create(t, "one").id(t)
	with := func(header string) answer {
		return n.call(t, http.MethodDelete, "/api/v1/memories/"+id, "text/html", []byte("<p>"), map[string]string{"X-Agent-Id": header})
	}
	with("a b").want(t, "a bad agent", 400, message("invalid agent_id: agent_id contains invalid character ' ' (allowed: alphanumeric, _-:@./)"))
	n.remove(t, "%20").want(t, "a blank id", 400, message("id cannot be empty"))
	n.remove(t, strings.Repeat("x", 129)).want(t, "a long id", 400, message("id exceeds max length of 128 bytes"))
	n.remove(t, "zzz").want(t, "an unknown id", 404, message("not found"))
	n.remove(t, id[:1]).want(t, "a prefix", 200, map[string]any{"deleted": true})
	with("ann").want(t, "once more", 404, message("not found"))
	n.get(t, "/api/v1/memories/"+id).want(t, "the row", 404, message("not found"))
	again := n.create(t, "one")
	if again.status != http.StatusCreated || again.id(t) == id {
		t.Errorf("created again: %d %s", again.status, again.body)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	id := n.create(t, "one").id(t)
	other := n.create(t, "two").id(t)
	for name, test := range map[string]struct {
		id      string
		body    any
		status  int
		message string
	}{
		"a taken title":          {id, map[string]any{"title": "two"}, 409, "title 'two' already exists in namespace 'n' (memory " + other + ")"},
		"the body before the id": {"zzz", map[string]any{"priority": 0}, 400, "priority must be between 1 and 10 (got 0)"},
		"the id before the body": {"%20", map[string]any{"priority": 0}, 400, "id cannot be empty"},
		"the first of several":   {id, map[string]any{"confidence": 2, "title": " "}, 400, "title cannot be empty"},
		"an empty expiry":        {id, map[string]any{"expires_at": ""}, 400, "expires_at is not valid RFC3339: ''"},
		"metadata of a list":     {id, map[string]any{"metadata": []int{1}}, 400, "metadata must be a JSON object"},
		"unknown":                {"zzz", map[string]any{}, 404, "not found"},
	} {
		n.put(t, test.id, test.body).want(t, name, test.status, message(test.message))
	}
	for name, body := range map[string]string{
		"a tier that is none": `{"tier":"epic"}`, "a number for a title": `{"title":1}`, "a text for tags": `{"tags":"a"}`,
		"null within tags": `{"tags":[null]}`, "a fraction": `{"priority":1.5}`, "a list": `[]`, "a field twice": `{"title":"a","title":"b"}`,
	} {
		n.call(t, http.MethodPut, "/api/v1/memories/"+id, "application/json", []byte(body), nil).want(t, name, 422, nil)
	}
	n.call(t, http.MethodPut, "/api/v1/memories/"+id, "text/plain", []byte("{}"), nil).want(t, "another content type", 415, nil)
	n.call(t, http.MethodPut, "/api/v1/memories/"+id, "application/json", nil, nil).want(t, "no body", 400, nil)

	nulls := map[string]any{"source": "robot", "id": "x"} // the last two are no fields of an update
	for _, field := range []string{"title", "content", "tier", "namespace", "tags", "priority", "confidence", "expires_at", "metadata"} {
		nulls[field] = nil
	}
	before := n.get(t, "/api/v1/memories/"+id).decode(t)["memory"].(map[string]any)
	same := n.put(t, id, nulls)
	got := same.decode(t)
	if got["updated_at"].(string) <= before["updated_at"].(string) {
		t.Errorf("updated_at %v after %v", got["updated_at"], before["updated_at"])
	}
	before["updated_at"] = got["updated_at"]
	same.want(t, "nothing but nulls", 200, before)

	long := n.put(t, id[:len(id)-1], map[string]any{"tier": "long", "title": "three", "tags": []string{"a"}, "confidence": 0.5})
	for key, value := range map[string]any{"tier": "long", "title": "three", "tags": []any{"a"}, "confidence": 0.5} {
		before[key] = value
	}
	delete(before, "expires_at") // H6
	before["updated_at"] = long.decode(t)["updated_at"]
	long.want(t, "long", 200, before)
	n.put(t, id, map[string]any{"tier": "short"}).want(t, "a lower tier", 200, nil)
	if tier := n.get(t, "/api/v1/memories/"+id).decode(t)["memory"].(map[string]any)["tier"]; tier != "long" {
		t.Errorf("the tier is %v, want long", tier)
	}
}

// TestChangesWithTooFewCopies answers as create does, and names the memory.
func TestChangesWithTooFewCopies(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.peer(2, 5*time.Second, refusing(t))
	n.start(t)
	id := n.create(t, "one").id(t)
	want := map[string]any{"error": "quorum_not_met", "got": 1.0, "needed": 2.0, "reason": "unreachable", "id": id}
	for name, a := range map[string]answer{"update": n.put(t, id, map[string]any{"content": "d"}), "delete": n.remove(t, id[:30])} {
		a.want(t, name, 503, want)
		if got := a.header.Get("Retry-After"); got != "2" {
			t.Errorf("%s: Retry-After %q, want 2", name, got)
		}
	}
	n.get(t, "/api/v1/memories/"+id).want(t, "the row", 404, nil)
}

// TestLegacyPeerKeepsTheRow has a peer that answers as 0.6.0 does: it takes what it understands, so
// a deletion is not acknowledged, and what it is sent names the id as 0.6.1 does.
func TestLegacyPeerKeepsTheRow(t *testing.T) {
	t.Parallel()
	peer := newStub(t, acks)
	n := newNode(t)
	n.peer(2, 5*time.Second, peer.URL)
	n.start(t)
	id := n.create(t, "one").id(t)
	n.put(t, id, map[string]any{"content": "d"}).want(t, "update", 200, nil)
	want := map[string]any{"error": "quorum_not_met", "got": 1.0, "needed": 2.0, "reason": "timeout", "id": id}
	n.remove(t, id).want(t, "delete", 503, want)
	n.create(t, "two").want(t, "what comes next", 201, nil)
	pushes := peer.received()
	if last := pushes[len(pushes)-2]; !slices.Equal(last.Deletions, []string{id}) || len(last.Memories) != 0 {
		t.Errorf("the peer received %+v, want the id", last)
	}
}

// TestPushOfDeletedIDs takes ids as ai-memory 0.6.1 sends them.
func TestPushOfDeletedIDs(t *testing.T) {
	t.Parallel()
	nodes := startMesh(t)
	id := nodes[0].create(t, "one").id(t)
	wantEqual(t, soon, 1, nodes...)
	push := map[string]any{"sender_agent_id": "a", "memories": []any{}, "deletions": []string{id, "unknown", " "}}
	a := nodes[1].post(t, "/api/v1/sync/push", push).decode(t)
	if diff := cmp.Diff([]any{id, "unknown"}, a["ids"]); diff != "" || a["applied"] != 2.0 || a["skipped"] != 1.0 {
		t.Errorf("answer %v (-want +got):\n%s", a, diff)
	}
	wantEqual(t, soon, 0, nodes...)
	push["deletions"] = []any{map[string]any{"some": "thing"}}
	nodes[1].post(t, "/api/v1/sync/push", push).want(t, "deletions of another shape", 200, nil)
}

// startMesh returns three running nodes with W=2.
func startMesh(t *testing.T) []*node {
	t.Helper()
	nodes := mesh(t, 3, 2, 2*time.Second)
	for _, n := range nodes {
		n.start(t)
	}
	return nodes
}

// TestChangesReachEveryNode updates, renames and deletes through each node.
func TestChangesReachEveryNode(t *testing.T) {
	t.Parallel()
	nodes := startMesh(t)
	id := nodes[0].create(t, "one").id(t)
	wantEqual(t, soon, 1, nodes...)
	nodes[1].put(t, id, map[string]any{"priority": 1, "confidence": 0.25}).want(t, "lower", 200, nil)
	within(t, soon, "what was lowered is low everywhere", func() bool {
		return !slices.ContainsFunc(nodes, func(n *node) bool {
			m := n.get(t, "/api/v1/memories/"+id).decode(t)["memory"].(map[string]any)
			return m["priority"] != 1.0 || m["confidence"] != 0.25
		})
	})
	nodes[2].put(t, id, map[string]any{"title": "two", "content": "changed"}).want(t, "rename", 200, nil)
	wantEqual(t, soon, 1, nodes...)
	for _, n := range nodes {
		if row := n.rows(t)[id]; !strings.HasPrefix(row, "two|changed|") {
			t.Errorf("the row is %q", row)
		}
	}
	nodes[0].remove(t, id).want(t, "delete", 200, map[string]any{"deleted": true, "quorum_acks": 2.0})
	wantEqual(t, soon, 0, nodes...)
}

// TestDeletedWhileAway deletes, creates anew and renames while a peer is away; it comes back with
// what it had, and nothing of it returns.
func TestDeletedWhileAway(t *testing.T) {
	t.Parallel()
	nodes := startMesh(t)
	ids := map[string]string{}
	for _, title := range []string{"deleted", "anew", "renamed", "taken over", "kept"} {
		ids[title] = nodes[0].create(t, title).id(t)
	}
	wantEqual(t, soon, 5, nodes...)
	nodes[2].shutDown(t)
	nodes[0].remove(t, ids["deleted"]).want(t, "delete", 200, nil)
	nodes[1].remove(t, ids["anew"]).want(t, "delete", 200, nil)
	nodes[0].put(t, ids["renamed"], map[string]any{"title": "now so"}).want(t, "rename", 200, nil)
	nodes[0].put(t, ids["taken over"], map[string]any{"namespace": "elsewhere"}).want(t, "move", 200, nil)
	anew := nodes[0].create(t, "anew").id(t)
	over := nodes[1].create(t, "taken over").id(t)
	nodes[2].start(t)
	wantEqual(t, soon, 4, nodes...)
	if diff := cmp.Diff([]string{"anew", "kept", "now so", "taken over"}, nodes[2].titles(t)); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	rows := nodes[2].rows(t)
	for title, id := range map[string]string{"anew": anew, "now so": ids["renamed"], "taken over": over, "kept": ids["kept"]} {
		if !strings.HasPrefix(rows[id], title+"|") {
			t.Errorf("%s is %q", id, rows[id])
		}
	}
	nodes[2].get(t, "/api/v1/memories/"+ids["deleted"]).want(t, "deleted", 404, nil)
	nodes[2].get(t, "/api/v1/memories/"+ids["taken over"]).want(t, "moved", 200, nil)
}

// TestSurvivorsDelete has a primary delete and die for good when only one of its peers knows.
func TestSurvivorsDelete(t *testing.T) {
	t.Parallel()
	nodes := startMesh(t)
	id := nodes[0].create(t, "one").id(t)
	wantEqual(t, soon, 1, nodes...)
	nodes[2].shutDown(t)
	nodes[0].remove(t, id).want(t, "delete", 200, nil)
	nodes[0].shutDown(t)
	nodes[2].start(t)
	wantEqual(t, soon, 0, nodes[1], nodes[2])
}

// TestCoordinatorKilledMidDelete kills, with SIGKILL, a node through which rows are being deleted.
// What it acknowledged is deleted on the survivors; once it is back, all three are equal.
func TestCoordinatorKilledMidDelete(t *testing.T) {
	t.Parallel()
	const rows = 60
	nodes := mesh(t, 3, 2, time.Second)
	kill := nodes[0].startProcess(t)
	nodes[1].start(t)
	nodes[2].start(t)
	var ids []string
	for i := range rows {
		ids = append(ids, nodes[0].create(t, fmt.Sprint("t", i)).id(t))
	}
	wantEqual(t, soon, rows, nodes...)

	var (
		mu           sync.Mutex
		acknowledged []string
		writers      sync.WaitGroup
	)
	for w := range 4 {
		writers.Go(func() {
			for i := w; i < rows; i += 4 {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, nodes[0].base+"/api/v1/memories/"+ids[i], nil)
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := client.Do(req)
				if err != nil {
					return // killed
				}
				resp.Body.Close()
				mu.Lock()
				if resp.StatusCode == http.StatusOK {
					acknowledged = append(acknowledged, ids[i])
				}
				enough := len(acknowledged) == rows/3
				mu.Unlock()
				if enough {
					kill()
				}
			}
		})
	}
	writers.Wait()
	if n := len(acknowledged); n < rows/3 || n == rows {
		t.Fatalf("%d of %d deletions were acknowledged before the kill", n, rows)
	}
	gone := func(nodes ...*node) {
		t.Helper()
		within(t, soon, "the nodes are equal", func() bool {
			return maps.Equal(nodes[0].rows(t), nodes[len(nodes)-1].rows(t)) && maps.Equal(nodes[0].rows(t), nodes[1].rows(t))
		})
		for _, n := range nodes {
			left := n.rows(t)
			for _, id := range acknowledged {
				if left[id] != "" {
					t.Errorf("%s was deleted, and is there: %s", id, left[id])
				}
			}
		}
	}
	gone(nodes[1], nodes[2])
	nodes[0].start(t)
	gone(nodes...)
}

// startProcess runs the node as a process of its own and returns what kills it.
func (n *node) startProcess(t *testing.T) (kill func()) {
	t.Helper()
	config := n.config
	config.Logger = nil
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$") //nolint:gosec // this test binary
	process.Env = append(os.Environ(), nodeEnv+"="+string(text))
	process.Stderr = t.Output()
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		process.Process.Kill() //nolint:errcheck // it may have ended, which Wait tells
		process.Wait()         //nolint:errcheck // killed, as it should be
	})
	t.Cleanup(kill)
	if _, err := fmt.Fscanln(out, new(string)); err != nil {
		t.Fatalf("the node does not come up: %v", err)
	}
	return kill
}
