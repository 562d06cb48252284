package aimemory_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestManual has every command, is the same whatever the environment says, and is roff that nothing
// can be said against where there is something that could.
func TestManual(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	got := d.run(t, "man")
	if got.exit != 0 || got.err != "" {
		t.Fatalf("%+v", got)
	}
	for _, want := range []string{
		`.TH "AI\-MEMORY" "1" "" "ai\-memory 0.6.0" "User Commands"`,
		`.SH "NAME"`, `.SH "SYNOPSIS"`, `.SH "OPTIONS"`, `.SH "COMMANDS"`, `.SH "ENVIRONMENT"`, `.SH "FILES"`, `.SH "EXIT STATUS"`,
		`.SS "store"`, `.SS "archive purge"`, `.SS "agents register"`, `.SS "pending approve ID"`, `.SS "completions SHELL"`,
		".TP\n.B \"\\-\\-title, \\-T TITLE\"\n", ".TP\n.B \"\\-\\-min\\-count N\"\nLeave groups of less than N memories. Default: 3.\n",
		"\nPATH of the database file. Default: ai\\-memory.db. Environment: AI_MEMORY_DB.\n", ".B \"AI_MEMORY_NO_CONFIG\"\n",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %q in it", want)
		}
	}
	known := regexp.MustCompile(`^\.(TH|SH|SS|TP|B)( |$)`)
	for line := range strings.Lines(got.out) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, ".") && !known.MatchString(line) || strings.HasPrefix(line, "'") || line == "" {
			t.Errorf("line %q", line)
		}
	}
	d.env = []string{"AI_MEMORY_DB=" + d.home + "/other.db", "AI_MEMORY_AGENT_ID=ann"}
	if again := d.run(t, "man"); again.out != got.out {
		t.Error("it depends on the environment")
	}
	if groff, err := exec.LookPath("groff"); err == nil {
		lint := exec.CommandContext(t.Context(), groff, "-ww", "-z", "-man", "-Tutf8")
		lint.Stdin = strings.NewReader(got.out)
		if out, err := lint.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("groff: %v\n%s", err, out)
		}
	}
}
