package server

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParseAllowlist has the file format of contract section 13.3.
func TestParseAllowlist(t *testing.T) {
	t.Parallel()
	const digits = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	upper := strings.ToUpper(digits)
	const length = "expected 64 hex chars (optionally with `:` separators), got "
	for name, test := range map[string]struct {
		text string
		want []string
		err  string
	}{
		"nothing":            {"", nil, ""},
		"blanks, comments":   {"\n  \n# a comment\n  # another\n", nil, ""},
		"plain":              {digits, []string{digits}, ""},
		"prefix":             {"sha256:" + digits + "\n", []string{digits}, ""},
		"upper case":         {upper, []string{digits}, ""},
		"colons anywhere":    {"sha256:00:11" + digits[4:] + ":", []string{digits}, ""},
		"CRLF, blanks":       {"  " + digits + "\t\r\n", []string{digits}, ""},
		"comment after":      {digits + " # box2", []string{digits}, ""},
		"two, one twice":     {digits + "\n" + strings.Repeat("0", 64) + "\n" + digits, []string{strings.Repeat("0", 64), digits}, ""},
		"upper case prefix":  {"SHA256:" + digits, nil, "mTLS allowlist line 1: " + length + "70"},
		"too short":          {"\n" + digits[1:], nil, "mTLS allowlist line 2: " + length + "63"},
		"too long":           {digits + "0", nil, "mTLS allowlist line 1: " + length + "65"},
		"not hexadecimal":    {"# x\n\n" + digits[:63] + "g", nil, "mTLS allowlist line 3: invalid hex"},
		"words after":        {digits + " box2", nil, "mTLS allowlist line 1: " + length + "69"},
		"a good one is none": {digits + "\nnonsense", nil, "mTLS allowlist line 2: " + length + "8"},
	} {
		got, err := parseAllowlist(test.text)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if diff := cmp.Diff(test.err, message); diff != "" {
			t.Errorf("%s: error (-want +got):\n%s", name, diff)
		}
		want := map[string]bool{}
		for _, digits := range test.want {
			want[digits] = true
		}
		have := map[string]bool{}
		for fingerprint := range got {
			have[hex.EncodeToString(fingerprint[:])] = true
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s: fingerprints (-want +got):\n%s", name, diff)
		}
	}
}
