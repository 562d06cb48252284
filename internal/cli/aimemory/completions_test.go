package aimemory_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// completion is a line under way, and what is offered for its last word.
type completion struct {
	words []string
	want  []string // all that is offered; nil: see with and without
	with  []string
	never []string
}

func lineOf(words ...string) []string { return append([]string{"ai-memory"}, words...) }

// completed are lines that every shell completes alike.
func completed() []completion {
	tiers := []string{"short", "mid", "long"}
	return []completion{
		{words: lineOf("arch"), want: []string{"archive"}},
		{words: lineOf(""), with: []string{"serve", "store", "archive", "completions", "man", "shell", "help"}, never: []string{"register", "restore-all"}},
		{words: lineOf("--db"), want: []string{"--db", "--db-passphrase-file"}},
		{words: lineOf("archive", ""), with: []string{"list", "restore", "purge", "stats"}, never: []string{"serve", "register", "store"}},
		{words: lineOf("archive", "list", "--o"), want: []string{"--offset"}},
		{words: lineOf("list", "--o"), want: []string{"--offset"}},
		{words: lineOf("list", "--a"), want: []string{"--agent-id"}},
		{words: lineOf("store", "--t"), want: []string{"--tier", "--title", "--tags", "--ttl-secs"}},
		{words: lineOf("store", "--tier", ""), want: tiers},
		{words: lineOf("store", "-t", "m"), want: []string{"mid"}},
		{words: lineOf("--json", "--db", "archive", "store", "--tier", "l"), want: []string{"long"}},
		{words: lineOf("store", "-T", "archive", "-c", "list", "--sco"), want: []string{"--scope"}},
		{words: lineOf("recall", "x", "--tier", ""), want: []string{"keyword", "semantic", "smart", "autonomous"}},
		{words: lineOf("recall", "-T", "s"), want: []string{"semantic", "smart"}},
		{words: lineOf("link", "a", "b", "-r", "c"), want: []string{"contradicts"}},
		{words: lineOf("store", "--scope", "t"), want: []string{"team"}},
		{words: lineOf("store", "--source", "use"), want: []string{"user"}},
		{words: lineOf("sync", "r.db", "--direction", "pu"), want: []string{"pull", "push"}},
		{words: lineOf("mine", "x", "--format", "c"), want: []string{"claude", "chatgpt"}},
		{words: lineOf("pending", "list", "--status", ""), want: []string{"pending", "approved", "rejected"}},
		{words: lineOf("completions", ""), with: []string{"bash", "elvish", "fish", "powershell", "zsh"}, never: []string{"serve"}},
		{words: lineOf("--agent-id", "store", "arch"), want: []string{"archive"}},
		{words: lineOf("agents", "register", "--cap"), want: []string{"--capabilities"}},
	}
}

// check compares what a shell offered, one a line.
func (c completion) check(t *testing.T, out string) {
	t.Helper()
	var got []string
	for offer := range strings.Lines(out) {
		got = append(got, strings.TrimSpace(offer))
	}
	slices.Sort(got)
	got = slices.Compact(got)
	if c.want != nil {
		if d := cmp.Diff(slices.Sorted(slices.Values(c.want)), got); d != "" {
			t.Errorf("%q (-want +got):\n%s", c.words, d)
		}
		return
	}
	for _, word := range c.with {
		if !slices.Contains(got, word) {
			t.Errorf("%q: no %q among %q", c.words, word, got)
		}
	}
	for _, word := range c.never {
		if slices.Contains(got, word) {
			t.Errorf("%q: %q is offered", c.words, word)
		}
	}
}

// askers ask a shell, which has its script in $1, for what it offers for a line, whose words follow.
// Outside a terminal some of what completions use is not there, and is stood in for.
func askers() map[string][]string {
	return map[string][]string{
		"bash": {"-c", `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ai_memory; printf '%s\n' "${COMPREPLY[@]}"`, "-"},
		"zsh": {"-f", "-c", `compdef() { : }; source "$1"; shift; words=("$@"); CURRENT=$#
			fits() { [[ $1 == "${words[CURRENT]}"* ]] && print -r -- $1 }
			compadd() { shift; for w in "$@"; do fits $w; done }
			_describe() { for w in "${(@P)@[-1]}"; do fits ${w%%:*}; done }
			_files() { : }; _message() { : }
			_ai-memory; true`, "-"},
		"fish": {"-N", "-c", `source $argv[1]; complete -C (string join ' ' -- $argv[2..-1]) | string replace -r '\t.*' ''`},
		"elvish": {"-norc", "-c", `var words = $args[1..]
			var edit: = (ns [&completion:=(ns [&arg-completer=[&]])
				&complex-candidate~={|w &display=''| put $w } &complete-filename~={|@a| nop }])
			eval &ns=(ns [&edit:=$edit:]) (slurp < $args[0])
			use str
			$edit:completion:arg-completer[ai-memory] $@words | each {|w| if (str:has-prefix $w $words[-1]) { echo $w } }`},
	}
}

// TestCompletions has every shell that is here complete lines. Bash is.
func TestCompletions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for shell, asker := range askers() {
		got := d.run(t, "completions", shell)
		if got.exit != 0 || got.err != "" {
			t.Fatalf("%s: %+v", shell, got)
		}
		script := filepath.Join(d.home, "script."+shell)
		if err := os.WriteFile(script, []byte(got.out), 0o600); err != nil {
			t.Fatal(err)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			if shell == "bash" {
				t.Error(err)
			}
			continue
		}
		for _, c := range completed() {
			ask := exec.CommandContext(t.Context(), path, append(append(slices.Clone(asker), script), c.words...)...)
			ask.Env = append(os.Environ(), "HOME="+d.home, "XDG_CONFIG_HOME="+d.home, "XDG_DATA_HOME="+d.home)
			out, err := ask.Output()
			if err != nil {
				t.Errorf("%s %q: %v", shell, c.words, err)
			}
			c.check(t, string(out))
		}
	}
}

// TestBashCompletesBehindEquals that bash has made words of their own of.
func TestBashCompletesBehindEquals(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	script := filepath.Join(d.home, "script")
	if err := os.WriteFile(script, []byte(d.run(t, "completions", "bash").out), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []completion{
		{words: lineOf("store", "--tier", "="), want: []string{"long", "mid", "short"}},
		{words: lineOf("store", "--tier", "=", "s"), want: []string{"short"}},
		{words: lineOf("--db", "=", "x", "store", "--tier", "=", "s", "--sco"), want: []string{"--scope"}},
	} {
		out, err := exec.CommandContext(t.Context(), "bash", append(append(slices.Clone(askers()["bash"]), script), c.words...)...).Output()
		if err != nil {
			t.Errorf("%q: %v", c.words, err)
		}
		c.check(t, string(out))
	}
}

// TestCompletionsOfAllShells are not empty, and quote what could end a text.
func TestCompletionsOfAllShells(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for shell, hints := range map[string][]string{
		"bash":       {"complete -o bashdefault -o default -F _ai_memory ai-memory\n"},
		"elvish":     {"set edit:completion:arg-completer[ai-memory] = ", "OpenAI''s"},
		"fish":       {"\ncomplete -c ai-memory -n '__ai_memory_at \\'archive list\\'' -l offset -x -d '", `OpenAI\'s`},
		"powershell": {"Register-ArgumentCompleter -Native -CommandName 'ai-memory'", "'archive|list' { $at = 'archive list'; break }", "OpenAI''s"},
		"zsh":        {"#compdef ai-memory\n", "\n    ('archive list')\n", `OpenAI'\''s`},
	} {
		got := d.run(t, "completions", shell)
		for _, hint := range append(hints, "auto-consolidate", "--older-than-days", "autonomous") {
			if !strings.Contains(got.out, hint) {
				t.Errorf("%s: no %q in it", shell, hint)
			}
		}
		if got.exit != 0 || got.err != "" || strings.Contains(got.out, "<no value>") || strings.Contains(got.out, "`") {
			t.Errorf("%s: exit %d, %q on stderr", shell, got.exit, got.err)
		}
	}
	d.refused(t, 2, "error: invalid value 'tcsh' for '<SHELL>'", "completions", "tcsh")
	d.refused(t, 2, "error: the following required arguments were not provided:", "completions")
	d.refused(t, 2, "error: unexpected argument 'zsh' found", "completions", "bash", "zsh")
}
