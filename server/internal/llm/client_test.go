package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/llm"
)

// endpoint answers like a language model, and keeps what it was asked.
type endpoint struct {
	mu     sync.Mutex
	asked  []asked
	status int    // 0: 200
	body   string // the whole answer; empty: one that says "yes"
}

type asked struct {
	Method, Path, Key string
	Body              map[string]any
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := asked{Method: r.Method, Path: r.URL.Path, Key: r.Header.Get("Authorization")}
	text, _ := io.ReadAll(r.Body)
	json.Unmarshal(text, &a.Body)
	e.mu.Lock()
	e.asked = append(e.asked, a)
	status, body := e.status, e.body
	e.mu.Unlock()
	if body == "" {
		body = `{"choices":[{"message":{"role":"assistant","content":"yes"}}],"message":{"role":"assistant","content":"yes"}}`
	}
	if status >= 300 && status < 400 {
		w.Header().Set("Location", "/elsewhere")
	}
	if status != 0 {
		w.WriteHeader(status)
	}
	io.WriteString(w, body)
}

func start(t *testing.T, e http.Handler) string {
	t.Helper()
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	return s.URL
}

func open(t *testing.T, o llm.Options) *llm.Client {
	t.Helper()
	c, err := llm.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDialects asks as each dialect wants to be asked.
func TestDialects(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		dialect   llm.Dialect
		suffix    string
		ask, list string
	}{
		{"openai", llm.OpenAI, "", "/v1/chat/completions", "/v1/models"},
		{"openai v1", llm.OpenAI, "/v1", "/v1/chat/completions", "/v1/models"},
		{"openai v1/", llm.OpenAI, "/v1/", "/v1/chat/completions", "/v1/models"},
		{"openai below", llm.OpenAI, "/proxy/v1", "/proxy/v1/chat/completions", "/proxy/v1/models"},
		{"ollama", llm.Ollama, "/", "/api/chat", "/api/tags"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := &endpoint{}
			c := open(t, llm.Options{URL: start(t, e) + test.suffix, Dialect: test.dialect, Model: "m", APIKey: "secret"})
			if err := c.Available(t.Context()); err != nil {
				t.Error(err)
			}
			yes, err := c.Contradicts(t.Context(), "the sky is blue", "the sky is green")
			if !yes || err != nil {
				t.Errorf("contradicts: %v, %v", yes, err)
			}
			if len(e.asked) != 2 {
				t.Fatalf("asked %d times", len(e.asked))
			}
			list, chat := e.asked[0], e.asked[1]
			if d := cmp.Diff(asked{Method: http.MethodGet, Path: test.list, Key: "Bearer secret"}, list); d != "" {
				t.Errorf("list (-want +got):\n%s", d)
			}
			if chat.Method != http.MethodPost || chat.Path != test.ask || chat.Key != "Bearer secret" {
				t.Errorf("chat %+v", chat)
			}
			if chat.Body["model"] != "m" || chat.Body["stream"] != false {
				t.Errorf("body %v", chat.Body)
			}
			if text := fmt.Sprint(chat.Body["messages"]); !strings.Contains(text, "blue") || !strings.Contains(text, "green") {
				t.Errorf("messages %s", text)
			}
		})
	}
}

func said(text string) string {
	content, _ := json.Marshal(text)
	return fmt.Sprintf(`{"choices":[{"message":{"content":%s}}]}`, content)
}

// TestQuestions reads the answers to all questions.
func TestQuestions(t *testing.T) {
	t.Parallel()
	e := &endpoint{}
	c := open(t, llm.Options{URL: start(t, e), Model: "m"})
	e.body = said("<think>yes?</think>\n1. Go\n2. SQLite")
	if got, err := c.Tags(t.Context(), "t", "c"); err != nil || !cmp.Equal(got, []string{"go", "sqlite"}) {
		t.Errorf("tags %q, %v", got, err)
	}
	if got, err := c.ExpandQuery(t.Context(), "q"); err != nil || !cmp.Equal(got, []string{"Go", "SQLite"}) {
		t.Errorf("terms %q, %v", got, err)
	}
	e.body = said(" A summary.\r\n ")
	if got, err := c.Summarize(t.Context(), []string{"a", "b"}); err != nil || got != "A summary." {
		t.Errorf("summary %q, %v", got, err)
	}
	e.body = said("No.")
	if yes, err := c.Contradicts(t.Context(), "a", "b"); yes || err != nil {
		t.Errorf("contradicts: %v, %v", yes, err)
	}
	e.body = said("who knows")
	if _, err := c.Contradicts(t.Context(), "a", "b"); !errors.Is(err, llm.ErrUnclear) {
		t.Errorf("contradicts: %v", err)
	}
	if key := e.asked[0].Key; key != "" {
		t.Errorf("a key %q was shown although there is none", key)
	}
}

// TestFailures are errors that say what to do, and never what the key is.
func TestFailures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status     int
		body, want string
	}{
		{401, "", "check the API key"},
		{403, "", "check the API key"},
		{404, "", "check the URL and the name of the model (m)"},
		{429, "", "asked too often"},
		{307, "", "wants another URL to be asked"},
		{500, "out of memory\x1b[2J", `"out of memory\x1b[2J"`},
		{200, "not json", "is not what it should be"},
		{200, "[]", "is not what it should be"},
		{200, "{}", "has answered nothing"},
		{200, said("  "), "has answered nothing"},
		{200, `{"choices":[]}`, "has answered nothing"},
		{200, strings.Repeat("x", 5<<20), "more than 4194304 bytes"},
	} {
		e := &endpoint{status: test.status, body: test.body}
		c := open(t, llm.Options{URL: strings.Replace(start(t, e), "http://", "http://user:password@", 1), Model: "m", APIKey: "secret"})
		_, err := c.Tags(t.Context(), "t", "c")
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%d %.40q: %v, want %q", test.status, test.body, err, test.want)
		}
		if text := fmt.Sprint(err); strings.Contains(text, "secret") || strings.Contains(text, "password") {
			t.Errorf("%d: it tells a secret: %v", test.status, err)
		}
		if len(e.asked) != 1 {
			t.Errorf("%d: asked %d times", test.status, len(e.asked))
		}
	}
}

// TestNotAvailable tells why.
func TestNotAvailable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dialect llm.Dialect
		status  int
		want    bool
	}{
		{llm.OpenAI, 200, true},
		{llm.OpenAI, 404, true}, // it lists no models
		{llm.OpenAI, 401, false},
		{llm.OpenAI, 500, false},
		{llm.Ollama, 404, false},
	} {
		c := open(t, llm.Options{URL: start(t, &endpoint{status: test.status}), Dialect: test.dialect})
		if err := c.Available(t.Context()); (err == nil) != test.want {
			t.Errorf("%v %d: %v", test.dialect, test.status, err)
		}
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	if err := open(t, llm.Options{URL: gone.URL}).Available(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("nobody there: %v", err)
	}
}

// TestSlow ends what takes too long, and what nobody waits for any more.
func TestSlow(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	slow := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	t.Cleanup(func() { close(done) })
	begun := time.Now()
	if _, err := open(t, llm.Options{URL: slow, Timeout: 20 * time.Millisecond}).Summarize(t.Context(), []string{"a"}); err == nil {
		t.Error("no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t, llm.Options{URL: slow}).Summarize(ctx, []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestURLs refuses what is none.
func TestURLs(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"", "localhost:11434", "ftp://host", "http://", "://", "http://host/?key=secret", "http://host/#x", "http://a b"} {
		_, err := llm.New(llm.Options{URL: at})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", at, err)
		}
	}
}
