package contract

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// fixedModel serves a language model with fixed answers, as Ollama and as OpenAI would, and returns its port.
func fixedModel(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		answer := fixedAnswer(string(text))
		message := map[string]any{"role": "assistant", "content": answer}
		switch r.URL.Path {
		case "/api/tags":
			say(w, map[string]any{"models": []any{map[string]any{"name": "gemma4:e2b"}}})
		case "/api/chat":
			say(w, map[string]any{"model": "gemma4:e2b", "message": message, "done": true})
		case "/api/generate":
			say(w, map[string]any{"model": "gemma4:e2b", "response": answer, "done": true})
		case "/v1/models":
			say(w, map[string]any{"object": "list", "data": []any{map[string]any{"id": "gemma4:e2b"}}})
		case "/v1/chat/completions":
			say(w, map[string]any{"choices": []any{map[string]any{"message": message}}})
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return at.Port()
}

// fixedAnswer answers by what is asked: to expand a query, for tags, whether two texts contradict each
// other, and for a summary.
func fixedAnswer(question string) string {
	asked := strings.ToLower(question)
	switch {
	case strings.Contains(asked, "contradict"):
		if strings.Contains(asked, "blue") && strings.Contains(asked, "green") {
			return "yes"
		}
		return "no"
	case strings.Contains(asked, "expand"), strings.Contains(asked, "search quer"):
		return "first term\nsecond term"
	case strings.Contains(asked, "tags"):
		return "alpha\nbeta"
	default:
		return "one summary of all"
	}
}

func say(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the program under test sees what is missing
}
