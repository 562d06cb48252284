package contract

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// tell runs a command on the node's database, beside the node, and returns what it printed as JSON.
func (n *node) tell(t *testing.T, args ...string) map[string]any {
	t.Helper()
	cmd := n.command(t.Context(), append([]string{"--json"}, args...)...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, complaints.String())
	}
	var result map[string]any
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatalf("%v printed %q: %v", args, out.String(), err)
	}
	return result
}

// TestCommandsReplicate runs commands on the database of a node that serves it: what they write
// reaches the other nodes as what comes by HTTP does.
func TestCommandsReplicate(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 3, "--quorum-writes", "2")
	first := nodes[0]
	everywhere := func(what, path string, holds func(answer) bool) {
		t.Helper()
		for _, n := range nodes {
			within(t, 20*time.Second, what+" on every node", func() bool {
				if a, err := n.try(t.Context(), http.MethodGet, path, nil, nil); err == nil && holds(a) {
					return true
				}
				return false
			})
		}
	}
	memoryHas := func(key string, want any) func(answer) bool {
		return func(a answer) bool {
			return a.status == http.StatusOK && a.object(t)["memory"].(map[string]any)[key] == want
		}
	}
	id := first.tell(t, "store", "-T", "by hand", "-c", "written beside the server", "-n", "ops")["id"].(string)
	everywhere("the memory", "/api/v1/memories/"+id, memoryHas("title", "by hand"))
	first.tell(t, "update", id, "-c", "changed beside the server")
	everywhere("the change", "/api/v1/memories/"+id, memoryHas("content", "changed beside the server"))
	first.tell(t, "promote", id)
	everywhere("the promotion", "/api/v1/memories/"+id, memoryHas("tier", "long"))
	other := first.create(t, map[string]any{"title": "by HTTP", "namespace": "ops"})
	first.tell(t, "link", id, other)
	everywhere("the link", "/api/v1/links/"+id, func(a answer) bool { return bytes.Contains(a.body, []byte(other)) })
	first.tell(t, "delete", id)
	everywhere("the deletion", "/api/v1/memories/"+id, func(a answer) bool { return a.status == http.StatusNotFound })
	if n := first.tell(t, "forget", "-n", "ops")["deleted"]; n != 1.0 {
		t.Errorf("forgot %v, want 1", n)
	}
	everywhere("what was forgotten", "/api/v1/memories/"+other, func(a answer) bool { return a.status == http.StatusNotFound })
	everywhere("the archived copy", "/api/v1/archive", func(a answer) bool { return strings.Contains(string(a.body), other) })
}
