package service_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

func set(t *testing.T, s *service.Service, namespace, id string, parent *string) memory.Standard {
	t.Helper()
	done, err := s.SetStandard(t.Context(), service.StandardDraft{Namespace: namespace, MemoryID: id, Parent: parent})
	if err != nil {
		t.Fatal(err)
	}
	return done.Standard
}

func TestStandards(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	row := func(title string) string {
		return create(t, s, func(d *service.Draft) { d.Title, d.AgentID = title, "ann" }).ID
	}
	if found, err := s.Standard(t.Context(), "team"); found != nil || err != nil {
		t.Errorf("of nothing: %+v, %v", found, err)
	}
	everyone, team, below := row("everyone"), row("team"), row("below")
	set(t, s, "*", everyone, nil)
	set(t, s, "team", team, nil)
	if got := set(t, s, "team-x-y", below, nil); got.Parent != "team" {
		t.Errorf("the parent is %q, want the nearest that has a standard", got.Parent)
	}
	set(t, s, "team-x-y/part", below, pointer("elsewhere"))
	chain, found, err := s.Standards(t.Context(), "team-x-y/part")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"*", "team", "team-x-y", "team-x-y/part"}, chain); diff != "" {
		t.Errorf("chain (-want +got):\n%s", diff)
	}
	var of []string
	for _, one := range found {
		of = append(of, one.Namespace+" "+one.Memory.Title)
	}
	if diff := cmp.Diff([]string{"* everyone", "team team", "team-x-y below", "team-x-y/part below"}, of); diff != "" {
		t.Errorf("standards (-want +got):\n%s", diff)
	}
	one, err := s.Standard(t.Context(), "team")
	if err != nil || one.Memory.Title != "team" || one.Policy != memory.DefaultPolicy() {
		t.Errorf("standard %+v (%v)", one, err)
	}
	for _, want := range []bool{true, false} {
		if done, err := s.ClearStandard(t.Context(), "team", ""); err != nil || done.Cleared != want {
			t.Errorf("cleared %+v (%v), want %v", done, err, want)
		}
	}
	if again := set(t, s, "team", below, nil); again.StandardID != below {
		t.Errorf("set again: %+v", again)
	}
	if _, err := s.Delete(t.Context(), below, "ann"); err != nil {
		t.Fatal(err)
	}
	for _, namespace := range []string{"team", "team-x-y", "team-x-y/part"} {
		if found, err := s.Standard(t.Context(), namespace); found != nil || err != nil {
			t.Errorf("of %s, whose memory was deleted: %+v, %v", namespace, found, err)
		}
	}
}

// TestDanglingStandard has a standard reach a node on which its memory is deleted.
func TestDanglingStandard(t *testing.T) {
	t.Parallel()
	a, b := newPlace(t), newPlace(t)
	id := create(t, a.Service, nil).ID
	a.tell(t, b)
	if _, err := b.Delete(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	policy := json.RawMessage(`{"write":"approve","promote":"any","delete":"any","approver":"human"}`)
	d := service.StandardDraft{Namespace: "gov", MemoryID: id, Governance: policy}
	if _, err := a.SetStandard(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	a.tell(t, b)
	found, err := b.Standard(t.Context(), "gov")
	if err != nil || found == nil || found.Memory != nil || found.StandardID != id {
		t.Errorf("standard %+v (%v)", found, err)
	}
	create(t, b.Service, func(d *service.Draft) { d.Namespace = "gov" }) // nothing governs it
}

func TestStandardsThatAreNone(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	id := create(t, s, nil).ID
	full := create(t, s, func(d *service.Draft) {
		big := make([]byte, 65_400)
		for i := range big {
			big[i] = 'x'
		}
		d.Title, d.Metadata = "full", json.RawMessage(`{"k":"`+string(big)+`"}`)
	}).ID
	policy := json.RawMessage(`{"write":"any","promote":"any","delete":"any","approver":{"agent":"` + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" + `"}}`)
	for message, d := range map[string]service.StandardDraft{
		"namespace cannot contain spaces (use hyphens or underscores)": {Namespace: "a b", MemoryID: id},
		"namespace cannot be its own parent":                           {Namespace: "n", MemoryID: id, Parent: pointer("n")},
		"namespace cannot be empty":                                    {Namespace: "n", MemoryID: id, Parent: pointer("")},
		"id cannot be empty":                                           {Namespace: "n"},
		"invalid governance: missing field `write`":                    {Namespace: "n", MemoryID: id, Governance: json.RawMessage(`{}`)},
		"invalid agent_id: agent_id contains invalid character ' ' (allowed: alphanumeric, _-:@./)": {Namespace: "n", MemoryID: id, Caller: "a b"},
		"metadata exceeds max size of 65536 bytes (got 65568)":                                      {Namespace: "n", MemoryID: full, Governance: policy},
	} {
		var invalid *service.Invalid
		if _, err := s.SetStandard(t.Context(), d); !errors.As(err, &invalid) || invalid.Message != message {
			t.Errorf("got %v, want %s", err, message)
		}
	}
	for _, d := range []service.StandardDraft{
		{Namespace: "n", MemoryID: "nope"}, {Namespace: "n", MemoryID: id[:20]}, {Namespace: "n", MemoryID: "nope", Governance: policy},
	} {
		var unknown *service.Unknown
		if _, err := s.SetStandard(t.Context(), d); !errors.As(err, &unknown) || unknown.Error() != "memory not found: "+d.MemoryID {
			t.Errorf("got %v, want it unknown", err)
		}
	}
	if _, err := s.Standard(t.Context(), ""); err == nil {
		t.Error("an empty namespace was looked up")
	}
	if _, err := s.ClearStandard(t.Context(), "", ""); err == nil {
		t.Error("an empty namespace was cleared")
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, nil)
	row := func(title, namespace string) string {
		return create(t, s, func(d *service.Draft) { d.Title, d.Namespace = title, namespace }).ID
	}
	everyone, team := row("everyone", "n"), row("team", "n")
	row("other", "n")
	titles := func(rows []memory.Memory) []string {
		out := []string{}
		for _, m := range rows {
			out = append(out, m.Title)
		}
		return out
	}
	start := func(namespace *string, limit int) (memories, standards []string) {
		t.Helper()
		session, err := s.StartSession(t.Context(), namespace, limit)
		if err != nil {
			t.Fatal(err)
		}
		return titles(session.Memories), titles(session.Standards)
	}
	memories, standards := start(pointer("n"), 10)
	if diff := cmp.Diff([][]string{{"other", "team", "everyone"}, {}}, [][]string{memories, standards}); diff != "" {
		t.Errorf("without standards (-want +got):\n%s", diff)
	}
	set(t, s, "*", everyone, nil)
	set(t, s, "n", team, nil)
	set(t, s, "n/below", team, nil)
	memories, standards = start(pointer("n"), 10)
	if diff := cmp.Diff([][]string{{"other"}, {"everyone", "team"}}, [][]string{memories, standards}); diff != "" {
		t.Errorf("with standards (-want +got):\n%s", diff)
	}
	if _, standards = start(pointer("n/below"), 10); len(standards) != 2 {
		t.Errorf("standards %q, want each once", standards)
	}
	if _, standards = start(nil, 10); len(standards) != 1 || standards[0] != "everyone" {
		t.Errorf("without a namespace: %q", standards)
	}
	if memories, _ = start(pointer("n"), 1); len(memories) != 1 {
		t.Errorf("one: %q", memories)
	}
	if memories, _ = start(pointer("a b"), 10); len(memories) != 0 {
		t.Errorf("of a namespace that is none: %q", memories)
	}
}
