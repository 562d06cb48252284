package llm

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/memory"
)

// TestItems reads lists as models write them.
func TestItems(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string][]string{
		"go, sqlite , chaos":                         {"go", "sqlite", "chaos"},
		"- go\n* sqlite\n• chaos\n":                  {"go", "sqlite", "chaos"},
		"1. go\n2) sqlite\n10. 3d printing\n":        {"go", "sqlite", "3d printing"},
		"2024\n3.5 inch":                             {"2024", "3.5 inch"},
		`["go", "sqlite"]`:                           {"go", "sqlite"},
		"```json\n[\"go\",\n\"sqlite\"]\n```":        {"go", "sqlite"},
		`{"tags": ["go", "sqlite"]}`:                 {"go", "sqlite"},
		"Here they are:\n[\"a\"] that is all":        {"a"},
		"```\ngo\nsqlite\n```":                       {"go", "sqlite"},
		"go\ngo\n\n  \n\"go\"\n":                     {"go"},
		"#go":                                        {"go"},
		"a, b, c, d, e":                              {"a", "b", "c", "d"},
		"too long a thing for these bounds of items": {},
		"":             {},
		"a\x00b\u0085": {"ab"},
	} {
		if d := cmp.Diff(want, items(answer, 4, 20)); d != "" {
			t.Errorf("%q (-want +got):\n%s", answer, d)
		}
	}
}

// TestVerdict reads yes and no as models write them.
func TestVerdict(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"yes": "yes", "Yes.": "yes", "YES, they do; there is no doubt": "yes", "**Yes**": "yes", "true": "yes",
		"no": "no", "No - both can be true": "no", "FALSE": "no", "The answer is: no": "no", "I think so, yes": "yes",
		"": "unclear", "perhaps": "unclear", "It may be yes or no": "unclear", "nobody knows": "unclear",
	} {
		yes, err := verdict(answer)
		got := map[bool]string{true: "yes", false: "no"}[yes]
		if errors.Is(err, ErrUnclear) {
			got = "unclear"
		}
		if got != want {
			t.Errorf("%q is %s, want %s", answer, got, want)
		}
	}
}

// FuzzAnswer feeds what a model might say to all that reads it: what comes out keeps the bounds of memories.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{"yes", "no", "- a\n- b", `["a","b"]`, "a, b", "<think>no</think>yes", "```json\n[]\n```", "[[[", "\xff\x00", "1. \n2) x"} {
		f.Add(seed)
	}
	c, err := New(Options{URL: "http://127.0.0.1:1"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		got := items(answer, maxTags, maxTag)
		if len(got) > maxTags {
			t.Errorf("%d items", len(got))
		}
		for i, item := range got {
			if item != strings.TrimSpace(item) || item == "" || len(item) > maxTag || !utf8.ValidString(item) || slices.Index(got, item) != i || memory.Clean(item) != item {
				t.Errorf("item %q of %q", item, got)
			}
		}
		if yes, err := verdict(answer); yes && err != nil {
			t.Error("yes, and unclear")
		}
		text := memory.FirstBytes(memory.Clean(answer), maxSummary)
		if !utf8.ValidString(text) || len(text) > maxSummary {
			t.Errorf("summary %q", text)
		}
		if text, err := c.content([]byte(answer)); err == nil && strings.TrimSpace(text) == "" {
			t.Errorf("content %q", text)
		}
	})
}
