package memory_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
)

func TestTruncations(t *testing.T) {
	t.Parallel()
	for namespace, want := range map[string][]string{
		"a-b-c": {"a-b", "a"}, "a": nil, "-a": nil, "a/b-c": {"a/b"}, "a--b": {"a-", "a"},
	} {
		if diff := cmp.Diff(want, memory.Truncations(namespace)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", namespace, diff)
		}
	}
}

// TestChain follows parents and paths (contract section 4.13), however they run in circles.
func TestChain(t *testing.T) {
	t.Parallel()
	parents := map[string]string{
		"acme": "corp", "corp": "world", "world": "corp", "self": "self", "up": "up/below", "star": "*",
	}
	for i := range 20 {
		parents["p"+strconv.Itoa(i)] = "p" + strconv.Itoa(i+1)
	}
	for namespace, want := range map[string][]string{
		"*":           {"*"},
		"lone":        {"*", "lone"},
		"acme/eng/db": {"*", "world", "corp", "acme", "acme/eng", "acme/eng/db"},
		"self":        {"*", "self"},
		"up/below":    {"*", "up", "up/below"},
		"star":        {"*", "star"},
		"p0":          {"*", "p8", "p7", "p6", "p5", "p4", "p3", "p2", "p1", "p0"},
	} {
		got, err := memory.Chain(namespace, func(of string) (string, error) { return parents[of], nil })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", namespace, diff)
		}
	}
}

func TestRecordsThatAreNoStandards(t *testing.T) {
	t.Parallel()
	if err := refused(memory.Standard{Namespace: "n", StandardID: "m", Parent: "o"}.Record(1)); err != nil {
		t.Error(err)
	}
	other := memory.Standard{Namespace: "n", StandardID: "m"}.Record(1)
	other.Key = "o"
	for what, r := range map[string]memory.Record{
		"its own parent": memory.Standard{Namespace: "n", StandardID: "m", Parent: "n"}.Record(1),
		"no parent":      memory.Standard{Namespace: "n", StandardID: "m", Parent: "a b"}.Record(1),
		"no namespace":   memory.Standard{Namespace: "a b", StandardID: "m"}.Record(1),
		"no memory":      memory.Standard{Namespace: "n"}.Record(1),
		"another key":    other,
	} {
		if refused(r) == nil {
			t.Errorf("%s: it was taken", what)
		}
	}
}

func TestRecordsThatAreNoSubscriptions(t *testing.T) {
	t.Parallel()
	good := memory.Subscription{ID: "s", URL: "https://x.example", Events: "*", CreatedAt: requested}
	if err := refused(good.Record(1)); err != nil {
		t.Error(err)
	}
	other := good.Record(1)
	other.Key = "o"
	spoilt := func(spoil func(*memory.Subscription)) memory.Record {
		s := good
		spoil(&s)
		return s.Record(1)
	}
	for what, r := range map[string]memory.Record{
		"no URL":      spoilt(func(s *memory.Subscription) { s.URL = "" }),
		"no events":   spoilt(func(s *memory.Subscription) { s.Events = "" }),
		"no hash":     spoilt(func(s *memory.Subscription) { s.SecretHash = "abc" }),
		"no time":     spoilt(func(s *memory.Subscription) { s.CreatedAt = "soon" }),
		"another key": other,
	} {
		if refused(r) == nil {
			t.Errorf("%s: it was taken", what)
		}
	}
}

func TestWants(t *testing.T) {
	t.Parallel()
	n, ann := "n", "ann"
	for _, test := range []struct {
		s    memory.Subscription
		want bool
	}{
		{memory.Subscription{Events: "*"}, true},
		{memory.Subscription{Events: "memory_delete,memory_store"}, true},
		{memory.Subscription{Events: "memory_delete"}, false},
		{memory.Subscription{Events: "*", NamespaceFilter: &n, AgentFilter: &ann}, true},
		{memory.Subscription{Events: "*", NamespaceFilter: &ann}, false},
		{memory.Subscription{Events: "*", AgentFilter: &n}, false},
	} {
		if got := test.s.Wants("memory_store", "n", "ann"); got != test.want {
			t.Errorf("%+v wants it: %v", test.s, got)
		}
	}
}
