package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// started is a node that stands alone.
func started(t *testing.T, flags ...string) *node {
	t.Helper()
	n := newNode(t, flags...)
	n.start(t)
	return n
}

// wantError checks a refusal: its status, and how its text begins. One of the framework is plain
// text, one of a handler JSON.
func wantError(t *testing.T, what string, a answer, status int, plainly bool, text string) {
	t.Helper()
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	got := string(a.body)
	if !plainly && kind == "application/json" {
		got, _ = a.object(t)["error"].(string)
	}
	if a.status != status || !strings.HasPrefix(got, text) || plainly != (kind == "text/plain") {
		t.Errorf("%s: %d %s %q, want %d %q", what, a.status, kind, a.body, status, text)
	}
}

// TestKey is behaviours 1 and 2: only health and OPTIONS need no key.
func TestKey(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.env = []string{"AI_MEMORY_API_KEY=s3cret"}
	n.start(t)
	for path, want := range map[string]int{
		"/api/v1/health": 200, "/api/v1/health/": 401, "/metrics": 401, "/api/v1/metrics": 401, "/api/v1/nope": 401,
		"/api/v1/memories?api_key=s3cret": 200, "/api/v1/memories?api_key=s3cre": 401,
		"/api/v1/memories?api_key=s3cre%74": 401, "/api/v1/nope?api_key=s3cret": 404,
	} {
		a := n.get(t, path)
		if a.status != want {
			t.Errorf("GET %s: %d, want %d", path, a.status, want)
		}
		if want == 401 {
			wantError(t, path, a, 401, false, "missing or invalid API key")
		}
	}
	header := func(key string) map[string]string { return map[string]string{"X-API-Key": key} }
	for what, test := range map[string]struct {
		method, path string
		headers      map[string]string
		want         int
	}{
		"header":                    {"GET", "/metrics", header("s3cret"), 200},
		"wrong header, right query": {"GET", "/metrics?api_key=s3cret", header("no"), 200},
		"wrong header":              {"GET", "/metrics", header("s3creT"), 401},
		"wrong method":              {"PATCH", "/api/v1/memories", nil, 401},
		"wrong method of health":    {"POST", "/api/v1/health", nil, 405},
		"bearer":                    {"GET", "/metrics", map[string]string{"Authorization": "Bearer s3cret"}, 401},
		"options":                   {"OPTIONS", "/api/v1/memories", nil, 200},
		"a write":                   {"POST", "/api/v1/memories", nil, 401},
		"a push":                    {"POST", "/api/v1/sync/push", nil, 401},
		"what lacks":                {"POST", "/api/v1/sync/pull", nil, 401},
		"the document":              {"GET", "/api/v1/openapi.json", nil, 401},
	} {
		a := n.call(t, test.method, test.path, nil, test.headers)
		if a.status != test.want {
			t.Errorf("%s: %d %s, want %d", what, a.status, a.body, test.want)
		}
	}
}

// TestRefusals is behaviours 3, 4 and 5.
func TestRefusals(t *testing.T) {
	t.Parallel()
	n := started(t)
	long := strings.Repeat("x", 513)
	padded := append([]byte(`{"title":"t","content":"c"}`), bytes.Repeat([]byte(" "), 2<<20)...)
	for what, test := range map[string]struct {
		body    string
		headers map[string]string
		status  int
		plainly bool
		text    string
	}{
		"another content type": {`{"title":"t","content":"c"}`, map[string]string{"Content-Type": "text/plain"}, 415, true, "Expected request with `Content-Type: application/json`"},
		"broken JSON":          {`{"title":`, nil, 400, true, "Failed to parse the request body as JSON: "},
		"no title":             {`{"content":"c"}`, nil, 422, true, "Failed to deserialize the JSON body into the target type: missing field `title`"},
		"unknown tier":         {`{"title":"t","content":"c","tier":"epic"}`, nil, 422, true, "Failed to deserialize the JSON body into the target type: tier: unknown variant `epic`"},
		"blank title":          {`{"title":" ","content":"c"}`, nil, 400, false, "title cannot be empty"},
		"long title":           {`{"title":"` + long + `","content":"c"}`, nil, 400, false, "title exceeds max length of 512 characters"},
		"large content":        {`{"title":"t","content":"` + strings.Repeat("x", 65_537) + `"}`, nil, 400, false, "content exceeds max size of 65536 bytes"},
		"CR in content":        {`{"title":"t","content":"a\rb"}`, nil, 400, false, "content contains invalid characters"},
		"body too large":       {string(padded), nil, 413, true, "Failed to buffer the request body: length limit exceeded"},
	} {
		wantError(t, what, n.call(t, http.MethodPost, "/api/v1/memories", []byte(test.body), test.headers), test.status, test.plainly, test.text)
	}
	wantError(t, "unknown tier in the query", n.get(t, "/api/v1/memories?tier=epic"), 400, true, "Failed to deserialize query string: ")
	if total := n.get(t, "/api/v1/stats").object(t)["total"]; total != 0.0 {
		t.Errorf("%v memories are stored, want none", total)
	}
	for what, body := range map[string]string{
		"TAB and LF":        `{"title":"a","content":"a\tb\nc"}`,
		"512 characters":    `{"title":"` + long[:512] + `","content":"c"}`,
		"65536 bytes":       `{"title":"b","content":"` + strings.Repeat("x", 65_536) + `"}`,
		"2 MiB in all":      string(padded[:2<<20]),
		"512 wide of title": `{"title":"` + strings.Repeat("é", 512) + `","content":"c"}`,
	} {
		if a := n.call(t, http.MethodPost, "/api/v1/memories", []byte(body), map[string]string{"Content-Type": ""}); a.status != http.StatusCreated {
			t.Errorf("%s: %d %.200s, want 201", what, a.status, a.body)
		}
	}
}

// TestListLimits is behaviour 6.
func TestListLimits(t *testing.T) {
	t.Parallel()
	n := started(t)
	var rows []any
	for i := range 230 {
		rows = append(rows, map[string]any{"title": fmt.Sprint("t", i), "content": "c", "namespace": "n"})
	}
	n.post(t, "/api/v1/memories/bulk", rows)
	for query, want := range map[string]int{
		"": 20, "?limit=500": 200, "?limit=0": 0, "?limit=7": 7, "?limit=200&offset=220": 10, "?namespace=": 0, "?namespace=n&limit=201": 200,
	} {
		v := n.get(t, "/api/v1/memories"+query).object(t)
		if got := len(list(v)); got != want || v["count"] != float64(want) || len(v) != 2 {
			t.Errorf("%q: %d rows, count %v, keys %v, want %d", query, got, v["count"], keys(v), want)
		}
	}
}

// TestUpsert is behaviour 7.
func TestUpsert(t *testing.T) {
	t.Parallel()
	n := started(t)
	first := n.send(t, http.MethodPost, "/api/v1/memories", "ann", map[string]any{"title": "t", "content": "c", "tier": "long", "priority": 8}).object(t)
	again := n.send(t, http.MethodPost, "/api/v1/memories", "bob", map[string]any{"title": "t", "content": "d", "tier": "short", "priority": 3})
	echo := again.object(t)
	if again.status != http.StatusCreated || echo["id"] != first["id"] || echo["agent_id"] != "bob" || echo["tier"] != "short" {
		t.Errorf("the answer is %d %s", again.status, again.body)
	}
	m := n.memory(t, first["id"].(string))
	want := []any{"d", "long", 8.0, map[string]any{"agent_id": "ann"}, nil}
	if diff := cmp.Diff(want, []any{m["content"], m["tier"], m["priority"], m["metadata"], m["expires_at"]}); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

// TestTitleInUse is behaviour 8.
func TestTitleInUse(t *testing.T) {
	t.Parallel()
	n := started(t)
	n.create(t, map[string]any{"title": "a"})
	id := n.create(t, map[string]any{"title": "b"})
	a := n.send(t, http.MethodPut, "/api/v1/memories/"+id, "", map[string]any{"title": "a"})
	if a.status != http.StatusConflict || !strings.Contains(string(a.body), "already exists in namespace") {
		t.Errorf("%d %s, want 409", a.status, a.body)
	}
}

// TestPrefixes is behaviour 9.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	n := started(t)
	n.post(t, "/api/v1/import", map[string]any{"memories": []any{memory("ab-1", "one"), memory("ab-2", "two"), memory("c%_d", "three")}})
	for prefix, want := range map[string]string{"ab-1": "ab-1", "AB-2": "ab-2", "c": "c%_d", "c%25": "c%_d"} {
		if got := n.memory(t, prefix)["id"]; got != want {
			t.Errorf("%s is %v, want %s", prefix, got, want)
		}
	}
	wantError(t, "two", n.get(t, "/api/v1/memories/ab"), 400, false, "ambiguous ID prefix 'ab': 2 matches\nab-1\nab-2")
	wantError(t, "none", n.get(t, "/api/v1/memories/_"), 404, false, "not found")
	for _, method := range []string{http.MethodDelete, http.MethodPut} {
		a := n.send(t, method, "/api/v1/memories/a", "", map[string]any{"content": "x"})
		wantError(t, method, a, 400, false, "ambiguous ID prefix")
	}
}

// memory is a whole memory as import takes it.
func memory(id, title string) map[string]any {
	return map[string]any{
		"id": id, "title": title, "content": "content of " + title, "namespace": "n", "tier": "mid", "tags": []any{}, "priority": 5,
		"confidence": 1.0, "source": "api", "access_count": 0, "metadata": map[string]any{},
		"created_at": "2026-01-01T00:00:00+00:00", "updated_at": "2026-01-01T00:00:00+00:00",
	}
}

// TestTouch is behaviour 10.
func TestTouch(t *testing.T) {
	t.Parallel()
	n := started(t)
	touched := n.create(t, map[string]any{"title": "zebra crossing", "priority": 5})
	alike := n.create(t, map[string]any{"title": "zebra", "priority": 1, "content": "stripes of a zebra in a long text that says a lot of other things"})
	recall := func(times int) {
		for range times {
			n.post(t, "/api/v1/recall", map[string]any{"context": "crossing", "limit": 1})
		}
	}
	recall(4)
	if m := n.memory(t, touched); m["access_count"] != 4.0 || m["tier"] != "mid" || m["expires_at"] == nil {
		t.Errorf("after four recalls: %v", m)
	}
	recall(1)
	if m := n.memory(t, touched); m["access_count"] != 5.0 || m["tier"] != "long" || m["expires_at"] != nil || m["priority"] != 5.0 {
		t.Errorf("after five recalls: %v", m)
	}
	recall(5)
	if m := n.memory(t, touched); m["access_count"] != 10.0 || m["priority"] != 6.0 {
		t.Errorf("after ten recalls: %v", m)
	}
	n.get(t, "/api/v1/search?q=zebra")
	n.get(t, "/api/v1/memories")
	if m := n.memory(t, alike); m["access_count"] != 0.0 || m["last_accessed_at"] != nil {
		t.Errorf("a row that was not recalled: %v", m)
	}
}

// TestBudget is behaviour 11: the rows within the budget are those that come first.
func TestBudget(t *testing.T) {
	t.Parallel()
	n := started(t)
	for i := range 8 {
		n.create(t, map[string]any{"title": fmt.Sprint("plan ", i), "content": strings.Repeat("plan ", 1+i*3%7), "priority": 1 + i})
	}
	all := column(n.post(t, "/api/v1/recall", map[string]any{"context": "plan"}), "title")
	if len(all) != 8 {
		t.Fatalf("%d rows without a budget", len(all))
	}
	for budget := range 60 {
		v := n.post(t, "/api/v1/recall", map[string]any{"context": "plan", "budget_tokens": budget})
		got := column(v, "title")
		if !slices.Equal(got, all[:len(got)]) {
			t.Fatalf("budget %d: %v is no beginning of %v", budget, got, all)
		}
		if used := v["tokens_used"].(float64); used > float64(budget) || v["budget_tokens"] != float64(budget) {
			t.Errorf("budget %d: %v used, %v echoed", budget, used, v["budget_tokens"])
		}
	}
}

// TestAncestors is behaviour 12.
func TestAncestors(t *testing.T) {
	t.Parallel()
	n := started(t)
	for _, namespace := range []string{"org", "org/team", "org/team/me", "org/other", "org/team/me/deep", "organ"} {
		n.create(t, map[string]any{"title": "goal", "content": "same", "namespace": namespace})
	}
	got := column(n.post(t, "/api/v1/recall", map[string]any{"context": "goal", "namespace": "org/team/me"}), "namespace")
	if diff := cmp.Diff([]any{"org/team/me", "org/team", "org"}, got); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	if got := column(n.post(t, "/api/v1/recall", map[string]any{"context": "goal", "namespace": "org"}), "namespace"); len(got) != 1 {
		t.Errorf("a flat namespace gives %v", got)
	}
}

// TestScopes is behaviour 13; the recorded scenario of that name has every pair.
func TestScopes(t *testing.T) {
	t.Parallel()
	n := started(t)
	scopes(t, n)
	for agent, want := range map[string][]string{
		"zeta": {"zeta None", "zeta private"},
		"acme": {"acme None", "acme private"}, // no parent: neither team nor unit nor org
		"acme/eng": {
			"acme team", "acme/eng None", "acme/eng private", "acme/eng team", "acme/eng/db team", "acme/eng/db/amy team", "acme/eng/db/bob team", "acme/ops team",
		},
	} {
		v := n.post(t, "/api/v1/recall", map[string]any{"context": "shared", "limit": 50, "as_agent": agent})
		var got []string
		for _, title := range column(v, "title") {
			if !strings.HasSuffix(title.(string), " collective") {
				got = append(got, title.(string))
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("as %s (-want +got):\n%s", agent, diff)
		}
	}
}

// TestForgetAndCollect is behaviours 14 and 15; tier and expiry come back (H10).
func TestForgetAndCollect(t *testing.T) {
	t.Parallel()
	n := started(t)
	wantError(t, "no filter", n.send(t, http.MethodPost, "/api/v1/forget", "", map[string]any{}), 400, false, "at least one of namespace, pattern, or tier is required")
	later := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	id := n.create(t, map[string]any{"title": "f", "namespace": "f", "tier": "short", "expires_at": later, "metadata": map[string]any{"k": 1}})
	if got := n.post(t, "/api/v1/forget", map[string]any{"namespace": "f"})["deleted"]; got != 1.0 {
		t.Errorf("%v forgotten, want 1", got)
	}
	old := memory("old", "old")
	old["expires_at"] = "2026-02-01T00:00:00+00:00"
	n.post(t, "/api/v1/import", map[string]any{"memories": []any{old}})
	if got := n.post(t, "/api/v1/gc", nil)["expired_deleted"]; got != 1.0 {
		t.Errorf("%v collected, want 1", got)
	}
	reasons := map[any]any{}
	for _, row := range list(n.get(t, "/api/v1/archive").object(t)) {
		reasons[row.(map[string]any)["id"]] = row.(map[string]any)["archive_reason"]
	}
	if diff := cmp.Diff(map[any]any{id: "forget", "old": "ttl_expired"}, reasons); diff != "" {
		t.Errorf("archive (-want +got):\n%s", diff)
	}
	n.post(t, "/api/v1/archive/"+id+"/restore", nil)
	m := n.memory(t, id)
	if m["tier"] != "short" || m["expires_at"] != later || m["metadata"].(map[string]any)["k"] != 1.0 {
		t.Errorf("restored: %v", m)
	}
	wantError(t, "again", n.send(t, http.MethodPost, "/api/v1/archive/"+id+"/restore", "", nil), 404, false, "not found in archive")
}

// TestConsolidate is behaviour 16.
func TestConsolidate(t *testing.T) {
	t.Parallel()
	n := started(t)
	a := n.create(t, map[string]any{"title": "a", "agent_id": "ann", "metadata": map[string]any{"k": 1}})
	b := n.create(t, map[string]any{"title": "b", "agent_id": "bob", "metadata": map[string]any{"k": 2}})
	v := n.send(t, http.MethodPost, "/api/v1/consolidate", "carl", map[string]any{"ids": []any{a, b}, "title": "both", "summary": "s"}).object(t)
	m := n.memory(t, v["id"].(string))
	want := map[string]any{"k": 2.0, "agent_id": "carl", "derived_from": []any{a, b}, "consolidated_from_agents": []any{"ann", "bob"}}
	if diff := cmp.Diff(want, m["metadata"]); diff != "" || m["source"] != "consolidation" {
		t.Errorf("source %v, metadata (-want +got):\n%s", m["source"], diff)
	}
	for _, id := range []string{a, b} {
		wantError(t, "a source", n.get(t, "/api/v1/memories/"+id), 404, false, "not found")
	}
}

// TestLinks is behaviour 17.
func TestLinks(t *testing.T) {
	t.Parallel()
	n := started(t)
	a, b := n.create(t, map[string]any{"title": "a"}), n.create(t, map[string]any{"title": "b"})
	link := map[string]any{"source_id": a, "target_id": b}
	for range 2 {
		if got := n.send(t, http.MethodPost, "/api/v1/links", "", link); got.status != http.StatusCreated || got.object(t)["linked"] != true {
			t.Errorf("linked: %d %s", got.status, got.body)
		}
	}
	if got := n.get(t, "/api/v1/links/"+b).object(t)["links"].([]any); len(got) != 1 {
		t.Errorf("%d links, want 1", len(got))
	}
	link["source_id"] = "nobody"
	wantError(t, "unknown", n.send(t, http.MethodPost, "/api/v1/links", "", link), 404, false, "source memory not found: nobody")
}

// TestConsensus is behaviour 18.
func TestConsensus(t *testing.T) {
	t.Parallel()
	n := started(t)
	rules := n.create(t, map[string]any{"title": "rules", "namespace": "gov", "tier": "long", "agent_id": "owner"})
	n.post(t, "/api/v1/namespaces/gov/standard", map[string]any{"id": rules, "governance": map[string]any{
		"write": "approve", "promote": "any", "delete": "any", "approver": map[string]any{"consensus": 2},
	}})
	for _, agent := range []string{"ann", "Bob"} {
		n.post(t, "/api/v1/agents", map[string]any{"agent_id": agent, "agent_type": "human"})
	}
	queued := n.send(t, http.MethodPost, "/api/v1/memories", "eve", map[string]any{"title": "t", "content": "c", "namespace": "gov"})
	if queued.status != http.StatusAccepted {
		t.Fatalf("create: %d %s", queued.status, queued.body)
	}
	approve := "/api/v1/pending/" + queued.object(t)["pending_id"].(string) + "/approve"
	wantError(t, "a stranger", n.send(t, http.MethodPost, approve, "eve", nil), 403, false, "approve rejected: consensus voter 'eve' is not a registered agent")
	for range 2 {
		got := n.send(t, http.MethodPost, approve, "ann", nil)
		if v := got.object(t); got.status != http.StatusAccepted || v["votes"] != 1.0 || v["quorum"] != 2.0 || v["approved"] != false {
			t.Errorf("a vote: %d %s", got.status, got.body)
		}
	}
	got := n.send(t, http.MethodPost, approve, "Bob", nil)
	v := got.object(t)
	if got.status != http.StatusOK || v["approved"] != true || v["executed"] != true || v["decided_by"] != "Bob" {
		t.Fatalf("the last vote: %d %s", got.status, got.body)
	}
	if m := n.memory(t, v["memory_id"].(string)); m["title"] != "t" || m["metadata"].(map[string]any)["agent_id"] != "eve" {
		t.Errorf("stored: %v", m)
	}
}

// TestPush is behaviour 19; there is one id on all nodes, that of the older memory (F2, F14).
func TestPush(t *testing.T) {
	t.Parallel()
	n := started(t)
	push := func(rows ...any) answer {
		return n.send(t, http.MethodPost, "/api/v1/sync/push", "", map[string]any{"sender_agent_id": "peer", "memories": rows})
	}
	many := make([]any, 1001)
	for i := range many {
		many[i] = memory(fmt.Sprint("m", i), fmt.Sprint("t", i))
	}
	wantError(t, "1001", push(many...), 400, false, "sync_push limited to 1000 memories per request")
	local := memory("local", "t")
	local["metadata"] = map[string]any{"agent_id": "ann"}
	push(local)
	version := func(updated, content string) map[string]any {
		m := memory("other", "t")
		m["created_at"], m["updated_at"], m["content"] = "2026-01-02T00:00:00Z", updated, content
		m["metadata"] = map[string]any{"agent_id": "eve"}
		return m
	}
	for _, test := range []struct{ updated, content, want string }{
		{"2025-12-31T00:00:00Z", "stale", "content of t"},
		{"2026-02-01T00:00:00Z", "newer", "newer"},
	} {
		push(version(test.updated, test.content))
		m := n.memory(t, "local")
		if m["content"] != test.want || m["metadata"].(map[string]any)["agent_id"] != "ann" {
			t.Errorf("after the %s row: %v", test.content, m)
		}
	}
	bad := memory("bad", "bad")
	bad["source"] = "robot"
	if v := push(bad, memory("good", "good")).object(t); v["skipped"] != 1.0 || v["applied"] != 1.0 {
		t.Errorf("a bad and a good row: %v", v)
	}
}

// TestSince is behaviour 20.
func TestSince(t *testing.T) {
	t.Parallel()
	n := started(t)
	wantError(t, "garbage", n.get(t, "/api/v1/sync/since?since=soon"), 400, false, "invalid `since` parameter — expected RFC 3339 timestamp")
	var rows []any
	for i := range 600 {
		m := memory(fmt.Sprint("m", i), fmt.Sprint("t", i))
		m["updated_at"] = time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC).Format(time.RFC3339)
		rows = append(rows, m)
	}
	n.post(t, "/api/v1/import", map[string]any{"memories": rows})
	for query, want := range map[string][2]float64{
		"": {500, 500}, "?limit=20000": {600, 10_000}, "?since=2026-01-01T00:09:58Z": {1, 500}, "?since=2026-01-01T00:09:59%2B00:00": {0, 500},
	} {
		v := n.get(t, "/api/v1/sync/since"+query).object(t)
		if v["count"] != want[0] || v["limit"] != want[1] {
			t.Errorf("%q: count %v, limit %v, want %v", query, v["count"], v["limit"], want)
		}
		times := column(v, "updated_at")
		if !slices.IsSortedFunc(times, func(a, b any) int { return strings.Compare(a.(string), b.(string)) }) {
			t.Errorf("%q: not in order", query)
		}
	}
}

// TestOptions is behaviour 29.
func TestOptions(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.env = []string{"AI_MEMORY_API_KEY=s3cret"}
	n.start(t)
	for _, path := range []string{"/api/v1/memories", "/api/v1/memories/x", "/api/v1/nope", "/"} {
		a := n.call(t, http.MethodOptions, path, nil, map[string]string{"Origin": "http://x.example", "Access-Control-Request-Method": "POST"})
		if a.status != http.StatusOK || len(a.body) > 0 {
			t.Errorf("OPTIONS %s: %d %q", path, a.status, a.body)
		}
		for name := range a.header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("OPTIONS %s has header %s", path, name)
			}
		}
	}
}

// TestEveryRoute has the document and the router agree on what there is, as a client sees it.
func TestEveryRoute(t *testing.T) {
	t.Parallel()
	n := started(t)
	var document struct {
		OpenAPI string
		Paths   map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(n.get(t, "/api/v1/openapi.json").body, &document); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(document.OpenAPI, "3.1") || len(document.Paths) < 28 {
		t.Fatalf("openapi %q with %d paths", document.OpenAPI, len(document.Paths))
	}
	for path, methods := range document.Paths {
		allow := n.call(t, http.MethodOptions, strings.NewReplacer("{", "", "}", "").Replace(path), nil, nil).header.Get("Allow")
		for method := range methods {
			if method = strings.ToUpper(method); !slices.Contains([]string{"PARAMETERS", "SUMMARY", "DESCRIPTION"}, method) && !slices.Contains(strings.Split(allow, ","), method) {
				t.Errorf("%s %s is documented, and allowed is %q", method, path, allow)
			}
		}
	}
}
