package buildinfo

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestFromBuild(t *testing.T) {
	t.Parallel()
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	for name, test := range map[string]struct {
		build debug.BuildInfo
		want  string
	}{
		"a release": {
			debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "v1.2.3 (",
		},
		"a working copy": {
			debug.BuildInfo{
				Main:     debug.Module{Version: "(devel)"},
				Settings: []debug.BuildSetting{setting("vcs.revision", "abc"), setting("vcs.modified", "true")},
			},
			"devel abc+dirty (",
		},
		"a clean working copy": {
			debug.BuildInfo{Settings: []debug.BuildSetting{setting("vcs.modified", "false"), setting("vcs.revision", "abc")}},
			"devel abc (",
		},
		"nothing known": {debug.BuildInfo{}, "devel ("},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := from(&test.build).String(); !strings.HasPrefix(got, test.want) {
				t.Errorf("got %q, want it to begin with %q", got, test.want)
			}
		})
	}
}
