package memory

import (
	"strings"
	"testing"
)

// TestIsCanonical recognizes nothing that decoding and encoding would change, and what metadata
// mostly is.
func TestIsCanonical(t *testing.T) {
	const other = false
	for text, want := range map[string]bool{
		`{"agent_id":"anonymous:req-1"}`: true, `{"a":"","b":"<&>","c":"x y"}`: true, `{"":"1"}`: true,
		`{"b":"","a":""}`: other, `{"a":"","a":""}`: other, `{"a": ""}`: other, ` {"a":""}`: other, `{"a":""} `: other,
		`{"a":"\u0041"}`: other, `{"a":"é"}`: other, "{\"a\":\"\x7f\"}": other, "{\"a\":\"\xff\"}": other, "{\"a\":\"\n\"}": other,
		`{"a":1}`: other, `{"a":{}}`: other, `{"a":""`: other, `{"a":""}}`: other, `{"a"}`: other, `{"a":"",}`: other,
		`{}`: other, `{`: other, ``: other, `[""]`: other, `"a"`: other, `{"a":"b"x"c":"d"}`: other, `{"a":"b","c"}`: other,
	} {
		if got := isCanonical([]byte(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
		object, err := decodeObject([]byte(text))
		if !want || err != nil {
			if want {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if again, err := encode(object); err != nil || string(again) != text {
			t.Errorf("%s is canonical, but written as %s (%v)", text, again, err)
		}
	}
	long := []byte(`{"a":"` + strings.Repeat("x", maxMetadata) + `"}`)
	if !isCanonical(long) || ValidateMetadata(long) == nil {
		t.Error("long metadata is taken")
	}
}
