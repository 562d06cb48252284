package server_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// exchange is a line of testdata/recorded.jsonl: a request to ai-memory 0.6.0 and its answer.
type exchange struct {
	Scenario string
	Step     string
	Before   []string
	Request  struct {
		Method   string
		Path     string
		Node     int
		Headers  map[string]string
		Body     any
		BodyText *string `json:"body_text"`
		BodyIs   string  `json:"body_is"`
		Observed string  // in place of all that: not an answer
	}
	Status      int
	ContentType string `json:"content_type"`
	Headers     map[string]*string
	Body        any
	BodyMeans   string `json:"body_means"`
}

// deviations are the recorded answers that ours differ from on purpose, or not yet, and how.
// docs/compatibility.md tells what a client sees.
var deviations = map[string]func(e *exchange){
	"upsert_public/second with the same title and namespace": func(e *exchange) { // H18
		delete(e.Body.(map[string]any), "potential_contradictions")
	},
	"extractors/null tier":       unprocessable, // H29
	"extractors/array as struct": unprocessable, // H29
	"quorum_mesh/peer has the old content": func(e *exchange) { // F3
		e.Body, e.BodyMeans = "changed", "memory.content"
	},
	"quorum_mesh/delete stays local": func(e *exchange) { // F3
		e.Body.(map[string]any)["quorum_acks"] = 2.0
	},
	"quorum_mesh/peer still has it": func(e *exchange) { // F3
		e.Status, e.Body, e.BodyMeans = http.StatusNotFound, map[string]any{"error": "not found"}, ""
	},
	"quorum_mesh/bulk stays local": func(e *exchange) { // F3
		e.Body.(map[string]any)["quorum_acks"] = 2.0
	},
	"quorum_mesh/peer has no bulk row": func(e *exchange) { // F3
		e.Body = 1.0
	},
	"extractors/forget without body": refused( // 14.4
		http.StatusBadRequest, "at least one of namespace, pattern, or tier is required"),
	"extractors/no content type": func(e *exchange) { // 14.4
		e.Status, e.ContentType = http.StatusCreated, "application/json"
		e.Body = map[string]any{"agent_id": "x", "id": "<id:e1>", "namespace": "global", "tier": "mid", "title": "e1"}
	},
	"routes/no subscriptions over http": func(e *exchange) { // 14.4
		e.Status, e.ContentType, e.Body = http.StatusOK, "application/json", map[string]any{"count": 0.0, "subscriptions": []any{}}
	},
	"routes/no capabilities over http": func(e *exchange) { // 14.4
		e.Status, e.ContentType, e.Body, e.BodyMeans = http.StatusOK, "application/json", "keyword", "tier"
	},
	"bulk_public/wrapped in an object": func(e *exchange) { // 14.4
		e.Status, e.ContentType, e.Body = http.StatusOK, "application/json", map[string]any{"created": 0.0, "errors": []any{}}
	},
	"forget_public/archive": func(e *exchange) { // H10
		rows := e.Body.(map[string]any)["archived"].([]any)
		first, second := rows[0].(map[string]any), rows[1].(map[string]any)
		first["metadata"], first["tags"] = map[string]any{"agent_id": "ann", "k": 1.0}, []any{"x"}
		second["tags"] = []any{}
	},
	"gc_public/restored": func(e *exchange) { // H10
		m := e.Body.(map[string]any)["memory"].(map[string]any)
		m["tier"], m["expires_at"] = "mid", "<now+604800s>"
	},
	"consolidate_public/unknown id": refused(http.StatusNotFound, "memory not found: nope"),        // H8
	"links_public/unknown target":   refused(http.StatusNotFound, "target memory not found: nope"), // H8
	"transfer_public/a source that the server itself writes": func(e *exchange) { // F17
		e.Body = map[string]any{"errors": []any{}, "imported": 1.0}
	},
}

func refused(status int, message string) func(e *exchange) {
	return func(e *exchange) {
		e.Status, e.ContentType, e.Body = status, "application/json", map[string]any{"error": message}
	}
}

func unprocessable(e *exchange) {
	e.Status, e.ContentType = http.StatusUnprocessableEntity, "text/plain"
	e.Body = "Failed to deserialize the JSON body into the target type: <detail>"
}

// ours returns the keys that our answer to a request has and the recorded ones have not.
func ours(method, requested string) []string {
	own := []string{
		"id", "tier", "namespace", "title", "content", "tags", "priority", "confidence", "source", "access_count",
		"created_at", "updated_at", "last_accessed_at", "expires_at", "metadata",
	}
	for _, route := range []struct {
		method, path string
		keys         []string
	}{
		{http.MethodPost, "/api/v1/sync/push", []string{"have", "ids", "node"}},
		{http.MethodGet, "/api/v1/search", []string{"memories"}},
		{http.MethodGet, "/api/v1/memories/*", own},
		{http.MethodPost, "/api/v1/memories/*/promote", own[2:]},
		{http.MethodPost, "/api/v1/memories/bulk", []string{"count", "ids", "sent"}},
		{http.MethodPost, "/api/v1/links", []string{"source_id", "target_id", "relation", "created_at"}},
		{http.MethodGet, "/api/v1/links/*", []string{"count"}},
	} {
		at, _, _ := strings.Cut(requested, "?")
		if fits, err := path.Match(route.path, at); err == nil && fits && method == route.method {
			return route.keys
		}
	}
	return nil
}

// TestRecordedExchanges replays what the original was seen to do.
func TestRecordedExchanges(t *testing.T) {
	t.Parallel()
	scenarios := map[string][]exchange{}
	var order []string
	file, err := os.Open("testdata/recorded.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e exchange
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if scenarios[e.Scenario] == nil {
			order = append(order, e.Scenario)
		}
		scenarios[e.Scenario] = append(scenarios[e.Scenario], e)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, name := range order {
		t.Run(name, func(t *testing.T) {
			nodes := []*node{newNode(t)}
			if strings.HasPrefix(name, "quorum_mesh") {
				nodes = mesh(t, 3, 2, 2*time.Second)
			}
			for _, n := range nodes {
				n.start(t)
			}
			p := &player{nodes: nodes, ids: map[string]string{}}
			for _, e := range scenarios[name] {
				if deviate := deviations[e.Scenario+"/"+e.Step]; deviate != nil {
					deviate(&e)
					used[e.Scenario+"/"+e.Step] = true
				}
				t.Run(e.Step, func(t *testing.T) { p.play(t, e) })
			}
		})
	}
	for step := range deviations {
		if !used[step] {
			t.Errorf("the deviation %q belongs to no recorded exchange", step)
		}
	}
}

// player replays one scenario; it remembers which id stands for which placeholder.
type player struct {
	nodes []*node
	ids   map[string]string
}

func (p *player) play(t *testing.T, e exchange) {
	for _, what := range e.Before {
		p.before(t, what)
	}
	n := p.nodes[e.Request.Node]
	for name, id := range p.ids {
		e.Request.Path = strings.ReplaceAll(e.Request.Path, name, id)
	}
	if e.Request.Observed == "exit code of the server after SIGINT" {
		n.shutDown(t) // checks that nothing went wrong
		return
	}
	if e.Step == "on the first peer, same id" || e.Step == "on the second peer, same id" {
		within(t, 2*time.Second, "the row reaches the peer", func() bool {
			return n.get(t, e.Request.Path).status == http.StatusOK
		})
	}
	if slices.Contains(e.Before, "0.3 s later") {
		within(t, 2*time.Second, "the peer follows", func() bool {
			a := n.get(t, e.Request.Path)
			return a.status == e.Status && cmp.Equal(e.Body, reading(t, e, a))
		})
	}
	contentType := ""
	if e.Request.Headers == nil && e.Request.Body != nil || e.Request.BodyText != nil && e.Request.Headers == nil || e.Request.BodyIs != "" {
		contentType = "application/json"
	} else if e.Request.Body != nil {
		contentType = "application/json"
	}
	a := n.call(t, e.Request.Method, e.Request.Path, contentType, requestBody(t, e), e.Request.Headers)
	if a.status != e.Status {
		t.Fatalf("status %d (%s), want %d", a.status, a.body, e.Status)
	}
	p.checkHeaders(t, e, a)
	got := reading(t, e, a)
	if object, is := got.(map[string]any); is && e.BodyMeans == "" && a.status < http.StatusMultipleChoices {
		for _, key := range ours(e.Request.Method, e.Request.Path) {
			delete(object, key)
		}
	}
	if diff := cmp.Diff(e.Body, p.withPlaceholders(e.Body, got)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

// before does what the recording tells in words.
func (p *player) before(t *testing.T, what string) {
	switch what {
	case "three memories created":
		for i := range 3 {
			p.nodes[0].post(t, "/api/v1/memories", map[string]any{"title": fmt.Sprint("t", i), "content": "c"})
		}
	case "25 memories t0..t24 created in order in namespace n; t3 has priority 9, t4 priority 1":
		for i := range 25 {
			priority := map[int]int{3: 9, 4: 1}[i]
			if priority == 0 {
				priority = 5
			}
			p.nodes[0].post(t, "/api/v1/memories", map[string]any{
				"title": fmt.Sprint("t", i), "content": "c", "namespace": "n", "priority": priority,
			})
		}
	case "the node is started again on the same database":
		p.nodes[0].start(t)
	case "a moment later", "0.3 s later": // what is waited for is in the step
	default:
		if !strings.HasPrefix(what, "tools/call memory_namespace_set_standard {namespace: gov, ") {
			t.Fatalf("no one knows how to do %q", what)
		}
		p.nodes[0].govern(t, "approve", "human")
	}
}

func requestBody(t *testing.T, e exchange) []byte {
	t.Helper()
	switch {
	case e.Request.BodyText != nil:
		return []byte(*e.Request.BodyText)
	case e.Request.BodyIs == "the same padded to 2097153 bytes":
		text := []byte(`{"title":"t","content":"c"}`)
		return append(text, bytes.Repeat([]byte(" "), 2<<20+1-len(text))...)
	case e.Request.BodyIs != "":
		t.Fatalf("no one knows how to make %q", e.Request.BodyIs)
	case e.Request.Body == nil:
		return nil
	}
	text, err := json.Marshal(repeated(e.Request.Body))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// repeated spells out {"$repeat":[s,n]}.
func repeated(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if r, is := v["$repeat"].([]any); is {
			return strings.Repeat(r[0].(string), int(r[1].(float64)))
		}
		for key, inner := range v {
			v[key] = repeated(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = repeated(inner)
		}
	}
	return v
}

func (p *player) checkHeaders(t *testing.T, e exchange, a answer) {
	t.Helper()
	got, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	if got != e.ContentType {
		t.Errorf("content type %q, want %q", got, e.ContentType)
	}
	for name, want := range e.Headers {
		values, there := a.header[http.CanonicalHeaderKey(name)]
		switch {
		case want == nil && there:
			t.Errorf("header %s is %q, want none", name, values)
		case want != nil && (!there || values[0] != *want):
			t.Errorf("header %s is %q, want %q", name, values, *want)
		}
	}
}

// reading is what of an answer is compared: all of it, or what body_means says.
func reading(t *testing.T, e exchange, a answer) any {
	t.Helper()
	if got, _, _ := strings.Cut(a.header.Get("Content-Type"), ";"); got != "application/json" {
		if strings.HasPrefix(e.BodyMeans, "the families") || e.BodyMeans == "as above" {
			return families(t, e, a.body)
		}
		return string(a.body)
	}
	if e.Request.Method == http.MethodHead {
		return string(a.body)
	}
	v := a.decode(t)
	switch means := e.BodyMeans; {
	case means == "":
		return v
	case means == "count, the keys of the answer, the titles in order":
		return map[string]any{"count": v["count"], "keys": keys(v), "titles": column(v, "title")}
	case means == "count, limit, keys of the answer, ids in order":
		return map[string]any{"count": v["count"], "limit": v["limit"], "keys": keys(v), "ids": column(v, "id")}
	case means == "ids":
		return column(v, "id")
	case means == "title, metadata, source, tier":
		rows := []any{}
		for _, row := range v["memories"].([]any) {
			m := row.(map[string]any)
			rows = append(rows, []any{m["title"], m["metadata"], m["source"], m["tier"]})
		}
		return rows
	case means == "number of links":
		return float64(len(v["links"].([]any)))
	case means == "count and keys of the row":
		return []any{v["count"], keys(v["archived"].([]any)[0].(map[string]any))}
	case means == "action_type, status, decided_by":
		out := []any{}
		for _, row := range v["pending"].([]any) {
			one := row.(map[string]any)
			out = append(out, []any{one["action_type"], one["status"], one["decided_by"]})
		}
		return out
	case strings.HasPrefix(means, "whether memory.created_at"):
		text := v["memory"].(map[string]any)["created_at"].(string)
		return regexp.MustCompile(`T\d\d:\d\d:\d\d(\.(\d{3}|\d{6}|\d{9}))?\+00:00$`).MatchString(text)
	case regexp.MustCompile(`^[a-z_.]+$`).MatchString(means):
		var at any = v
		for key := range strings.SplitSeq(means, ".") {
			at = at.(map[string]any)[key]
		}
		return at
	default:
		t.Fatalf("no one knows how to read %q", means)
		return nil
	}
}

func keys(v map[string]any) []any {
	var names []string
	for key := range v {
		names = append(names, key)
	}
	slices.Sort(names)
	out := make([]any, len(names))
	for i, name := range names {
		out[i] = name
	}
	return out
}

func column(v map[string]any, key string) []any {
	out := []any{}
	for _, row := range v["memories"].([]any) {
		out = append(out, row.(map[string]any)[key])
	}
	return out
}

// families reads from metrics those families that are wanted, and the number of memories.
func families(t *testing.T, e exchange, text []byte) any {
	t.Helper()
	wanted := e.Body.(map[string]any)["types"].([]any)
	out := map[string]any{"types": []any{}}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		switch {
		case len(words) == 4 && words[1] == "TYPE" && slices.Contains(wanted, any(words[2]+" "+words[3])):
			out["types"] = append(out["types"].([]any), words[2]+" "+words[3])
		case len(words) == 2 && words[0] == "ai_memory_memories":
			n, err := strconv.ParseFloat(words[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			out["memories"] = n
		}
	}
	return out
}

var (
	nowPlaceholder = regexp.MustCompile(`^<now(?:\+(\d+)s)?>$`)
	hexPlaceholder = regexp.MustCompile(`^[0-9a-f]{8}$`)
)

// withPlaceholders puts a wanted placeholder where what was got fits it.
func (p *player) withPlaceholders(want, got any) any {
	switch want := want.(type) {
	case map[string]any:
		if got, is := got.(map[string]any); is {
			for key, inner := range want {
				if value, there := got[key]; there {
					got[key] = p.withPlaceholders(inner, value)
				}
			}
		}
	case []any:
		if got, is := got.([]any); is {
			for i := range min(len(want), len(got)) {
				got[i] = p.withPlaceholders(want[i], got[i])
			}
		}
	case string:
		if p.fits(want, got) {
			return want
		}
	}
	return got
}

func (p *player) fits(want string, got any) bool {
	text, isText := got.(string)
	switch {
	case want == "<size>":
		n, is := got.(float64)
		return is && n >= 0
	case !isText:
		return false
	case strings.HasPrefix(want, "<id:"):
		if p.ids[want] == "" && len(text) == 36 {
			p.ids[want] = text
		}
		return p.ids[want] == text
	case strings.HasSuffix(want, "<hex8>"):
		head := strings.TrimSuffix(want, "<hex8>")
		return strings.HasPrefix(text, head) && hexPlaceholder.MatchString(text[len(head):])
	case strings.HasSuffix(want, "<detail>"):
		return strings.HasPrefix(text, strings.TrimSuffix(want, "<detail>"))
	case strings.Contains(want, " characters, sha256 "):
		return len(text) > 0
	case strings.HasPrefix(want, "<json text>"):
		var wanted, read any
		return json.Unmarshal([]byte(strings.TrimPrefix(want, "<json text>")), &wanted) == nil &&
			json.Unmarshal([]byte(text), &read) == nil && cmp.Equal(wanted, p.withPlaceholders(wanted, read))
	}
	if m := nowPlaceholder.FindStringSubmatch(want); m != nil {
		ahead, _ := strconv.Atoi("0" + m[1])
		at, err := time.Parse(time.RFC3339Nano, text)
		return err == nil && math.Abs(time.Until(at).Seconds()-float64(ahead)) < 60
	}
	return false
}
