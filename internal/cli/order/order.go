// Package order puts the words of a command line into the order that the library for command
// lines expects: it takes whatever follows an argument for one more, and people write flags
// where they think of them.
package order

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Arrange returns the words of a command line, the program's name first: flags of the program,
// the command and its subcommand, their flags, and then the arguments. Words behind "--" stay. A
// flag that the command does not have may be one of the program, and stands anywhere then. Repeated
// is the first flag of one value that was given twice; empty when there is none.
func Arrange(app *cli.App, args []string) (arranged []string, repeated string) {
	if len(args) == 0 {
		return args, ""
	}
	l := line{program: app.Flags, commands: app.Commands, seen: map[place]bool{}}
	for words := args[1:]; len(words) > 0; {
		words = words[l.take(words):]
	}
	return slices.Concat(args[:1], l.global, l.path, l.local, l.rest), l.repeated
}

// line is a command line under way.
type line struct {
	program, own []cli.Flag     // that may come
	commands     []*cli.Command // likewise

	global, path, local, rest []string // of what came
	seen                      map[place]bool
	repeated                  string
}

// place is a flag, before the command or behind it. One of the program may stand in both: the last counts.
type place struct {
	flag   cli.Flag
	behind bool
}

// take takes the first of some words, with its value if that is one of its own, and returns how
// many those are.
func (l *line) take(words []string) int {
	word := words[0]
	if word == "--" {
		l.rest = append(l.rest, words...)
		return len(words)
	}
	if !strings.HasPrefix(word, "-") || word == "-" {
		l.argument(word)
		return 1
	}
	to := &l.local
	flag, attached := find(l.own, word)
	if flag == nil {
		if flag, attached = find(l.program, word); flag != nil {
			to = &l.global
		}
	}
	l.note(flag, word)
	switch {
	case attached != "":
		*to = append(*to, word[:2], attached)
	case flag != nil && takesValue(flag) && !strings.Contains(word, "=") && len(words) > 1:
		*to = append(*to, words[:2]...)
		return 2
	default:
		*to = append(*to, word)
	}
	return 1
}

// argument takes a word that is no flag: the next command, or an argument of the last.
func (l *line) argument(word string) {
	i := slices.IndexFunc(l.commands, func(c *cli.Command) bool { return c.HasName(word) })
	if i < 0 || len(l.rest) > 0 {
		l.rest = append(l.rest, word)
		l.commands = nil
		return
	}
	l.path = append(l.path, word)
	l.own, l.commands = slices.Concat(l.own, l.commands[i].Flags), l.commands[i].Subcommands
}

// note sees that a flag of one value is given once.
func (l *line) note(flag cli.Flag, word string) {
	if flag == nil {
		return
	}
	at := place{flag, len(l.path) > 0}
	if l.seen[at] && !manyValued(flag) && l.repeated == "" {
		l.repeated, _, _ = strings.Cut(word, "=")
	}
	l.seen[at] = true
}

// find returns the flag that a word names, and its value when that is attached to a short name,
// as in -n5.
func find(flags []cli.Flag, word string) (flag cli.Flag, attached string) {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	for i := len(flags) - 1; i >= 0; i-- { // those of the subcommand first
		if slices.Contains(flags[i].Names(), name) {
			return flags[i], ""
		}
	}
	if len(word) < 3 || word[1] == '-' {
		return nil, ""
	}
	for _, f := range flags {
		if slices.Contains(f.Names(), word[1:2]) && takesValue(f) {
			return f, word[2:]
		}
	}
	return nil, ""
}

func takesValue(f cli.Flag) bool {
	_, isBool := f.(*cli.BoolFlag)
	return !isBool
}

func manyValued(f cli.Flag) bool {
	many, is := f.(interface{ IsSliceFlag() bool })
	return is && many.IsSliceFlag()
}
