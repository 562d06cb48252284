package chaosctl

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagsFirst puts the flags of a command before its arguments: the library takes whatever follows
// an argument for one more, and people write "replay runs/x --cycle 7". Words behind "--" stay.
func flagsFirst(app *cli.App, args []string) []string {
	if len(args) < 2 {
		return args
	}
	i := slices.IndexFunc(app.Commands, func(c *cli.Command) bool { return c.HasName(args[1]) })
	if i < 0 {
		return args
	}
	ordered, rest := slices.Clone(args[:2]), []string(nil)
	for words := args[2:]; len(words) > 0; {
		n := 1
		switch {
		case words[0] == "--":
			return slices.Concat(ordered, rest, words)
		case !strings.HasPrefix(words[0], "-") || words[0] == "-":
			rest = append(rest, words[0])
			words = words[1:]
			continue
		case takesValue(app.Commands[i], words[0]) && len(words) > 1:
			n = 2
		}
		ordered = append(ordered, words[:n]...)
		words = words[n:]
	}
	return append(ordered, rest...)
}

// takesValue reports whether the word after a flag is its value.
func takesValue(command *cli.Command, word string) bool {
	name := strings.TrimLeft(word, "-")
	if strings.Contains(name, "=") {
		return false
	}
	for _, f := range command.Flags {
		if slices.Contains(f.Names(), name) {
			_, isBool := f.(*cli.BoolFlag)
			return !isBool
		}
	}
	return false
}
