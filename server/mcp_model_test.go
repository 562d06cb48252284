package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server"
)

// stubModel answers as OpenAI's endpoint would, by what it is asked.
type stubModel struct {
	*httptest.Server
	broken atomic.Bool // it answers 500
}

func newStubModel(t *testing.T) *stubModel {
	t.Helper()
	m := &stubModel{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil || m.broken.Load():
			http.Error(w, "out of order", http.StatusInternalServerError)
			return
		case r.Header.Get("Authorization") != "Bearer model-key":
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		answer := "a note about all of it"
		switch question := string(body); {
		case strings.Contains(question, "Expand this search query"):
			answer = "1. colour\n2. hue"
		case strings.Contains(question, "Tags for this note"):
			answer = "Sky\nWeather"
		case strings.Contains(question, "contradict"):
			answer = "no"
			if strings.Contains(question, "green") {
				answer = "Yes."
			}
		}
		choices := []any{map[string]any{"message": map[string]any{"role": "assistant", "content": answer}}}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"choices": choices, "data": []any{}})
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *stubModel) model() server.Model {
	return server.Model{URL: m.URL, Name: "stub-1", APIKey: "model-key"}
}

// TestMCPModel calls what needs a language model.
func TestMCPModel(t *testing.T) {
	t.Parallel()
	m := newStubModel(t)
	a := newAgent(t, server.Config{}, server.MCP{Tier: "smart", Model: m.model(), Agent: "ai:a"}, "probe")
	blue := a.store(t, "sky", object{"content": "the sky is blue", "tags": []string{"old"}})
	green := a.store(t, "sky today", object{"content": "the sky is green"})
	can := a.call(t, "memory_capabilities", nil)
	want := object{
		"keyword_search": true, "semantic_search": false, "hybrid_recall": false, "query_expansion": true, "auto_consolidation": true,
		"auto_tagging": true, "contradiction_analysis": true, "cross_encoder_reranking": false, "memory_reflection": false,
	}
	if diff := cmp.Diff(want, can["features"]); diff != "" {
		t.Errorf("features (-want +got):\n%s", diff)
	}
	want = object{"embedding": "none", "embedding_dim": 0.0, "llm": "stub-1", "cross_encoder": "none"}
	if diff := cmp.Diff(want, can["models"]); diff != "" || can["tier"] != "smart" || can["version"] != "0.6.0" {
		t.Errorf("%v, models (-want +got):\n%s", can, diff)
	}
	for _, test := range []struct {
		tool      string
		arguments object
		want      object
	}{
		{"memory_expand_query", object{"query": "tint"}, object{"original": "tint", "expanded_terms": []any{"colour", "hue"}}},
		{"memory_auto_tag", object{"id": blue}, object{"id": blue, "new_tags": []any{"sky", "weather"}, "all_tags": []any{"old", "sky", "weather"}}},
		{"memory_detect_contradiction", object{"id_a": blue, "id_b": green}, object{
			"contradicts": true, "memory_a": object{"id": blue, "title": "sky"}, "memory_b": object{"id": green, "title": "sky today"},
		}},
	} {
		if diff := cmp.Diff(test.want, a.call(t, test.tool, test.arguments)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.tool, diff)
		}
	}
	if got := a.call(t, "memory_session_start", object{"namespace": "ns", "format": "json"}); got["summary"] != "a note about all of it" {
		t.Errorf("session: %v", got)
	}
	a.refused(t, "query is required", "memory_expand_query", nil)
	a.refused(t, "memory A not found", "memory_detect_contradiction", object{"id_a": "none", "id_b": blue})
	a.refused(t, "memory not found: none", "memory_consolidate", object{"ids": []string{blue, "none"}, "title": "t"})
	a.refused(t, "duplicate memory ID: "+blue, "memory_consolidate", object{"ids": []string{blue, blue}, "title": "t"})
	long := a.store(t, "long", object{"content": strings.Repeat("x", 16_000)})
	a.refused(t, "memory "+long+" is longer than the language model is shown (16000 bytes): give a summary",
		"memory_consolidate", object{"ids": []string{blue, long}, "title": "t"})
	got := a.call(t, "memory_consolidate", object{"ids": []string{blue, green}, "title": "skies", "namespace": "ns"})
	want = object{"consolidated": 2.0, "auto_summary": true, "summary_preview": "a note about all of it"}
	if diff := cmp.Diff(want, pick(got, "consolidated", "auto_summary", "summary_preview")); diff != "" {
		t.Errorf("consolidated (-want +got):\n%s", diff)
	}
	if row := a.call(t, "memory_get", object{"id": got["id"]}); row["content"] != "a note about all of it" {
		t.Errorf("consolidated: %v", row)
	}
}

// TestMCPModelFails has a model that breaks while it is used, and one that is not there at all.
func TestMCPModelFails(t *testing.T) {
	t.Parallel()
	m := newStubModel(t)
	a := newAgent(t, server.Config{}, server.MCP{Tier: "smart", Model: m.model(), Hooks: true, Agent: "ai:a"}, "probe")
	m.broken.Store(true)
	if text, failed := a.say(t, "memory_expand_query", object{"query": "x"}); !failed || !strings.Contains(text, "500") {
		t.Errorf("expand: %s", text)
	}
	a.store(t, "stored all the same", object{"content": strings.Repeat("long enough ", 9)})
	if got := a.call(t, "memory_session_start", object{"format": "json"}); got["count"] != 1.0 || got["summary"] != nil {
		t.Errorf("session: %v", got)
	}
	nowhere := m.model()
	nowhere.APIKey = "wrong"
	none := newAgent(t, server.Config{}, server.MCP{Tier: "smart", Model: nowhere, Hooks: true}, "probe")
	none.refused(t, "query expansion requires smart or autonomous tier (Ollama LLM)", "memory_expand_query", object{"query": "x"})
	can := none.call(t, "memory_capabilities", nil)
	if features := can["features"].(object); features["query_expansion"] != false || can["models"].(object)["llm"] != "none" || can["tier"] != "smart" {
		t.Errorf("capabilities: %v", can)
	}
	if got := none.call(t, "memory_store", object{"title": "t", "content": "c"}); got["autonomy_hook_skipped"] != "no_llm" {
		t.Errorf("store: %v", got)
	}
}

// TestMCPHooks has what is stored tagged and compared (contract section 11.5, tool 1).
func TestMCPHooks(t *testing.T) {
	t.Parallel()
	m := newStubModel(t)
	a := newAgent(t, server.Config{}, server.MCP{Tier: "autonomous", Model: m.model(), Hooks: true, Agent: "ai:a"}, "probe")
	const long = ", as everybody says who has looked at it for some time"
	blue := a.store(t, "colour of the sky", object{"content": "it is blue" + long})
	got := a.call(t, "memory_store", object{
		"title": "colour of the sky now", "content": "it is green" + long, "namespace": "ns", "tags": []string{"own"}, "metadata": object{"k": "v"},
	})
	want := object{"auto_tags": []any{"sky", "weather"}, "confirmed_contradictions": []any{blue}, "potential_contradictions": []any{blue}}
	if diff := cmp.Diff(want, pick(got, "auto_tags", "confirmed_contradictions", "potential_contradictions", "autonomy_hook_skipped")); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	row := a.call(t, "memory_get", object{"id": got["id"]})
	want = object{"agent_id": "ai:a", "k": "v", "auto_tags": []any{"sky", "weather"}, "confirmed_contradictions": []any{blue}}
	if diff := cmp.Diff(want, row["metadata"]); diff != "" || !cmp.Equal(row["tags"], []any{"own"}) {
		t.Errorf("tags %v, metadata (-want +got):\n%s", row["tags"], diff)
	}
	for _, test := range []struct {
		namespace, content, want string
	}{{"ns", "short", "content_too_short"}, {"_inner", "it is in here" + long, "internal_namespace"}, {"_inner", "short", "content_too_short"}} {
		got := a.call(t, "memory_store", object{"title": test.content, "content": test.content, "namespace": test.namespace})
		if got["autonomy_hook_skipped"] != test.want || got["auto_tags"] != nil {
			t.Errorf("%v: %v", test, got)
		}
	}
}
