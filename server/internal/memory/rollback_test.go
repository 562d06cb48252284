package memory_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
)

const entryTime = "2026-01-02T03:04:05+00:00"

// TestRollback writes and reads what undoes a change.
func TestRollback(t *testing.T) {
	t.Parallel()
	odd := valid()
	odd.Metadata = json.RawMessage(`{"a":"\u0085\u007f<&>"}`)
	for _, want := range []memory.Rollback{
		{Action: memory.RolledMerge, Originals: []memory.Memory{valid(), odd}, ResultID: "r"},
		{Action: memory.RolledForget, Snapshot: &odd},
		{Action: memory.RolledPriority, MemoryID: "m", Before: 5, After: 6},
	} {
		m, err := want.Memory("id", entryTime)
		if err != nil {
			t.Fatal(err)
		}
		if !m.IsRollback() || m.Reversed() || m.Title != "curator "+want.Action+" @ "+entryTime {
			t.Errorf("entry %+v", m)
		}
		got, err := memory.RollbackOf(m)
		if err != nil {
			t.Fatal(err)
		}
		texts := [2]string{}
		for i, r := range []memory.Rollback{want, got} {
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			var plain any
			if err := json.Unmarshal(text, &plain); err != nil {
				t.Fatal(err)
			}
			text, _ = json.Marshal(plain)
			texts[i] = string(text)
		}
		if d := cmp.Diff(texts[0], texts[1]); d != "" {
			t.Errorf("%s (-want +got):\n%s", want.Action, d)
		}
		if m.Tags = m.Reverse(); !m.Reversed() {
			t.Errorf("tags %v", m.Tags)
		}
	}
	large := valid()
	large.Content = strings.Repeat("x", memory.MaxContent)
	var invalid *memory.Invalid
	if _, err := (memory.Rollback{Action: memory.RolledForget, Snapshot: &large}).Memory("id", entryTime); !errors.As(err, &invalid) {
		t.Errorf("too long: %v", err)
	}
}

// FuzzRollback reads what is said to be an entry: what comes out of it is valid.
func FuzzRollback(f *testing.F) {
	snapshot := valid()
	for _, r := range []memory.Rollback{
		{Action: memory.RolledMerge, Originals: []memory.Memory{valid()}, ResultID: "r"},
		{Action: memory.RolledForget, Snapshot: &snapshot}, {Action: memory.RolledPriority, MemoryID: "m", Before: 5, After: 6},
	} {
		m, err := r.Memory("id", entryTime)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(m.Content)
	}
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `{"action":"forget"}`, `{"action":"forget","snapshot":null}`, `{"action":"consolidate","result_id":"r","originals":[]}`,
		`{"action":"priority_adjust","memory_id":"m","before":0,"after":6}`, `{"action":"priority_adjust","memory_id":"","before":5,"after":6}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		r, err := memory.RollbackOf(memory.Memory{Content: content})
		if err != nil {
			return
		}
		for _, m := range r.Kept() {
			if err := memory.ValidateStored(m); err != nil || memory.Reserved(m.Namespace) {
				t.Errorf("it would bring back %+v: %v", m, err)
			}
		}
		if r.Action == memory.RolledPriority && (memory.ValidatePriority(r.Before) != nil || r.MemoryID == "") {
			t.Errorf("it would set %+v", r)
		}
		if _, err := r.Memory("id", entryTime); err != nil { // it is as long as it was, more or less
			var invalid *memory.Invalid
			if !errors.As(err, &invalid) {
				t.Error(err)
			}
		}
	})
}
