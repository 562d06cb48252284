package memory_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
)

func TestRegistrationIsAMemory(t *testing.T) {
	t.Parallel()
	r := memory.Registration{AgentID: "ai:one", AgentType: "human", LastSeenAt: requested, RegisteredAt: requested}
	m := r.Memory("id")
	if err := memory.ValidateStored(m); err != nil {
		t.Error(err)
	}
	r.Capabilities = []string{}
	if diff := cmp.Diff(r, memory.RegistrationOf(m)); diff != "" {
		t.Errorf("registration (-want +got):\n%s", diff)
	}
	if !m.Registers("ai:one") || m.Registers("ai:two") {
		t.Error("it registers another, or not its own")
	}
	for what, forge := range map[string]func(*memory.Memory){
		"source":    func(m *memory.Memory) { m.Source = memory.SourceAPI },
		"tags":      func(m *memory.Memory) { m.Tags = nil },
		"namespace": func(m *memory.Memory) { m.Namespace = "n" },
		"title":     func(m *memory.Memory) { m.Title = "agent:ai:two" },
		"metadata":  func(m *memory.Memory) { m.Metadata = json.RawMessage(`{"agent_id":"ai:two"}`) },
	} {
		forged := m
		if forge(&forged); forged.Registers("ai:one") {
			t.Errorf("a row with another %s registers", what)
		}
	}
	empty := memory.Registration{Capabilities: []string{}}
	if diff := cmp.Diff(empty, memory.RegistrationOf(memory.Memory{Metadata: json.RawMessage(`{"agent_id":1,"capabilities":"x"}`)})); diff != "" {
		t.Errorf("of what is not there (-want +got):\n%s", diff)
	}
}

func TestMessageIsAMemory(t *testing.T) {
	t.Parallel()
	for payload, content := range map[string]string{
		`"text"`: "text", `{"a":[1,2.50]}`: `{"a":[1,2.50]}`, `7`: "7", `null`: "null", `"7"`: "7",
	} {
		sent := memory.Message{
			From: "ann", To: "bob", Subject: strings.Repeat("ü", 512), Payload: json.RawMessage(payload), Priority: 99, Tier: memory.Long,
		}
		row := sent.Memory("01a21113-7f1b-7574-b1e3-d22b51a158a7")
		row.CreatedAt, row.UpdatedAt = requested, requested
		if err := memory.ValidateStored(row); err != nil {
			t.Error(err)
		}
		if row.Content != content || row.Priority != 10 || row.Namespace != "_messages/bob" || !strings.HasSuffix(row.Title, " [d22b51a158a7]") {
			t.Errorf("%s is stored as %+v", payload, row)
		}
		sent.Priority = 10
		if diff := cmp.Diff(sent, memory.MessageOf(row)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", payload, diff)
		}
	}
	foreign := memory.Memory{Title: "hi", Content: "text", Namespace: "_messages/bob", Metadata: json.RawMessage(`{"agent_id":"ann"}`)}
	want := memory.Message{From: "ann", To: "bob", Subject: "hi", Payload: json.RawMessage(`"text"`)}
	if diff := cmp.Diff(want, memory.MessageOf(foreign)); diff != "" {
		t.Errorf("of another server (-want +got):\n%s", diff)
	}
}

func TestGrants(t *testing.T) {
	t.Parallel()
	m := memory.Memory{Metadata: json.RawMessage(`{"grants":{"ann":"write","bob":"admin","eve":"king"},"k":1}`)}
	for _, test := range []struct {
		agent string
		p     memory.Permission
		want  bool
	}{
		{"ann", memory.MayRead, true}, {"ann", memory.MayWrite, true}, {"ann", memory.MayAdmin, false},
		{"bob", memory.MayAdmin, true}, {"eve", memory.MayRead, false}, {"zoe", memory.MayRead, false},
	} {
		if got := m.Granted(test.agent, test.p); got != test.want {
			t.Errorf("%s may %s: %v", test.agent, test.p, got)
		}
	}
	for metadata, want := range map[string]string{
		`{}`:                  `{"grants":{"ann":"write","bob":"admin","eve":"king"}}`,
		`{"grants":{},"x":2}`: `{"grants":{"ann":"write","bob":"admin","eve":"king"},"x":2}`,
	} {
		if got := memory.KeepGrants(m, json.RawMessage(metadata)); string(got) != want {
			t.Errorf("%s becomes %s", metadata, got)
		}
	}
	if got := memory.KeepGrants(memory.Memory{Metadata: json.RawMessage(`{}`)}, json.RawMessage(`{"grants":{"eve":"admin"}}`)); string(got) != `{}` {
		t.Errorf("grants that nobody gave: %s", got)
	}
	if (memory.Memory{Metadata: json.RawMessage(`{"grants":"x"}`)}).Granted("", memory.MayRead) {
		t.Error("grants that are none grant")
	}
	if memory.ValidatePermission("king") == nil || memory.ValidatePermission(memory.MayAdmin) != nil {
		t.Error("permissions are not checked")
	}
}
