package aimemory_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestStoreChecksInOrder has more and more things wrong: the first in the order of contract section 7.2 is
// told, and nothing is stored.
func TestStoreChecksInOrder(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	values := map[string]string{
		"tier": "mid", "title": "t", "content": "c", "namespace": "n", "source": "cli", "tags": "a", "priority": "5",
		"confidence": "1", "expires-at": "2199-01-01T00:00:00Z", "ttl-secs": "60", "agent-id": "ann", "scope": "team",
	}
	for _, broken := range []struct{ flag, value, want string }{ // the last to be checked first
		{"scope", "x", "Error: invalid scope 'x' — must be one of: private, team, unit, org, collective"},
		{"agent-id", "a b", "Error: invalid agent_id: agent_id contains invalid character ' ' (allowed: alphanumeric, _-:@./)"},
		{"ttl-secs", "-5", "Error: ttl_secs must be positive (got -5)"},
		{"expires-at", "2020-01-01T00:00:00Z", "Error: expires_at is in the past"},
		{"confidence", "NaN", "Error: confidence must be a finite number"},
		{"confidence", "-0.1", "Error: confidence must be between 0.0 and 1.0 (got -0.1)"},
		{"priority", "11", "Error: priority must be between 1 and 10 (got 11)"},
		{"tags", strings.Repeat("x", 129), "Error: tag '" + strings.Repeat("x", 20) + "...' exceeds max length of 128 bytes"},
		{"source", "robot", "Error: invalid source 'robot' — must be one of: user, claude, hook, api, cli, import, consolidation, system, chaos"},
		{"namespace", "a b", "Error: namespace cannot contain spaces (use hyphens or underscores)"},
		{"content", " ", "Error: content cannot be empty"},
		{"title", "", "Error: title cannot be empty"},
		{"tier", "typo", "Error: invalid tier: typo (use short, mid, long)"},
	} {
		values[broken.flag] = broken.value
		args := []string{"store"}
		for flag, value := range values {
			args = append(args, "--"+flag, value)
		}
		d.refused(t, 1, broken.want, args...)
	}
	if n := d.total(t); n != 0 {
		t.Errorf("%v memories were stored", n)
	}
}

// TestStoreFromStdin takes the content from a pipe, as long as it is text and not too long.
func TestStoreFromStdin(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for name, test := range map[string]struct {
		stdin string
		exit  int
		says  string // first on stderr
	}{
		"two lines":       {"one\ntwo\n", 0, ""},
		"as long as may":  {strings.Repeat("é", 32768), 0, ""},
		"nothing":         {"", 1, "Error: content cannot be empty"},
		"too long":        {strings.Repeat("é", 32769), 1, "Error: content exceeds max size of 65536 bytes"},
		"much too long":   {"x" + strings.Repeat("é", 1<<20), 1, "Error: content exceeds max size of 65536 bytes"},
		"no UTF-8":        {"caf\xe9", 1, "Error: standard input is not valid UTF-8"},
		"half a letter":   {"caf\xc3", 1, "Error: standard input is not valid UTF-8"},
		"NUL":             {"a\x00b", 1, "Error: content contains invalid characters"},
		"carriage return": {"a\r\nb", 1, "Error: content contains invalid characters"},
	} {
		got := d.pipe(t, test.stdin, "store", "-n", "n", "-T", name, "-c", "-", "--json")
		says, _, _ := strings.Cut(got.err, "\n")
		if got.exit != test.exit || says != test.says || (got.out == "") != (test.exit != 0) {
			t.Errorf("%s: exit %d, said %q, want %d, %q", name, got.exit, says, test.exit, test.says)
		}
	}
	found := d.object(t, "search", "two")["results"].([]any)
	if len(found) != 1 || found[0].(map[string]any)["content"] != "one\ntwo\n" {
		t.Errorf("stored %v", found)
	}
	// A dash is only the content's: a title may be one.
	if m := d.object(t, "store", "-n", "n", "-T", "-", "-c", "dash"); m["title"] != "-" {
		t.Errorf("title %v", m["title"])
	}
}

// fakeGit puts a program in the place of git.
func (d *desk) fakeGit(t *testing.T, script string) {
	t.Helper()
	bin := filepath.Join(d.home, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	script = "#!/bin/sh\n[ \"$*\" = 'remote get-url origin' ] || exit 3\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	d.env = []string{"PATH=" + bin + ":/usr/bin:/bin"}
}

// TestDefaultNamespace is named for the repository, else for the directory (contract section 7.1).
func TestDefaultNamespace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ script, want string }{
		"https":              {"echo https://example.org/team/project.git", "project"},
		"no ending":          {"echo https://example.org/team/project", "project"},
		"without a slash":    {"echo git@example.org:repo.git", "git@example.org:repo"},
		"a slash at the end": {"echo https://example.org/team/", "desk"},
		"no origin":          {"echo 'error: No such remote' >&2; exit 2", "desk"},
		"nothing":            {"true", "desk"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &desk{home: filepath.Join(t.TempDir(), "desk")}
			d.fakeGit(t, test.script)
			if m := d.object(t, "store", "-T", "t", "-c", "c"); m["namespace"] != test.want {
				t.Errorf("namespace %v, want %s", m["namespace"], test.want)
			}
			if m := d.object(t, "store", "-T", "t", "-c", "c", "-n", "given"); m["namespace"] != "given" {
				t.Errorf("namespace %v, want the given one", m["namespace"])
			}
		})
	}
}

// TestDefaultNamespaceIsChecked like every other.
func TestDefaultNamespaceIsChecked(t *testing.T) {
	t.Parallel()
	d := &desk{home: filepath.Join(t.TempDir(), "two words")}
	if err := os.Mkdir(d.home, 0o700); err != nil {
		t.Fatal(err)
	}
	d.refused(t, 1, "Error: namespace cannot contain spaces (use hyphens or underscores)", "store", "-T", "t", "-c", "c")
}

// TestGitThatHangs is not waited for, nor what it has left behind.
func TestGitThatHangs(t *testing.T) {
	t.Parallel()
	d := &desk{home: filepath.Join(t.TempDir(), "desk")}
	d.fakeGit(t, "sleep 5 & echo https://example.org/late.git; wait")
	began := time.Now()
	if m := d.object(t, "store", "-T", "t", "-c", "c"); m["namespace"] != "desk" {
		t.Errorf("namespace %v", m["namespace"])
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
