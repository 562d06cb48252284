package contract

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// stub is a peer that is no server of this family: it notes what it is sent and answers what it
// was told to.
type stub struct {
	*httptest.Server

	mu       sync.Mutex
	received []push
	reply    http.HandlerFunc
	hanging  chan struct{}
}

// push is a request to a stub.
type push struct {
	header http.Header
	path   string
	body   map[string]any
}

// newStub returns a peer that acknowledges what it gets, with counts as the original does.
func newStub(t *testing.T) *stub {
	t.Helper()
	s := &stub{reply: acknowledging, hanging: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/sync/push" { // it knows no other route of ours
			w.WriteHeader(http.StatusNotFound)
			return
		}
		text, _ := io.ReadAll(r.Body)
		var body map[string]any
		_ = json.Unmarshal(text, &body)
		s.mu.Lock()
		s.received = append(s.received, push{r.Header.Clone(), r.URL.Path, body})
		reply := s.reply
		s.mu.Unlock()
		r.Body = io.NopCloser(strings.NewReader(string(text)))
		reply(w, r)
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(s.hanging) })
	return s
}

func (s *stub) answer(reply http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply = reply
}

// acknowledging is the answer of the original: counts, and no ids.
func acknowledging(w http.ResponseWriter, r *http.Request) {
	var body struct{ Memories []any }
	_ = json.NewDecoder(r.Body).Decode(&body)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"applied": len(body.Memories), "noop": 0, "skipped": 0, "dry_run": false,
		"receiver_agent_id": "anonymous:req-00000000", "receiver_clock": map[string]any{"entries": map[string]any{}},
	})
}

func plainly(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }

func failing(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }

// slowly acknowledges after a while.
func slowly(pause time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
			acknowledging(w, r)
		case <-r.Context().Done():
		}
	}
}

// hang answers nothing.
func (s *stub) hang(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-s.hanging:
	case <-r.Context().Done():
	}
}

func (s *stub) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = nil
}

func (s *stub) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.received)
}

// pushed is the newest request, of its body what servers of other makes read.
func (s *stub) pushed(t *testing.T, e exchange) map[string]any {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.received) == 0 {
		t.Fatalf("%s: the peer was sent nothing", e.Step)
	}
	newest := s.received[len(s.received)-1]
	body := map[string]any{}
	for _, key := range []string{"dry_run", "memories", "sender_agent_id"} {
		body[key] = newest.body[key]
	}
	return map[string]any{
		"body": body, "content-type": newest.header.Get("Content-Type"), "method": http.MethodPost, "path": newest.path,
	}
}

// headers are those of the newest request that identify a sender; nil for one that is absent.
func (s *stub) headers() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]any{"idempotency-key": nil, "x-agent-id": nil, "x-api-key": nil}
	for name := range out {
		if value := s.received[len(s.received)-1].header.Get(name); value != "" {
			out[name] = value
		}
	}
	return out
}

func (s *stub) titles() []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	titles, seen := []any{}, map[any]bool{}
	for _, p := range s.received {
		rows, _ := p.body["memories"].([]any)
		for _, row := range rows {
			if title := row.(map[string]any)["title"]; !seen[title] {
				seen[title] = true
				titles = append(titles, title)
			}
		}
	}
	return titles
}
