package httpapi

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chaosctl/server/internal/jsontext"
)

// valid are texts that a cut must get right.
var valid = []string{
	`{}`, ` { } `, `[]`, `null`, `""`, `-1.5e3`, ` true `,
	`{"a":1}`, "\n{ \"a\" :\t1 , \"b\":[ ] }\r\n", `{"a":{"b":[1,{"c":"}"}]},"d":"]"}`,
	`{"a\"b":"\\","\u0061":"\"","":null}`, `{"a":1,"a":2}`,
	`[1, "two" ,[3,[4]],{"five":5},null,true,false,-0.1e+7]`, `["\\\"],[",{"\\":"{"}]`, `[[],{},""]`,
	`{"memories":[{"metadata":{"x":[1,2]}},{}],"dry_run":false}`, `{"é":"ü — 猫"}`,
}

// TestCut compares with encoding/json.
func TestCut(t *testing.T) {
	for _, text := range valid {
		cut(t, text)
	}
}

// FuzzCut does so with any JSON.
func FuzzCut(f *testing.F) {
	for _, text := range valid {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if jsontext.Check([]byte(text)) == nil {
			cut(t, text)
		}
	})
}

func cut(t *testing.T, text string) {
	t.Helper()
	var want map[string]json.RawMessage
	isObject := json.Unmarshal([]byte(text), &want) == nil && want != nil
	got := map[string]json.RawMessage{}
	if ok := members([]byte(text), func(name string, value json.RawMessage) { got[name] = value }); ok != isObject {
		t.Errorf("%s: taken for an object: %v", text, ok)
	}
	if diff := cmp.Diff(want, got); isObject && diff != "" {
		t.Errorf("members of %s (-want +got):\n%s", text, diff)
	}

	var all []json.RawMessage
	isArray := json.Unmarshal([]byte(text), &all) == nil && all != nil
	values, ok := elements([]byte(text))
	if ok != isArray {
		t.Errorf("%s: taken for an array: %v", text, ok)
	}
	if diff := cmp.Diff(all, values); isArray && len(all)+len(values) > 0 && diff != "" {
		t.Errorf("elements of %s (-want +got):\n%s", text, diff)
	}

	var whole string
	isString := json.Unmarshal([]byte(text), &whole) == nil && strings.Contains(text, `"`)
	text = strings.Trim(text, " \n\t\r")
	if s, ok := unescaped([]byte(text)); ok && (!isString || s != whole) {
		t.Errorf("%s: read as %q, want %q", text, s, whole)
	}
}

// TestCheckNumbers has numbers that float64 holds and some that it does not.
func TestCheckNumbers(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"a":1e308,"b":[-0.0,1e-999]}`: true, `"1e999"`: true, `{"1e999":"\"1e999"}`: true, `[true,null]`: true,
		`1e309`: false, `[1,-1e309]`: false, `{"a":{"b":1e999}}`: false, "[" + strings.Repeat("9", 400) + "]": false,
	} {
		if err := checkNumbers([]byte(text)); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
