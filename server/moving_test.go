package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// whole is a memory as import takes it; changes name a field and its value.
func whole(id string, changes ...any) map[string]any {
	m := map[string]any{
		"id": id, "title": "title " + id, "content": "content of " + id, "namespace": "n", "source": "chaos", "tier": "mid",
		"tags": []string{}, "priority": 5, "confidence": 1, "access_count": 0,
		"created_at": "2026-01-01T00:00:00+00:00", "updated_at": "2026-01-01T00:00:00+00:00",
	}
	for i := 0; i < len(changes); i += 2 {
		m[changes[i].(string)] = changes[i+1]
	}
	return m
}

// bring imports memories.
func (n *node) bring(t *testing.T, rows ...map[string]any) answer {
	t.Helper()
	a := n.post(t, "/api/v1/import", map[string]any{"memories": rows})
	if a.status != http.StatusOK || a.decode(t)["imported"] != float64(len(rows)) {
		t.Fatalf("import: %d %s", a.status, a.body)
	}
	return a
}

// raw sends a body as JSON.
func (n *node) raw(t *testing.T, path, body string) answer {
	t.Helper()
	return n.call(t, http.MethodPost, path, "application/json", []byte(body), nil)
}

func TestBulk(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	a := n.raw(t, "/api/v1/memories/bulk", `{"memories":[{"title":"a","content":"c"},{"title":" ","content":"c"},{"title":"a","content":"d"}]}`)
	got := a.decode(t)
	ids, _ := got["ids"].([]any)
	if len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("ids %v", ids)
	}
	delete(got, "ids")
	want := map[string]any{"created": 2.0, "count": 2.0, "sent": 3.0, "errors": []any{" : title cannot be empty"}}
	if diff := cmp.Diff(want, got); diff != "" || a.status != http.StatusOK {
		t.Errorf("%d (-want +got):\n%s", a.status, diff)
	}
	for body, status := range map[string]int{
		`[{"title":"x","content":"c"},[]]`:            422,
		`[{"title":"x","content":"c"},null]`:          422,
		`[{"title":"x","content":"c","tier":"epic"}]`: 422,
		`[{"title":"x","content":"c","agent_id":7}]`:  422,
		`{"memories":{"title":"x","content":"c"}}`:    422,
		`{"memories":null}`:                           422,
		`{"memories":[],"memories":[]}`:               422,
		`{}`:                                          422,
		`"x"`:                                         422,
		`[{"title":"x","content":"c"}`:                400,
		``:                                            400,
		"[" + strings.Repeat("{\"title\":\"x\",\"content\":\"c\"},", 1000) + `{"title":"x","content":"c"}]`: 400,
		`{"memories":[{"title":"x","content":"` + strings.Repeat("c", 2<<20) + `"}]}`:                       413,
	} {
		n.raw(t, "/api/v1/memories/bulk", body).want(t, body[:min(len(body), 60)], status, nil)
	}
	n.call(t, http.MethodPost, "/api/v1/memories/bulk", "text/plain", []byte("[]"), nil).want(t, "another type", 415, nil)
	n.raw(t, "/api/v1/memories/bulk", "["+strings.TrimSuffix(strings.Repeat(`{"title":"x","content":"c"},`, 1000), ",")+"]").want(t, "1000", 200, nil)
	if total := n.get(t, "/api/v1/stats").decode(t)["total"]; total != 2.0 {
		t.Errorf("%v rows", total)
	}
}

// TestGetIsFlat has the fields of a memory both in memory and beside it.
func TestGetIsFlat(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	n.bring(t, whole("a", "metadata", map[string]any{"memory": 1, "links": 2}), whole("b"))
	n.raw(t, "/api/v1/links", `{"source_id":"b","target_id":"a"}`).want(t, "link", 201, nil)
	got := n.get(t, "/api/v1/memories/a").decode(t)
	inner, links := got["memory"], got["links"].([]any)
	delete(got, "memory")
	delete(got, "links")
	if diff := cmp.Diff(inner, any(got)); diff != "" || len(links) != 1 || got["id"] != "a" {
		t.Errorf("links %v (-memory +beside):\n%s", links, diff)
	}
	n.remove(t, "b").want(t, "delete", 200, nil)
	if links := n.get(t, "/api/v1/memories/a").decode(t)["links"].([]any); len(links) != 0 {
		t.Errorf("links to what was deleted: %v", links)
	}
}

func TestForgetOverHTTP(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	forget := func(query, contentType, body string) answer {
		return n.call(t, http.MethodPost, "/api/v1/forget"+query, contentType, []byte(body), nil)
	}
	none := message("at least one of namespace, pattern, or tier is required")
	n.bring(t, whole("a", "title", "well-known lion"), whole("b", "tier", "short"), whole("c"), whole("d", "namespace", "o"))
	forget("", "", "").want(t, "nothing", 400, none)
	forget("", "application/json", "{}").want(t, "no filter", 400, none)
	forget("", "application/json", `{"namespace":null,"pattern":null,"tier":null}`).want(t, "nulls", 400, none)
	forget("", "application/json", "").want(t, "an announced body", 400, nil)
	forget("?other=1", "application/json", "").want(t, "an announced body, no filter", 400, nil)
	forget("?namespace=n", "text/plain", "").want(t, "another type", 415, nil)
	forget("?namespace=n", "application/json", `[]`).want(t, "a list", 422, nil)
	forget("?namespace=n", "application/json", `{"tier":"epic"}`).want(t, "an unknown tier", 422, nil)
	forget("?namespace=n", "application/json", `{"tier":1}`).want(t, "a number for a tier", 422, nil)
	forget("?namespace=n&tier=epic", "", "").want(t, "an unknown tier in the query", 400, nil)
	forget("?namespace=n&namespace=m", "", "").want(t, "a filter twice", 400, nil)
	forget("?namespace=n", "application/json", `{"namespace":"o"}`).want(t, "a filter here and there", 400, message("namespace is 'n' in the query and 'o' in the body"))
	if total := n.get(t, "/api/v1/stats").decode(t)["total"]; total != 4.0 {
		t.Fatalf("%v rows are left: something was forgotten", total)
	}
	forget("?pattern=%22well-known%22", "", "").want(t, "by the query", 200, map[string]any{"deleted": 1.0})
	forget("?tier=short", "application/json", "").want(t, "by the query, an empty body announced", 200, map[string]any{"deleted": 1.0})
	forget("?tier=mid", "application/json", `{"namespace":"n"}`).want(t, "by both", 200, map[string]any{"deleted": 1.0})
	forget("", "", `{"namespace":"o"}`).want(t, "without a content type", 200, map[string]any{"deleted": 1.0})
}

func TestConsolidateAndLinks(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	n.bring(t, whole("a"), whole("b"), whole("c", "metadata", map[string]any{"k": strings.Repeat("x", 40_000)}),
		whole("d", "metadata", map[string]any{"l": strings.Repeat("x", 40_000)}))
	for _, test := range []struct {
		path, body string
		status     int
		message    string
	}{
		{"links", `{"source_id":"a"}`, 422, ""},
		{"links", `{"source_id":"a","target_id":"b","relation":null}`, 422, ""},
		{"links", `{"source_id":"z","target_id":"b"}`, 404, "source memory not found: z"},
		{"links", `{"source_id":"a","target_id":"z"}`, 404, "target memory not found: z"},
		{"links", `{"source_id":"a","target_id":" "}`, 400, "id cannot be empty"},
		{"consolidate", `{"ids":["a","b"],"title":"t"}`, 422, ""},
		{"consolidate", `{"ids":["a",null],"title":"t","summary":"s"}`, 422, ""},
		{"consolidate", `{"ids":["a","b"],"title":"t","summary":"s","tier":"epic"}`, 422, ""},
		{"consolidate", `{"ids":["a"],"title":"t","summary":"s"}`, 400, "need at least 2 memory IDs to consolidate"},
		{"consolidate", `{"ids":["a","z"],"title":"t","summary":"s"}`, 404, "memory not found: z"},
		{"consolidate", `{"ids":["a","b"],"title":"title a","summary":"s","namespace":"n"}`, 409, "title 'title a' already exists in namespace 'n' (memory a)"},
		{"consolidate", `{"ids":["c","d"],"title":"t","summary":"s"}`, 400, "metadata exceeds max size of 65536 bytes"},
		{"consolidate", `{"ids":["a","b"],"title":"t","summary":"s","agent_id":"  "}`, 400, "invalid agent_id: "},
	} {
		a := n.raw(t, "/api/v1/"+test.path, test.body)
		if a.status != test.status || test.message != "" && !strings.HasPrefix(a.decode(t)["error"].(string), test.message) {
			t.Errorf("%s %s: %d %s, want %d %s", test.path, test.body, a.status, a.body, test.status, test.message)
		}
	}
	linked := n.raw(t, "/api/v1/links", `{"source_id":"a","target_id":"b","relation":"contradicts"}`)
	at := linked.decode(t)["created_at"]
	link := map[string]any{"source_id": "a", "target_id": "b", "relation": "contradicts", "created_at": at}
	n.get(t, "/api/v1/links/b").want(t, "links", 200, map[string]any{"links": []any{link}, "count": 1.0})
	link["linked"] = true
	linked.want(t, "linked", 201, link)

	sum := n.raw(t, "/api/v1/consolidate", `{"ids":["a","b"],"title":"t","summary":"s","agent_id":"","tier":null}`)
	id := sum.id(t)
	sum.want(t, "consolidated", 201, map[string]any{"id": id, "consolidated": 2.0})
	m := n.get(t, "/api/v1/memories/"+id).decode(t)
	if m["tier"] != "long" || m["namespace"] != "global" || m["source"] != "consolidation" {
		t.Errorf("%v", m)
	}
}

func TestArchiveOverHTTP(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	n.bring(t, whole("a", "tags", []string{"x"}, "metadata", map[string]any{"k": 1}, "last_accessed_at", "2026-02-01T00:00:00+00:00"), whole("b"), whole("c"))
	n.raw(t, "/api/v1/forget", `{"pattern":"a"}`).want(t, "forget", 200, map[string]any{"deleted": 1.0})
	page := n.get(t, "/api/v1/archive").decode(t)
	row := page["archived"].([]any)[0].(map[string]any)
	if at, err := time.Parse(time.RFC3339Nano, row["archived_at"].(string)); err != nil || time.Since(at) > time.Minute {
		t.Errorf("archived at %v", row["archived_at"])
	}
	delete(row, "archived_at")
	want := map[string]any{}
	text, err := json.Marshal(whole("a", "tags", []string{"x"}, "metadata", map[string]any{"k": 1}, "expires_at", nil,
		"last_accessed_at", "2026-02-01T00:00:00+00:00", "archive_reason", "forget"))
	if err != nil || json.Unmarshal(text, &want) != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Errorf("archived (-want +got):\n%s", diff)
	}
	n.get(t, "/api/v1/archive?limit=0").want(t, "limit 0", 200, map[string]any{"archived": []any{}, "count": 0.0})
	n.get(t, "/api/v1/archive?offset=1").want(t, "the second page", 200, map[string]any{"archived": []any{}, "count": 0.0})
	n.get(t, "/api/v1/archive?namespace=o").want(t, "another namespace", 200, map[string]any{"archived": []any{}, "count": 0.0})
	n.get(t, "/api/v1/archive?limit=-1").want(t, "a negative limit", 400, nil)
	purge := func(query string) answer {
		return n.call(t, http.MethodDelete, "/api/v1/archive"+query, "", nil, nil)
	}
	purge("?older_than_days=-1").want(t, "negative days", 400, message("older_than_days must be non-negative (got -1)"))
	purge("?older_than_days=x").want(t, "no days", 400, nil)
	purge("?older_than_days=9223372036854775807").want(t, "many days", 200, map[string]any{"purged": 0.0})
	n.post(t, "/api/v1/archive/zzz/restore", nil).want(t, "unknown", 404, message("not found in archive"))

	n.bring(t, whole("a"))
	n.get(t, "/api/v1/archive").want(t, "what is there again", 200, map[string]any{"archived": []any{}, "count": 0.0})
	n.get(t, "/api/v1/archive/stats").want(t, "its numbers", 200, map[string]any{"archived_total": 0.0, "by_namespace": []any{}})
	n.post(t, "/api/v1/archive/a/restore", nil).want(t, "an id in use", 409, message("a memory with this id is active"))
	n.raw(t, "/api/v1/forget", `{"namespace":"n"}`).want(t, "forget all", 200, map[string]any{"deleted": 3.0})
	n.bring(t, whole("x", "title", "title b"))
	n.post(t, "/api/v1/archive/b/restore", nil).want(t, "a title in use", 409, message("title 'title b' already exists in namespace 'n' (memory x)"))
	n.post(t, "/api/v1/archive/a/restore", nil).want(t, "restore", 200, map[string]any{"restored": true, "id": "a"})
	n.post(t, "/api/v1/archive/a/restore", nil).want(t, "restore again", 404, message("not found in archive"))
	purge("?older_than_days=0").want(t, "all", 200, map[string]any{"purged": 2.0})
}

func TestTransferOverHTTP(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	n.get(t, "/api/v1/export").want(t, "nothing", 200, nil)
	for body, status := range map[string]int{
		`{}`:                           422,
		`{"memories":[{}]}`:            422,
		`{"memories":null}`:            422,
		`{"memories":[],"links":{}}`:   422,
		`{"memories":[],"links":[{}]}`: 422,
		`{"memories":[],"links":[{"source_id":"a","target_id":"b","relation":"related_to","created_at":null}]}`:            422,
		`{"memories":[],"links":[{"source_id":"a","target_id":"b","relation":"likes","created_at":"no time","other":[]}]}`: 200,
	} {
		n.raw(t, "/api/v1/import", body).want(t, body, status, nil)
	}
	var many bytes.Buffer
	one, err := json.Marshal(whole("a"))
	if err != nil {
		t.Fatal(err)
	}
	many.WriteString(`{"memories":[`)
	for range 1000 {
		many.Write(one)
		many.WriteByte(',')
	}
	many.Write(one)
	many.WriteString(`]}`)
	n.raw(t, "/api/v1/import", many.String()).want(t, "1001", 400, message("import limited to 1000 memories"))
	a := n.post(t, "/api/v1/import", map[string]any{"memories": []any{whole("a"), whole("b"), whole("a", "title", "t"), whole("c", "metadata", nil)}})
	a.want(t, "import", 200, map[string]any{"imported": 2.0, "errors": []any{
		"a: UNIQUE constraint failed: memories.id", "c: metadata must be a JSON object",
	}})
	n.raw(t, "/api/v1/links", `{"source_id":"a","target_id":"b"}`).want(t, "link", 201, nil)
	var rows []map[string]any
	for i := range 900 { // more than is sent at once
		rows = append(rows, whole(fmt.Sprint("m-", i), "content", strings.Repeat("<é>", 100)))
	}
	n.bring(t, rows...)
	exported := n.get(t, "/api/v1/export").decode(t)
	if exported["count"] != 902.0 || len(exported["memories"].([]any)) != 902 || len(exported["links"].([]any)) != 1 {
		t.Fatalf("count %v of %d, %v", exported["count"], len(exported["memories"].([]any)), exported["links"])
	}
	head := n.call(t, http.MethodHead, "/api/v1/export", "", nil, nil)
	if head.status != http.StatusOK || head.header.Get("Content-Type") != "application/json" || len(head.body) != 0 {
		t.Errorf("HEAD: %d %q %d bytes", head.status, head.header.Get("Content-Type"), len(head.body))
	}
	to := startOne(t)
	delete(exported, "count")
	to.post(t, "/api/v1/import", exported).want(t, "import of an export", 200, map[string]any{"imported": 902.0, "errors": []any{}})
	again := to.get(t, "/api/v1/export").decode(t)
	if diff := cmp.Diff(exported["memories"], again["memories"]); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
}
