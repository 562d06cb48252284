package server_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"chaosctl/server/internal/httpapi"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
	"chaosctl/server/internal/store/sqlite"
)

// door is all routes over an empty database.
func door(f *testing.F) http.Handler {
	f.Helper()
	database, err := sqlite.Open(f.Context(), filepath.Join(f.TempDir(), "memory.db"), sqlite.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := database.Close(); err != nil {
			f.Error(err)
		}
	})
	clock, quiet := memory.NewClock(time.Now), slog.New(slog.DiscardHandler)
	s := service.New(service.Observed(database, clock), clock, nil, service.DefaultOptions(), quiet)
	return httpapi.New(s, &httpapi.Keys{}, quiet)
}

func knock(h http.Handler, method, target, contentType string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", bytes.NewReader(body))
	if u, err := url.ParseRequestURI(target); err == nil {
		r.URL = u
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func stored(t *testing.T, h http.Handler) float64 {
	t.Helper()
	var stats struct{ Total float64 }
	w := knock(h, http.MethodGet, "/api/v1/stats", "", nil)
	if err := json.Unmarshal(w.Body.Bytes(), &stats); err != nil {
		t.Fatalf("stats: %d %s", w.Code, w.Body)
	}
	return stats.Total
}

// FuzzCreate sends any body: it is stored as a JSON reader of another make reads it, or refused
// with nothing stored.
func FuzzCreate(f *testing.F) {
	h := door(f)
	for _, seed := range []string{
		`{"title":"t","content":"c"}`, `{"title":"t","content":"c","tags":["a"],"metadata":{"k":[1]},"priority":7}`,
		`["mid","n","t","c"]`, `{"title":"t","title":"u","content":"c"}`, `{"title":"\ud800","content":"c"}`,
		`{"title":"t","content":"c","tier":null}`, `{"title":"t","content":"c","ttl_secs":1e3}`, "{\"title\":\"a\x00\",\"content\":\"c\"}",
		`{"title":"t","content":"c","confidence":1e999}`, strings.Repeat(`[`, 500), `{"TITLE":"t","content":"c"}`, "\ufeff{}", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := stored(t, h)
		w := knock(h, http.MethodPost, "/api/v1/memories", "", body)
		switch w.Code {
		case http.StatusCreated:
		case http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
			if after := stored(t, h); after != before {
				t.Fatalf("refused with %d %s, and %v rows became %v", w.Code, w.Body, before, after)
			}
			return
		default:
			t.Fatalf("%q is answered %d %s", body, w.Code, w.Body)
		}
		var sent struct{ Title, Content string }
		var answer struct{ ID string }
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Fatalf("%q was stored and is no JSON of this shape: %v", body, err)
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Memory struct{ Title, Content string }
		}
		w = knock(h, http.MethodGet, "/api/v1/memories/"+answer.ID, "", nil)
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%d %s: %v", w.Code, w.Body, err)
		}
		// Keys are exact here and not in encoding/json: what it read from another key does not count.
		if strings.Contains(string(body), `"title"`) && strings.Contains(string(body), `"content"`) &&
			(got.Memory.Title == "" || got.Memory.Content == "" || !utf8.ValidString(got.Memory.Title+got.Memory.Content)) {
			t.Fatalf("%q is stored as %+v", body, got.Memory)
		}
	})
}

// FuzzPush sends any push: the store stays whole, and its vector never goes back.
func FuzzPush(f *testing.F) {
	h := door(f)
	const row = `{"id":"a","tier":"mid","namespace":"n","title":"t","content":"c","tags":[],"priority":5,"confidence":1,"source":"api",` +
		`"access_count":0,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","metadata":{}}`
	for _, seed := range []string{
		`{"sender_agent_id":"p","memories":[` + row + `]}`,
		`{"sender_agent_id":"p","memories":[` + row + `],"node":"far","events":[{"origin":"far","seq":1}],"span":{"origin":"far","after":0,"upto":1}}`,
		`{"sender_agent_id":"p","memories":[],"node":"far","events":[],"deletion_events":[{"origin":"far","seq":2,"id":"a","title":"t","namespace":"n","generation":1,"deleted_at":"2026-01-01T00:00:00Z"}]}`,
		`{"sender_agent_id":"p","memories":[],"node":"far","events":[],"record_events":[{"origin":"far","seq":3,"kind":"link","key":"k","stamp":1,"value":{}}],"have":{"far":9}}`,
		`{"sender_agent_id":"p","memories":[],"deletions":["a",""]}`, `{"sender_agent_id":"p","memories":null}`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	have := map[string]int64{}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := knock(h, http.MethodPost, "/api/v1/sync/push", "application/json", body)
		switch w.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		default:
			t.Fatalf("%q is answered %d %s", body, w.Code, w.Body)
		}
		if health := knock(h, http.MethodGet, "/api/v1/health", "", nil); health.Code != http.StatusOK {
			t.Fatalf("after %q health is %d %s", body, health.Code, health.Body)
		}
		var answer struct{ Have map[string]int64 }
		w = knock(h, http.MethodPost, "/api/v1/sync/pull", "application/json", []byte(`{"node":"asker","limit":1000}`))
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("pull: %d %s", w.Code, w.Body)
		}
		for origin, seq := range have {
			if answer.Have[origin] < seq {
				t.Fatalf("after %q the vector went from %d back to %d for %q", body, seq, answer.Have[origin], origin)
			}
		}
		have = answer.Have
	})
}

// FuzzRequest sends any request to any route: no answer is a failure of the server's own, and one
// that calls itself JSON is.
func FuzzRequest(f *testing.F) {
	h := door(f)
	f.Add(uint8(0), "/api/v1/memories", "limit=3&tier=mid&since=x", []byte(nil))
	f.Add(uint8(0), "/api/v1/search", "q=%22a%22+OR+NEAR(b", []byte(nil))
	f.Add(uint8(1), "/api/v1/recall", "", []byte(`{"context":"a AND (b","budget_tokens":3,"as_agent":"a/b"}`))
	f.Add(uint8(1), "/api/v1/forget", "pattern=x", []byte(nil))
	f.Add(uint8(1), "/api/v1/consolidate", "", []byte(`{"ids":["a","b"],"title":"t","summary":"s"}`))
	f.Add(uint8(1), "/api/v1/links", "", []byte(`{"source_id":"a","target_id":"b"}`))
	f.Add(uint8(1), "/api/v1/import", "", []byte(`{"memories":[],"links":[{}]}`))
	f.Add(uint8(1), "/api/v1/agents", "", []byte(`{"agent_id":"a","agent_type":"human","capabilities":null}`))
	f.Add(uint8(1), "/api/v1/notify", "", []byte(`{"target_agent_id":"a","title":"t","payload":{}}`))
	f.Add(uint8(1), "/api/v1/subscriptions", "", []byte(`{"url":"http://localhost:x@host/"}`))
	f.Add(uint8(1), "/api/v1/namespaces/a%2Fb/standard", "", []byte(`{"id":"x","governance":{"write":"approve"}}`))
	f.Add(uint8(2), "/api/v1/memories/x", "", []byte(`{"tags":null}`))
	f.Add(uint8(3), "/api/v1/memories/%ff", "", []byte(nil))
	f.Add(uint8(3), "/api/v1/archive", "older_than_days=-1", []byte(nil))
	f.Add(uint8(0), "/api/v1/../v1//memories/%2e%2e", "", []byte(nil))
	f.Add(uint8(0), "/api/v1/sync/since", "since=2026-01-01T00:00:00%2B00:00&peer=a%20b", []byte(nil))
	f.Fuzz(func(t *testing.T, method uint8, path, query string, body []byte) {
		methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodHead, "PATCH"}
		target := path
		if query != "" {
			target += "?" + query
		}
		w := knock(h, methods[int(method)%len(methods)], target, "", body)
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%s %s %q is answered %d %s", methods[int(method)%len(methods)], target, body, w.Code, w.Body)
		}
		if w.Header().Get("Content-Type") == "application/json" && w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s is answered %q, which is no JSON", target, w.Body)
		}
	})
}
