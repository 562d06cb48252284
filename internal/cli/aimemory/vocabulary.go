package aimemory

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

// vocabulary is what may be said on the command line, for completions and the manual page.
type vocabulary struct {
	Program place   // before a command; its options may stand anywhere
	Places  []place // the commands, those with subcommands before these
}

// place is a command, or the program, and what may follow there.
type place struct {
	Path    string // words with blanks between; empty for the program
	Choices []choice
	Options []option // of its own
	Offered []option // with those of the program
	Files   bool     // its argument is a file
}

// choice is a subcommand, or an argument that is one of a few.
type choice struct{ Word, Usage string }

// option is a flag with all its names, hyphens before them.
type option struct {
	at       string // the path of its place
	Names    []string
	Value    string // what its value is called; empty: it takes none
	Usage    string
	Values   []string // nil: any
	Files    bool     // the value is a file
	Default  string   // empty: none
	Variable string   // of the environment, that counts where the option is not given
}

// vocabularyOf is the vocabulary of the program's tables, as they are before it runs: then there are what the
// environment says among the defaults, and flags of the library's own.
func vocabularyOf(app *cli.App) vocabulary {
	v := vocabulary{Program: placeOf("", app.Commands, app.Flags)}
	v.Program.Choices = append(v.Program.Choices, choice{"help", "show help"})
	v.Program.Options = append(v.Program.Options, option{Names: []string{"--help", "-h"}, Usage: "show help"})
	v.Program.Offered = v.Program.Options
	var walk func(under string, commands []*cli.Command)
	walk = func(under string, commands []*cli.Command) {
		for _, command := range commands {
			p := placeOf(strings.TrimSpace(under+" "+command.Name), command.Subcommands, command.Flags)
			p.Files = filesArgument(command.ArgsUsage)
			if p.Path == "completions" {
				for _, shell := range shells() {
					p.Choices = append(p.Choices, choice{shell, "completions of " + shell})
				}
			}
			p.Offered = slices.Clone(p.Options)
			for _, o := range v.Program.Options {
				if !slices.ContainsFunc(p.Options, func(own option) bool { return own.Names[0] == o.Names[0] }) {
					p.Offered = append(p.Offered, o)
				}
			}
			v.Places = append(v.Places, p)
			walk(p.Path, command.Subcommands)
		}
	}
	walk("", app.Commands)
	return v
}

// All returns the program and all commands.
func (v vocabulary) All() []place { return append([]place{v.Program}, v.Places...) }

func placeOf(path string, commands []*cli.Command, flags []cli.Flag) place {
	p := place{Path: path}
	for _, command := range commands {
		p.Choices = append(p.Choices, choice{command.Name, command.Usage})
	}
	for _, f := range flags {
		if o, is := optionOf(path, f); is {
			p.Options = append(p.Options, o)
		}
	}
	return p
}

// Step is the word that leads to a command, behind where it leads from.
func (p place) Step() string {
	at := strings.LastIndex(p.Path, " ")
	return p.Path[:max(0, at)] + "|" + p.Path[at+1:]
}

// Words are the words of the choices.
func (p place) Words() (words []string) {
	for _, c := range p.Choices {
		words = append(words, c.Word)
	}
	return words
}

// Flags are all names of the options that are offered.
func (p place) Flags() (names []string) {
	for _, o := range p.Offered {
		names = append(names, o.Names...)
	}
	return names
}

// optionOf describes a flag.
func optionOf(path string, f cli.Flag) (option, bool) {
	documented, is := f.(cli.DocGenerationFlag)
	if !is {
		return option{}, false
	}
	o := option{at: path}
	for _, name := range f.Names() {
		if len(name) == 1 {
			o.Names = append(o.Names, "-"+name)
		} else {
			o.Names = append(o.Names, "--"+name)
		}
	}
	o.Value, o.Usage = valueName(documented.GetUsage())
	switch {
	case !documented.TakesValue():
		o.Value = ""
	case o.Value == "":
		o.Value = strings.ToUpper(strings.ReplaceAll(f.Names()[0], "-", "_"))
	}
	if o.Value != "" {
		o.Default = documented.GetValue()
	}
	if variables := documented.GetEnvVars(); len(variables) > 0 {
		o.Variable = variables[0]
	}
	o.Values, o.Files = valuesOf(path, f.Names()[0]), filesArgument(o.Value)
	return o, true
}

// Keys are the names of an option behind where they may be said.
func (o option) Keys() (keys []string) {
	for _, name := range o.Names {
		keys = append(keys, o.at+"|"+name)
	}
	return keys
}

// Bare are the names as fish takes them: without hyphens, behind what tells how many there are.
func (o option) Bare() (names []string) {
	for _, name := range o.Names {
		if long, is := strings.CutPrefix(name, "--"); is {
			names = append(names, "-l "+long)
		} else {
			names = append(names, "-s "+name[1:])
		}
	}
	return names
}

// valueName is what the value of a flag is called in its usage, and the usage without the quotes.
func valueName(usage string) (name, plain string) {
	if _, after, found := strings.Cut(usage, "`"); found {
		name, _, _ = strings.Cut(after, "`")
	}
	return name, strings.ReplaceAll(usage, "`", "")
}

// filesArgument tells by its name whether an argument is a file.
func filesArgument(name string) bool {
	return slices.Contains([]string{"FILE", "FOLDER", "PATH", "REMOTE_DB"}, name)
}

// valuesOf are the words that a flag takes, nil when there are others.
func valuesOf(path, flag string) []string {
	switch flag {
	case "tier":
		if path == "recall" || path == "mcp" {
			return server.FeatureTiers()
		}
		var tiers []string
		for _, t := range server.Tiers() {
			tiers = append(tiers, string(t))
		}
		return tiers
	case "source":
		return server.Sources()
	case "scope":
		return server.Scopes()
	case "relation":
		return server.Relations()
	case "direction":
		return []string{string(server.SyncMerge), string(server.SyncPull), string(server.SyncPush)}
	case "format":
		return []string{"claude", "chatgpt", "slack"}
	case "status":
		return []string{"pending", "approved", "rejected"}
	}
	return nil
}
