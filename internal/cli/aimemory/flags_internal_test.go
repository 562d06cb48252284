package aimemory

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// recordedFlags are the flags of 0.6.0.
type recordedFlags struct {
	Global   []recordedFlag             `json:"global"`
	Commands map[string]recordedCommand `json:"commands"`
}

type recordedCommand struct {
	Arguments []string       `json:"arguments"`
	Options   []recordedFlag `json:"options"`
}

type recordedFlag struct{ Long, Short, Value, Default, Env string }

func readFlags(t *testing.T) (all recordedFlags) {
	t.Helper()
	text, err := os.ReadFile("testdata/flags.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestEveryFlagIsThere has the flags of every command of 0.6.0 but migrate, all of which a command line may hold.
func TestEveryFlagIsThere(t *testing.T) {
	t.Parallel()
	recorded, v := readFlags(t), vocabularyOf(tables())
	if len(recorded.Commands) < 35 || len(recorded.Global) < 6 {
		t.Fatalf("%d commands and %d global flags are recorded", len(recorded.Commands), len(recorded.Global))
	}
	for _, f := range recorded.Global {
		if wrong := f.missingFrom(v.Program.Offered); wrong != "" {
			t.Errorf("%s: %s", f.Long, wrong)
		}
	}
	for name, command := range recorded.Commands {
		at := slices.IndexFunc(v.Places, func(p place) bool { return p.Path == name })
		if at < 0 {
			t.Errorf("there is no command %s", name)
			continue
		}
		for _, f := range command.Options {
			if wrong := f.missingFrom(v.Places[at].Offered); wrong != "" {
				t.Errorf("%s %s: %s", name, f.Long, wrong)
			}
		}
	}
}

// missingFrom tells what is not as recorded; empty when all is.
func (f recordedFlag) missingFrom(options []option) string {
	at := slices.IndexFunc(options, func(o option) bool { return slices.Contains(o.Names, f.Long) })
	if at < 0 {
		return "it is not there"
	}
	o := options[at]
	switch {
	case f.Short != "" && !slices.Contains(o.Names, f.Short):
		return "it is not " + f.Short + " for short"
	case (f.Value == "") != (o.Value == ""):
		return "its value is " + o.Value + ", want " + f.Value
	case f.Default != o.Default:
		return "its default is " + o.Default + ", want " + f.Default
	case f.Env != "" && f.Env != o.Variable:
		return "its variable is " + o.Variable + ", want " + f.Env
	}
	return ""
}

// TestMissingFlagsAreFound shows that the comparison fails where it should.
func TestMissingFlagsAreFound(t *testing.T) {
	t.Parallel()
	options := []option{{Names: []string{"--tier", "-t"}, Value: "TIER", Default: "mid", Variable: "TIER"}}
	as := recordedFlag{"--tier", "-t", "TIER", "mid", "TIER"}
	if wrong := as.missingFrom(options); wrong != "" {
		t.Errorf("as recorded: %s", wrong)
	}
	for _, other := range []recordedFlag{
		{"--tiers", "-t", "TIER", "mid", "TIER"}, {"--tier", "-T", "TIER", "mid", "TIER"}, {"--tier", "-t", "", "mid", "TIER"},
		{"--tier", "-t", "TIER", "", "TIER"}, {"--tier", "-t", "TIER", "short", "TIER"}, {"--tier", "-t", "TIER", "mid", "AI_TIER"},
	} {
		if other.missingFrom(options) == "" {
			t.Errorf("%v is not missed", other)
		}
	}
}

// all calls a function with all commands, and what words name them.
func all(do func(words []string, command *cli.Command)) {
	var walk func(under []string, commands []*cli.Command)
	walk = func(under []string, commands []*cli.Command) {
		for _, command := range commands {
			words := append(slices.Clone(under), command.Name)
			do(words, command)
			walk(words, command.Subcommands)
		}
	}
	walk(nil, tables().Commands)
}

// ran is a run of the program within this one.
func ran(t *testing.T, args ...string) (exit int, out, complaints string) {
	t.Helper()
	var printed, said bytes.Buffer
	exit = Main(t.Context(), append([]string{"ai-memory"}, args...), strings.NewReader(""), &printed, &said)
	return exit, printed.String(), said.String()
}

// TestHelpOfEveryCommand is printed on stdout, however it is asked for, and names all of its flags.
func TestHelpOfEveryCommand(t *testing.T) {
	t.Parallel()
	all(func(words []string, command *cli.Command) {
		var first string
		for _, args := range [][]string{append(slices.Clone(words), "--help"), append(slices.Clone(words), "-h"), append([]string{"help"}, words...)} {
			exit, out, complaints := ran(t, args...)
			if exit != 0 || complaints != "" || !strings.Contains(out, "USAGE:\n   ai-memory "+strings.Join(words, " ")) {
				t.Errorf("%v: exit %d, printed %q, said %q", args, exit, out, complaints)
			}
			if first == "" {
				first = out
			}
			if out != first {
				t.Errorf("%v prints %q, the first way %q", args, out, first)
			}
		}
		for _, f := range slices.Concat(command.Flags, tables().Flags) {
			for _, name := range f.Names() {
				if !strings.Contains(first, "-"+name) {
					t.Errorf("%v: the help does not name %s", words, name)
				}
			}
		}
		for _, below := range command.Subcommands {
			if !strings.Contains(first, "\n   "+below.Name+" ") {
				t.Errorf("%v: the help does not name %s", words, below.Name)
			}
		}
	})
}

// TestArgumentsAreCounted gives every command one argument too many, and one too few, before anything is opened.
func TestArgumentsAreCounted(t *testing.T) {
	t.Parallel()
	recorded := readFlags(t).Commands
	all(func(words []string, command *cli.Command) {
		name := strings.Join(words, " ")
		r, is := recorded[name]
		if !is || len(command.Subcommands) > 0 {
			return
		}
		args := words
		for i := 0; i < len(r.Arguments); i++ {
			if exit, out, complaints := ran(t, append(args, "--db", "/nowhere/m.db")...); exit != 2 || out != "" || !strings.HasPrefix(complaints, "error: the following required arguments were not provided:\n  ") {
				t.Errorf("%v: exit %d, printed %q, said %q", args, exit, out, complaints)
			}
			args = append(slices.Clone(args), "bash")
		}
		args = append(slices.Clone(args), "more")
		exit, out, complaints := ran(t, append(args, "--db", "/nowhere/m.db")...)
		if exit != 2 || out != "" || !strings.HasPrefix(complaints, "error: ") {
			t.Errorf("%v: exit %d, printed %q, said %q", args, exit, out, complaints)
		}
	})
}
