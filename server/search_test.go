package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSearchRequests is contract section 2.8: what is refused, and how.
func TestSearchRequests(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	n.create(t, "t1")
	const (
		query = "Failed to deserialize query string: "
		body  = "Failed to deserialize the JSON body into the target type: "
	)
	for path, want := range map[string]string{
		"/search":                               "400 " + query,
		"/search?limit=5":                       "400 " + query,
		"/search?q=a&q=b":                       "400 " + query,
		"/search?q=%20%0A":                      `400 {"error":"query is required"}`,
		"/search?q=a&limit=":                    "400 " + query,
		"/search?q=a&limit=-1":                  "400 " + query,
		"/search?q=&limit=x":                    "400 " + query,
		"/search?q=a&tier=epic":                 "400 " + query,
		"/search?q=a&min_priority=1.5":          "400 " + query,
		"/search?q=a&agent_id=":                 `400 {"error":"invalid agent_id filter: agent_id cannot be empty"}`,
		"/search?q=a&as_agent=":                 `400 {"error":"invalid as_agent: namespace cannot be empty"}`,
		"/search?q=a&as_agent=a//b":             `400 {"error":"invalid as_agent: namespace cannot contain empty segments (e.g. '//')"}`,
		"/search?q=a&as_agent=%2Fb":             `400 {"error":"invalid as_agent: `,
		"/search?q=t1&limit=0":                  `200 {"count":0,"memories":[],"query":"t1","results":[]}`,
		"/search?q=%20t1&limit=%2B5000000":      `200 {"count":1,`,
		"/search?q=nothing&unknown=1&unknown=2": `200 {"count":0,"memories":[],"query":"nothing","results":[]}`,
		"/recall":                               `400 {"error":"context is required"}`,
		"/recall?context=+":                     `400 {"error":"context is required"}`,
		"/recall?context=a&limit=x":             "400 " + query,
		"/recall?context=a&budget_tokens=-1":    "400 " + query,
		"/recall?context=a&budget_tokens=":      "400 " + query,
		"/recall?context=a&as_agent=a%20b":      `400 {"error":"invalid as_agent: namespace cannot contain spaces (use hyphens or underscores)"}`,
		"/recall?context=nothing":               `200 {"count":0,"memories":[],"tokens_used":0}`,
		"/recall?context=t1&limit=0":            `200 {"count":0,"memories":[],"tokens_used":0}`,
		"/recall?context=t1&budget_tokens=0":    `200 {"budget_tokens":0,"count":0,"memories":[],"tokens_used":0}`,
		"/recall?context=t1&tier=epic":          `200 {"count":1,`, // no key of recall
	} {
		a := n.get(t, "/api/v1"+path)
		if got := fmt.Sprintf("%d %s", a.status, a.body); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	for text, want := range map[string]string{
		`{}`:                                 "422 " + body + "missing field `context`",
		`{"context":null}`:                   "422 " + body,
		`{"context":1}`:                      "422 " + body,
		`["a"]`:                              "422 " + body,
		`{"context":`:                        "400 Failed to parse the request body as JSON: ",
		`{"context":" \n "}`:                 `400 {"error":"context is required"}`,
		`{"context":"a","context":"b"}`:      "422 " + body,
		`{"context":"a","limit":-1}`:         "422 " + body,
		`{"context":"a","limit":1.5}`:        "422 " + body,
		`{"context":"a","limit":"5"}`:        "422 " + body,
		`{"context":"a","budget_tokens":-1}`: "422 " + body,
		`{"context":"a","tags":["x"]}`:       "422 " + body,
		`{"context":"a","as_agent":""}`:      `400 {"error":"invalid as_agent: namespace cannot be empty"}`,
		`{"context":"t1","limit":null,"namespace":null,"tags":null,"since":null,"until":null,"as_agent":null,"budget_tokens":null}`: `200 {"count":1,`,
		`{"context":"t1","limit":18446744073709551615,"budget_tokens":18446744073709551615}`:                                        `200 {"budget_tokens":18446744073709551615,"count":1,`,
		`{"context":"t1","unknown":1,"unknown":2}`:                                                                                  `200 {"count":1,`,
	} {
		a := n.call(t, http.MethodPost, "/api/v1/recall", "application/json", []byte(text), nil)
		if got := fmt.Sprintf("%d %s", a.status, a.body); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestSearchLimits counts rows (contract section 5.4).
func TestSearchLimits(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	var rows []map[string]any
	for i := range 230 {
		rows = append(rows, map[string]any{"title": fmt.Sprint("t", i), "content": "same"})
	}
	if a := n.post(t, "/api/v1/memories/bulk", rows); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for path, want := range map[string]float64{
		"/search?q=same":                   20,
		"/search?q=same&limit=7":           7,
		"/search?q=same&limit=9999":        200,
		"/recall?context=same":             10,
		"/recall?context=same&limit=9999":  50,
		"/recall?context=same+t7&limit=60": 50,
	} {
		if v := n.get(t, "/api/v1"+path).decode(t); v["count"] != want {
			t.Errorf("%s: %v rows, want %v", path, v["count"], want)
		}
	}
	v := n.post(t, "/api/v1/recall", map[string]any{"context": "same", "limit": nil}).decode(t)
	if v["count"] != 10.0 {
		t.Errorf("limit null: %v rows, want 10", v["count"])
	}
}

// TestSearchSurvives asks whatever comes, and the server lives.
func TestSearchSurvives(t *testing.T) {
	t.Parallel()
	n := startOne(t)
	n.create(t, "a well-known fact")
	for _, text := range []string{
		`"`, `"" OR *`, "NEAR(a b", "title:x", "^a*", "((", "a AND", "-", "\x00", "\xff\xfe", "🙂🙂", "日本語", "\u202e\u2066",
		strings.Repeat("word ", 2000), strings.Repeat(`"-x`, 3000), strings.Repeat("語", 3000), strings.Repeat("a.", 5000),
	} {
		if a := n.get(t, "/api/v1/search?q="+url.QueryEscape(text)); a.status != http.StatusOK {
			t.Errorf("search of %.30q: %d %s", text, a.status, a.body)
		}
		if a := n.post(t, "/api/v1/recall", map[string]any{"context": text}); a.status != http.StatusOK {
			t.Errorf("recall of %.30q: %d %s", text, a.status, a.body)
		}
	}
	for _, text := range []string{"well-known", "WELL-KNOWN", "well known", "(fact)"} {
		if v := n.get(t, "/api/v1/search?q="+url.QueryEscape(text)).decode(t); v["count"] != 1.0 {
			t.Errorf("%q finds %v rows, want 1", text, v["count"])
		}
	}
}

// TestTouchesReachEveryNode recalls on all nodes at once: all end with the same row, and a touch
// of a row that is newer elsewhere loses nothing of that (F13).
func TestTouchesReachEveryNode(t *testing.T) {
	t.Parallel()
	nodes := mesh(t, 3, 2, 5*time.Second)
	for _, n := range nodes {
		n.start(t)
	}
	id := nodes[0].create(t, "touched").decode(t)["id"].(string)
	row := func(n *node) map[string]any {
		a := n.get(t, "/api/v1/memories/"+id)
		if a.status != http.StatusOK {
			return nil
		}
		m, _ := a.decode(t)["memory"].(map[string]any)
		return m
	}
	for _, n := range nodes {
		within(t, soon, "the row arrives", func() bool { return row(n) != nil })
	}
	before := row(nodes[0])["updated_at"]
	var all sync.WaitGroup
	for _, n := range nodes {
		all.Go(func() {
			for range 10 {
				if a := n.get(t, "/api/v1/recall?context=touched"); a.status != http.StatusOK {
					t.Errorf("recall: %d %s", a.status, a.body)
				}
			}
		})
	}
	all.Wait()
	within(t, soon, "the nodes agree", func() bool {
		return cmp.Equal(row(nodes[0]), row(nodes[1])) && cmp.Equal(row(nodes[0]), row(nodes[2]))
	})
	m := row(nodes[0])
	if count := m["access_count"].(float64); count < 10 || count > 30 {
		t.Errorf("access_count %v, want what the busiest node counted, or more", count)
	}
	if m["tier"] != "long" || m["expires_at"] != nil || m["priority"].(float64) < 6 || m["updated_at"] != before {
		t.Errorf("the row is %v, want it long, of higher priority, and as old as it was (%v)", m, before)
	}

	nodes[2].shutDown(t)
	if a := nodes[0].call(t, http.MethodPut, "/api/v1/memories/"+id, "application/json", []byte(`{"content":"newer","priority":2}`), nil); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	nodes[0].shutDown(t)
	nodes[1].shutDown(t)
	nodes[2].start(t)
	for range 20 {
		nodes[2].get(t, "/api/v1/recall?context=touched")
	}
	stale := row(nodes[2])["access_count"]
	nodes[0].start(t)
	nodes[1].start(t)
	for _, n := range nodes {
		within(t, soon, "the update and the touches meet", func() bool {
			m := row(n)
			return m["content"] == "newer" && m["priority"] == 2.0 && m["access_count"] == stale
		})
	}
}
