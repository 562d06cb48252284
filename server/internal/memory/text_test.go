package memory_test

import (
	"testing"

	"chaosctl/server/internal/memory"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\tb\nc": "a\tb\nc", "a\r\nb": "a\nb", "\x00\x1b[1m": "[1m", "\u0085x": "x", "a\xffb": "ab", "日本": "日本", "": "",
	} {
		if got := memory.Clean(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestFirst(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text         string
		n            int
		bytes, runes string
	}{
		{"abc", 2, "ab", "ab"}, {"abc", 3, "abc", "abc"}, {"abc", 9, "abc", "abc"}, {"äöü", 3, "ä", "äöü"}, {"äöü", 0, "", ""}, {"", 1, "", ""},
	} {
		if got := memory.FirstBytes(test.text, test.n); got != test.bytes {
			t.Errorf("%q, %d bytes: %q, want %q", test.text, test.n, got, test.bytes)
		}
		if got := memory.FirstRunes(test.text, test.n); got != test.runes {
			t.Errorf("%q, %d characters: %q, want %q", test.text, test.n, got, test.runes)
		}
	}
}
