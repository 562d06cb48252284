package chaosctl

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFlagsFirst(t *testing.T) {
	app := newApp(World{})
	for in, want := range map[string]string{
		"chaosctl":                              "chaosctl",
		"chaosctl replay r --cycle 7":           "chaosctl replay --cycle 7 r",
		"chaosctl replay --cycle 7 r":           "chaosctl replay --cycle 7 r",
		"chaosctl replay r --cycle=7 -q":        "chaosctl replay --cycle=7 -q r",
		"chaosctl replay -q r --cycle 7":        "chaosctl replay -q --cycle 7 r",
		"chaosctl replay r -- --cycle 7":        "chaosctl replay r -- --cycle 7",
		"chaosctl replay r --cycle":             "chaosctl replay --cycle r",
		"chaosctl run --fault a stray --cycles": "chaosctl run --fault a --cycles stray",
		"chaosctl unknown r --cycle 7":          "chaosctl unknown r --cycle 7",
	} {
		if d := cmp.Diff(strings.Fields(want), flagsFirst(app, strings.Fields(in))); d != "" {
			t.Errorf("%s (-want +got):\n%s", in, d)
		}
	}
}
