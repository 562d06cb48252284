package jsontext_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"chaosctl/server/internal/jsontext"
)

// TestCheck has texts that are JSON, and some that encoding/json would take, or mend.
func TestCheck(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"a":[1,"two",null]}`:  "",
		`"\ud83d\ude00"`:        "",
		`"\\ud800"`:             "",
		`"\u00e9 \n"`:           "",
		``:                      "unexpected end of JSON input",
		`{nope`:                 "invalid character 'n'",
		`{} {}`:                 "after top-level value",
		"\"\xff\"":              "invalid UTF-8",
		`"\ud800"`:              "lone surrogate at byte 1",
		`{"a":"\\\udc00"}`:      "lone surrogate at byte 8",
		`"\ud800\ud800"`:        "lone surrogate at byte 1",
		`"\ud800\\udc00"`:       "lone surrogate at byte 1",
		`["\ud83d\ude00\ude00]`: "unexpected end of JSON input",
		`"\ud83d\ude00\ude00"`:  "lone surrogate at byte 13",
	} {
		err := jsontext.Check([]byte(text))
		if want == "" && err != nil {
			t.Errorf("%s: got %v, want it to be fine", text, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q in it", text, err, want)
		}
	}
}

// FuzzCheck has any bytes: what is taken is UTF-8.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"a":"\ud83d\ude00"}`))
	f.Add([]byte("\"\xed\xa0\x80\\ud800\""))
	f.Fuzz(func(t *testing.T, text []byte) {
		if jsontext.Check(text) == nil && !utf8.Valid(text) {
			t.Errorf("%q is taken", text)
		}
	})
}
