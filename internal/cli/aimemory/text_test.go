package aimemory_test

import (
	"strings"
	"testing"
)

// TestText has what commands print for people (contract section 7.3); what was recorded is not in it.
func TestText(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.imports(t,
		map[string]any{"id": "aaaaaaaa-1", "title": "top", "namespace": "a/b", "content": strings.Repeat("é", 250), "confidence": 0.5, "priority": 7},
		map[string]any{"id": "bbbbbbbb-1", "title": "other", "namespace": "a"},
	)
	clone := ""
	for _, step := range []struct {
		args []string
		out  string // with a star for what is not known
		err  string
	}{
		{[]string{"recall", "top", "-n", "a/b", "--limit", "1"}, "[long/aaaaaaaa] top ███████░░░ score=* (ns=a/b, 0x, * conf=50%)\n  " + strings.Repeat("é", 200) + "\n\n1 memory(ies) recalled [keyword]\n", ""},
		{[]string{"promote", "aaaa", "--to-namespace", "a"}, "promoted (vertical): aaaaaaaa → a (clone: *)\n", ""},
		{[]string{"recall", "   "}, "", "no memories found for:    \n"},
		{[]string{"search", ""}, "", "no results for: \n"},
		{[]string{"list", "-n", "none"}, "", "no memories stored\n"},
		{[]string{"search", "other"}, "[long/bbbbbbbb] other (p=5, ns=a, * ago)\n\n1 result(s)\n", ""},
		{[]string{"link", "bbbbbbbb-1", "aaaaaaaa-1", "-r", "contradicts"}, "linked: bbbbbbbb-1 --[contradicts]--> aaaaaaaa-1\n", ""},
		{[]string{"update", "bbbb", "-T", "renamed"}, "updated: bbbbbbbb-1 [renamed]\n", ""},
		{[]string{"namespaces"}, "  a: 2 memories\n  a/b: 1 memories\n", ""},
		{[]string{"consolidate", " aaaaaaaa-1 , bbbbbbbb-1,", "-T", "t", "-s", "s"}, "consolidated 2 memories into: *\n", ""},
		{[]string{"gc"}, "expired memories deleted: 0\n", ""},
		{[]string{"forget", "-p", "s top"}, "forgot 2 memories\n", ""},
		{[]string{"namespaces"}, "", "no namespaces\n"},
	} {
		got := d.run(t, step.args...)
		if got.exit != 0 || !like(step.out, got.out) || got.err != step.err {
			t.Errorf("%q: %+v, want %q and %q on stderr", step.args, got, step.out, step.err)
		}
		if step.args[0] == "promote" {
			clone = strings.TrimSuffix(got.out[strings.LastIndex(got.out, " ")+1:], ")\n")
		}
	}
	if len(clone) != 8 {
		t.Errorf("the clone is %q, want 8 characters", clone)
	}
}

// TestGetPrintsLinks below the memory, which is indented.
func TestGetPrintsLinks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	one, two := d.store(t, "one"), d.store(t, "two")
	without := d.run(t, "get", one)
	if !like("{\n  \"access_count\": 0,\n*\n}\n", without.out) || strings.Contains(without.out, "links:") {
		t.Errorf("without links: %+v", without)
	}
	d.run(t, "link", one, two)
	want := without.out + "\nlinks:\n  " + one + " --[related_to]--> " + two + "\n"
	for _, id := range []string{one, two} {
		if got := d.run(t, "get", id); !strings.HasSuffix(got.out, want[len(without.out):]) || got.exit != 0 {
			t.Errorf("with one: %+v, want at its end %q", got, want[len(without.out):])
		}
	}
}

// like tells whether a text is a pattern's, in which a star stands for anything.
func like(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, parts[0])
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(text, part)
		if ok = ok && i >= 0; !ok {
			return false
		}
		text = text[i+len(part):]
	}
	return ok && strings.HasSuffix(text, parts[len(parts)-1])
}
