package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// agent is a session of the protocol's own client with the program.
type agent struct {
	*mcp.ClientSession
	t      *testing.T
	called map[string]bool
}

// connect begins a session.
func connect(t *testing.T, transport mcp.Transport) (*agent, error) {
	t.Helper()
	c := mcp.NewClient(&mcp.Implementation{Name: "Contract Test!", Version: "1"}, nil)
	session, err := c.Connect(t.Context(), transport, nil)
	if err != nil {
		return nil, err
	}
	return &agent{ClientSession: session, t: t, called: map[string]bool{}}, nil
}

// overLines begins a session over standard input and output.
func (n *node) overLines(t *testing.T, args ...string) *agent {
	t.Helper()
	a, err := connect(t, &mcp.CommandTransport{Command: n.command(context.Background(), append([]string{"mcp"}, args...)...)})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// call calls a tool and returns its text.
func (a *agent) call(tool string, arguments map[string]any) (text string, failed bool) {
	a.t.Helper()
	a.called[tool] = true
	result, err := a.CallTool(a.t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		a.t.Fatalf("%s: %v", tool, err)
	}
	if len(result.Content) != 1 {
		a.t.Fatalf("%s: %d contents, want one", tool, len(result.Content))
	}
	content, is := result.Content[0].(*mcp.TextContent)
	if !is {
		a.t.Fatalf("%s: a content of %T, want a text", tool, result.Content[0])
	}
	return content.Text, result.IsError
}

// does calls a tool, which must do what it is for, and returns what it answers.
func (a *agent) does(tool string, arguments map[string]any) map[string]any {
	a.t.Helper()
	text, failed := a.call(tool, arguments)
	var answer map[string]any
	if err := json.Unmarshal([]byte(text), &answer); failed || err != nil {
		a.t.Fatalf("%s %v: %s", tool, arguments, text)
	}
	return answer
}

// shows calls a tool whose answer must have a field of a value, by its JSON.
func (a *agent) shows(tool string, arguments map[string]any, field, want string) map[string]any {
	a.t.Helper()
	answer := a.does(tool, arguments)
	if got, err := json.Marshal(answer[field]); err != nil || string(got) != want {
		a.t.Errorf("%s %v: %s is %s, want %s", tool, arguments, field, got, want)
	}
	return answer
}

// refuses calls a tool that must fail with a text.
func (a *agent) refuses(tool string, arguments map[string]any, want string) {
	a.t.Helper()
	if text, failed := a.call(tool, arguments); !failed || text != want {
		a.t.Errorf("%s %v: %q (failed: %t), want the failure %q", tool, arguments, text, failed, want)
	}
}

// listed are the names of the tools that are listed.
func (a *agent) listed() (names []string) {
	a.t.Helper()
	for tool, err := range a.Tools(a.t.Context(), nil) {
		if err != nil {
			a.t.Fatal(err)
		}
		names = append(names, tool.Name)
	}
	return names
}

// keep stores a memory and returns its id.
func (a *agent) keep(title, content string) string {
	a.t.Helper()
	id, _ := a.does("memory_store", map[string]any{"title": title, "content": content, "namespace": "kitchen"})["id"].(string)
	return id
}

// given are arguments.
type given = map[string]any

// usesMemories calls the tools around memories.
func (a *agent) usesMemories() {
	a.t.Helper()
	bread, tea := a.keep("bake bread", "flour and water"), a.keep("brew tea", "four minutes")
	if text, failed := a.call("memory_recall", given{"context": "bread"}); failed || !strings.HasPrefix(text, "count:1|mode:keyword|tokens_used:") {
		a.t.Errorf("recalled %q", text)
	}
	a.shows("memory_search", given{"query": "tea", "format": "json"}, "count", "1")
	a.shows("memory_list", given{"namespace": "kitchen", "format": "json"}, "count", "2")
	a.shows("memory_session_start", given{"namespace": "kitchen", "format": "json"}, "mode", `"session_start"`)
	a.shows("memory_stats", nil, "total", "2")
	a.shows("memory_update", given{"id": tea, "priority": 9}, "updated", "true")
	a.shows("memory_get", given{"id": tea[:8]}, "priority", "9")
	a.shows("memory_promote", given{"id": bread}, "tier", `"long"`)
	a.shows("memory_link", given{"source_id": bread, "target_id": tea}, "relation", `"related_to"`)
	a.shows("memory_get_links", given{"id": bread}, "count", "1")
	third := a.keep("wash up", "with hot water")
	a.shows("memory_consolidate", given{"ids": []string{bread, third}, "title": "chores", "summary": "bake, wash"}, "consolidated", "2")
	a.shows("memory_delete", given{"id": tea}, "deleted", "true")
	a.refuses("memory_get", given{"id": tea}, "memory not found")
	gone := a.keep("old news", "of yesterday")
	a.shows("memory_forget", given{"namespace": "kitchen", "dry_run": true}, "would_delete", "1")
	a.shows("memory_forget", given{"namespace": "kitchen"}, "deleted", "1")
	a.shows("memory_archive_list", given{"namespace": "kitchen"}, "count", "1")
	a.shows("memory_archive_stats", nil, "archived_total", "1")
	a.shows("memory_archive_restore", given{"id": gone}, "restored", "true")
	a.shows("memory_archive_purge", given{"older_than_days": 1}, "purged", "0")
	a.shows("memory_gc", given{"dry_run": true}, "collected", "0")
	a.shows("memory_capabilities", nil, "version", `"0.6.0"`)
}

// cooperates calls the tools with which agents work together.
func (a *agent) cooperates() {
	a.t.Helper()
	a.shows("memory_agent_register", given{"agent_id": "ai:keeper", "agent_type": "ai:claude-opus-4.7"}, "registered", "true")
	a.shows("memory_agent_list", nil, "count", "1")
	a.shows("memory_notify", given{"target_agent_id": "ai:keeper", "title": "hello", "payload": "come"}, "to", `"ai:keeper"`)
	a.shows("memory_inbox", given{"agent_id": "ai:keeper", "unread_only": true}, "count", "1")

	rules := a.keep("rules", "ask first")
	policy := given{"write": "any", "promote": "any", "delete": "approve", "approver": "human"}
	a.shows("memory_namespace_set_standard", given{"namespace": "kitchen", "id": rules, "governance": policy}, "set", "true")
	a.shows("memory_namespace_get_standard", given{"namespace": "kitchen", "inherit": true}, "count", "1")
	kept := a.keep("sharp knife", "second drawer")
	first := a.shows("memory_delete", given{"id": kept}, "status", `"pending"`)
	a.shows("memory_pending_list", given{"status": "pending"}, "count", "1")
	a.shows("memory_pending_reject", given{"id": first["pending_id"]}, "rejected", "true")
	second := a.does("memory_delete", given{"id": kept})
	a.shows("memory_pending_approve", given{"id": second["pending_id"]}, "executed", "true")
	a.refuses("memory_get", given{"id": kept}, "memory not found")
	a.shows("memory_namespace_clear_standard", given{"namespace": "kitchen"}, "cleared", "true")

	a.shows("memory_list_subscriptions", nil, "count", "0")
	a.shows("memory_unsubscribe", given{"id": "nobody's"}, "removed", "false")
}

// subscribes calls the tool that needs a caller who is registered.
func (a *agent) subscribes(caller string) {
	a.t.Helper()
	const hook = "http://127.0.0.1:1/hook" // nobody is there
	a.refuses("memory_subscribe", given{"url": hook},
		fmt.Sprintf("agent %q is not registered; call memory_agent_register before memory_subscribe", caller))
	a.does("memory_agent_register", given{"agent_id": caller, "agent_type": "ai:claude-opus-4.7"})
	made := a.shows("memory_subscribe", given{"url": hook, "secret": "s"}, "created_by", fmt.Sprintf("%q", caller))
	a.shows("memory_list_subscriptions", nil, "count", "1")
	a.shows("memory_unsubscribe", given{"id": made["id"]}, "removed", "true")
}

// asksModel calls the tools that need a language model.
func (a *agent) asksModel() {
	a.t.Helper()
	sky, grass := a.keep("sky", "the sky is blue"), a.keep("sky too", "the sky is green")
	a.shows("memory_expand_query", given{"query": "colours"}, "expanded_terms", `["first term","second term"]`)
	a.shows("memory_auto_tag", given{"id": sky}, "all_tags", `["alpha","beta"]`)
	a.shows("memory_detect_contradiction", given{"id_a": sky, "id_b": grass}, "contradicts", "true")
}

// missesModel calls them where there is none.
func (a *agent) missesModel() {
	a.t.Helper()
	for tool, what := range map[string]string{
		"memory_expand_query": "query expansion", "memory_auto_tag": "auto-tagging", "memory_detect_contradiction": "contradiction detection",
	} {
		a.refuses(tool, nil, what+" requires smart or autonomous tier (Ollama LLM)")
	}
}

// hasCalledAll checks that 36 tools are listed, and that every one was called.
func (a *agent) hasCalledAll() {
	a.t.Helper()
	names := a.listed()
	if len(names) != 36 {
		a.t.Errorf("%d tools are listed, want 36", len(names))
	}
	for _, name := range names {
		if !a.called[name] {
			a.t.Errorf("%s was not called", name)
		}
	}
	if len(a.called) != len(names) {
		a.t.Errorf("%d tools were called, %d are listed", len(a.called), len(names))
	}
}

// prompted gets both prompts.
func (a *agent) prompted() {
	a.t.Helper()
	list, err := a.ListPrompts(a.t.Context(), nil)
	if err != nil || len(list.Prompts) != 2 {
		a.t.Fatalf("prompts: %v, %v, want 2", list, err)
	}
	for name, want := range map[string]string{"recall-first": "kitchen", "memory-workflow": "memory_recall"} {
		got, err := a.GetPrompt(a.t.Context(), &mcp.GetPromptParams{Name: name, Arguments: map[string]string{"namespace": "kitchen"}})
		if err != nil {
			a.t.Fatal(err)
		}
		if text, is := got.Messages[0].Content.(*mcp.TextContent); !is || !strings.Contains(text.Text, want) {
			a.t.Errorf("%s: %v, want %q in it", name, got.Messages[0].Content, want)
		}
	}
	if _, err := a.GetPrompt(a.t.Context(), &mcp.GetPromptParams{Name: "nobody's"}); err == nil {
		a.t.Error("a prompt that there is not was got")
	}
}

// TestAgentOverLines has the protocol's own client call every tool, with a language model beside the server.
func TestAgentOverLines(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.env = []string{"AI_MEMORY_AGENT_ID=ai:tester"}
	a := n.overLines(t, "--webhook-allow-loopback", "--llm-url", "http://127.0.0.1:"+fixedModel(t), "--llm-model", "fixed")
	a.usesMemories()
	a.cooperates()
	a.subscribes("ai:tester")
	a.asksModel()
	a.prompted()
	a.hasCalledAll()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// TestEventsOfAnAgent has a subscriber that is slow: it is told all the same of what was stored last.
func TestEventsOfAnAgent(t *testing.T) {
	t.Parallel()
	told := make(chan string, 8)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		timer := time.NewTimer(200 * time.Millisecond)
		<-timer.C
		told <- string(text)
	}))
	defer receiver.Close()
	a := newNode(t).overLines(t, "--webhook-allow-loopback", "--agent-id", "ai:tester")
	a.does("memory_agent_register", given{"agent_id": "ai:tester", "agent_type": "ai:claude-opus-4.7"})
	a.does("memory_subscribe", given{"url": receiver.URL, "events": "memory_store"})
	id := a.keep("news", "hear, hear")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case event := <-told:
		if !strings.Contains(event, id) {
			t.Errorf("the subscriber was told %s, want %s in it", event, id)
		}
	default:
		t.Error("the server has ended, and the subscriber was told nothing")
	}
}
