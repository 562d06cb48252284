package memory_test

import (
	"regexp"
	"strings"
	"testing"

	"chaosctl/server/internal/memory"
)

func TestIdentity(t *testing.T) {
	t.Parallel()
	known := memory.Identity{Host: "box-1", PID: 7, Discerner: "0a1b2c3d"}
	hidden := memory.Identity{PID: 7, Discerner: "0a1b2c3d"}
	for what, test := range map[string]struct{ got, want string }{
		"host":             {known.Agent(), "host:box-1:pid-7-0a1b2c3d"},
		"anonymous":        {hidden.Agent(), "anonymous:pid-7-0a1b2c3d"},
		"client":           {known.Client("My Client!"), "ai:My-Client@box-1:pid-7"},
		"client, hidden":   {hidden.Client("demo"), "ai:demo@anonymous:pid-7"},
		"client of no use": {known.Client("!?"), "host:box-1:pid-7-0a1b2c3d"},
		"no client":        {known.Client(""), "host:box-1:pid-7-0a1b2c3d"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", what, test.got, test.want)
		}
		if err := memory.ValidateAgentID(test.got); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if long := known.Client(strings.Repeat("é x", 500)); memory.ValidateAgentID(long) != nil {
		t.Errorf("%q is no agent id", long)
	}
	if got := memory.NewIdentity(true).Agent(); !regexp.MustCompile(`^anonymous:pid-[0-9]+-[0-9a-f]{8}$`).MatchString(got) {
		t.Errorf("of this process: %q", got)
	}
}
