package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// state is all that a node shows of what it keeps: memories with their links, and the archive.
func (n *node) state(t *testing.T) map[string]string {
	t.Helper()
	state := map[string]string{}
	var archive struct{ Archived []map[string]any }
	if err := json.Unmarshal(n.get(t, "/api/v1/archive?limit=1000").body, &archive); err != nil {
		t.Fatal(err)
	}
	for _, row := range archive.Archived {
		state["archived "+row["id"].(string)] = fmt.Sprint(row)
	}
	var page struct{ Memories []struct{ ID string } }
	if err := json.Unmarshal(n.get(t, "/api/v1/memories?limit=200").body, &page); err != nil {
		t.Fatal(err)
	}
	for _, m := range page.Memories {
		state[m.ID] = string(n.get(t, "/api/v1/memories/"+m.ID).body)
	}
	return state
}

// wantSame waits until all nodes show the same.
func wantSame(t *testing.T, nodes ...*node) map[string]string {
	t.Helper()
	var first map[string]string
	var diff string
	began := time.Now()
	for {
		diff = ""
		first = nodes[0].state(t)
		for _, n := range nodes[1:] {
			diff += cmp.Diff(first, n.state(t))
		}
		if diff == "" {
			return first
		}
		if time.Since(began) > 5*time.Second {
			t.Fatalf("the nodes do not agree:\n%s", diff)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
}

// moves are all writes that move, keep or remove memories. Each is answered by how many nodes hold
// it.
func moves(t *testing.T, nodes ...*node) {
	t.Helper()
	on := func(i int) *node { return nodes[i%len(nodes)] }
	acked := func(what string, status int, a answer) answer {
		t.Helper()
		if a.status != status || a.decode(t)["quorum_acks"] != 2.0 {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
		return a
	}
	acked("bulk", 200, on(0).raw(t, "/api/v1/memories/bulk", `[{"title":"bulk","content":"c","namespace":"n"},{"title":"p","content":"c","namespace":"n"}]`))
	acked("promote", 200, on(1).post(t, "/api/v1/memories/m-promoted/promote", nil))
	acked("forget", 200, on(0).raw(t, "/api/v1/forget", `{"namespace":"forgotten"}`))
	acked("restore", 200, on(1).post(t, "/api/v1/archive/m-restored/restore", nil))
	acked("consolidate", 201, on(0).raw(t, "/api/v1/consolidate", `{"ids":["m-one","m-two"],"title":"sum","summary":"s","namespace":"n"}`))
	acked("link", 201, on(1).raw(t, "/api/v1/links", `{"source_id":"m-promoted","target_id":"m-imported"}`))
	acked("import", 200, on(0).bring(t, whole("m-imported", "content", "older", "updated_at", "2020-01-01T00:00:00+00:00"), whole("m-new")))
	acked("gc", 200, on(1).post(t, "/api/v1/gc", nil))
}

// seeds are what moves has to do with.
func seeds() []map[string]any {
	past := "2026-02-01T00:00:00+00:00"
	return []map[string]any{
		whole("m-promoted", "expires_at", "2099-01-01T00:00:00+00:00"), whole("m-imported"), whole("m-one"), whole("m-two"),
		whole("m-forgotten", "namespace", "forgotten"), whole("m-restored", "namespace", "forgotten"), whole("m-expired", "expires_at", past),
	}
}

// checkMoves looks at what moves has left.
func checkMoves(t *testing.T, state map[string]string) {
	t.Helper()
	for id, want := range map[string]string{
		"m-promoted": `"tier":"long"`, "m-imported": `"content":"older"`, "m-new": `"title m-new"`, "m-restored": `"namespace":"forgotten"`,
		"archived m-forgotten": "archive_reason:forget", "archived m-expired": "archive_reason:ttl_expired",
	} {
		if !strings.Contains(state[id], want) {
			t.Errorf("%s is %q, want %s", id, state[id], want)
		}
	}
	for _, id := range []string{"m-one", "m-two", "m-expired", "m-forgotten", "archived m-restored", "archived m-one"} {
		if state[id] != "" {
			t.Errorf("%s is there: %s", id, state[id])
		}
	}
	if !strings.Contains(state["m-promoted"], `"links":[{"created_at"`) || len(state) != 9 {
		t.Errorf("links of m-promoted: %s; in all %v", state["m-promoted"], slices.Sorted(maps.Keys(state)))
	}
}

// TestMovesReachEveryNode makes every write that moves or removes memories.
func TestMovesReachEveryNode(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 3, 2, 2*time.Second)
	for _, n := range nodes {
		n.start(t)
	}
	nodes[2].bring(t, seeds()...)
	wantSame(t, nodes...)
	moves(t, nodes[0], nodes[1])
	checkMoves(t, wantSame(t, nodes...))

	purged := nodes[2].call(t, http.MethodDelete, "/api/v1/archive", "", nil, nil)
	purged.want(t, "purge", 200, map[string]any{"purged": 2.0, "quorum_acks": 2.0})
	within(t, soon, "the archives are empty", func() bool {
		return !slices.ContainsFunc(nodes, func(n *node) bool { return n.get(t, "/api/v1/archive").decode(t)["count"] != 0.0 })
	})
}

// TestMovesWhileAway makes them while a node is away that has all of it, and does to it what it
// can alone. It ends as the others do.
func TestMovesWhileAway(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 3, 2, 500*time.Millisecond)
	for _, n := range nodes {
		n.start(t)
	}
	nodes[0].bring(t, seeds()...)
	wantSame(t, nodes...)
	nodes[0].shutDown(t)
	nodes[1].shutDown(t)
	for _, id := range []string{"m-forgotten", "m-one", "m-imported"} { // nobody else will have heard of it
		nodes[2].put(t, id, map[string]any{"content": "written apart"}).want(t, "a write apart", 503, nil)
	}
	nodes[2].post(t, "/api/v1/gc", nil).want(t, "garbage collected apart", 503, nil)
	nodes[2].shutDown(t)
	nodes[0].start(t)
	nodes[1].start(t)
	moves(t, nodes[0], nodes[1])
	nodes[2].start(t)
	checkMoves(t, wantSame(t, nodes...))
}

// TestMovesWithTooFewCopies answers as create does, and names what is stored.
func TestMovesWithTooFewCopies(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.start(t)
	n.bring(t, seeds()...)
	n.raw(t, "/api/v1/forget", `{"namespace":"forgotten"}`).want(t, "forget", 200, nil)
	n.shutDown(t)
	_, nobody := freeAddress(t)
	n.peer(2, time.Second, fmt.Sprintf("http://127.0.0.1:%d", nobody))
	n.start(t)
	for _, test := range []struct {
		what string
		answer
		keys []string
	}{
		{"bulk", n.raw(t, "/api/v1/memories/bulk", `[{"title":"bulk","content":"c","namespace":"n"},{"title":"","content":"c"}]`), []string{"errors", "ids"}},
		{"promote", n.post(t, "/api/v1/memories/m-promoted/promote", nil), []string{"id"}},
		{"restore", n.post(t, "/api/v1/archive/m-restored/restore", nil), []string{"id"}},
		{"consolidate", n.raw(t, "/api/v1/consolidate", `{"ids":["m-one","m-two"],"title":"sum","summary":"s"}`), []string{"id"}},
		{"link", n.raw(t, "/api/v1/links", `{"source_id":"m-promoted","target_id":"m-imported"}`), []string{"created_at", "relation", "source_id", "target_id"}},
		{"the same link", n.raw(t, "/api/v1/links", `{"source_id":"m-promoted","target_id":"m-imported"}`), []string{"created_at", "relation", "source_id", "target_id"}},
		{"import", n.post(t, "/api/v1/import", map[string]any{"memories": []any{whole("m-imported")}}), []string{"errors", "imported"}},
		{"gc", n.post(t, "/api/v1/gc", nil), []string{"expired_deleted"}},
		{"forget", n.raw(t, "/api/v1/forget", `{"namespace":"forgotten"}`), []string{"deleted"}},
		{"purge", n.call(t, http.MethodDelete, "/api/v1/archive", "", nil, nil), []string{"purged"}},
	} {
		got := test.decode(t)
		if test.status != http.StatusServiceUnavailable || test.header.Get("Retry-After") != "2" {
			t.Errorf("%s: %d, Retry-After %q", test.what, test.status, test.header.Get("Retry-After"))
		}
		want := append([]string{"error", "got", "needed", "reason"}, test.keys...)
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" || got["error"] != "quorum_not_met" || got["got"] != 1.0 {
			t.Errorf("%s: %s (-want +got keys):\n%s", test.what, test.body, diff)
		}
	}
}

// TestMaintenance has a node collect garbage and checkpoint by itself, and tell its peers.
func TestMaintenance(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 2, 1, time.Second)
	nodes[0].config.GCInterval, nodes[0].config.CheckpointInterval = 20*time.Millisecond, 20*time.Millisecond
	for _, n := range nodes {
		n.start(t)
	}
	nodes[1].bring(t, whole("old", "expires_at", "2026-02-01T00:00:00+00:00"), whole("new"))
	within(t, soon, "both nodes have archived what has expired", func() bool {
		return !slices.ContainsFunc(nodes, func(n *node) bool {
			return n.get(t, "/api/v1/archive").decode(t)["count"] != 1.0 || n.get(t, "/api/v1/memories/old").status != http.StatusNotFound
		})
	})
	within(t, soon, "the log is written back", func() bool { return size(t, nodes[0].config.DB+"-wal") == 0 })
	if nodes[0].get(t, "/api/v1/memories/new").status != http.StatusOK {
		t.Error("what has not expired is gone")
	}
}

// size is a file's, in bytes.
func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
