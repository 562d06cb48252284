package aimemory_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"chaosctl/internal/cli/aimemory"
)

// TestStoppedAtStart stops programs that run until they are stopped before they have begun: that is no failure.
// For a command it is.
func TestStoppedAtStart(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]int{
		"serve --port 0": 0, "sync-daemon --peers http://127.0.0.1:1": 0, "mcp --tier keyword": 0, "mcp --http 127.0.0.1:0": 0,
		"curator --daemon": 0, "curator --once": 1, "stats": 1,
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			args := append([]string{"ai-memory", "--db", filepath.Join(t.TempDir(), "memory.db")}, strings.Fields(line)...)
			var stdout, stderr bytes.Buffer
			if got := aimemory.Main(ctx, args, strings.NewReader(""), &stdout, &stderr); got != want {
				t.Errorf("exit status %d, want %d\n%s", got, want, stderr.String())
			}
		})
	}
}
