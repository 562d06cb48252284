package aimemory

import (
	"slices"
	"strings"
	"text/template"

	"github.com/urfave/cli/v2"
)

func completionsCommand() *cli.Command {
	return &cli.Command{
		Name: "completions", Usage: "print what makes a shell complete commands and flags: " + strings.Join(shells(), ", "),
		ArgsUsage: "SHELL", Action: completions,
	}
}

// shells are those for which there are completions.
func shells() []string { return []string{"bash", "elvish", "fish", "powershell", "zsh"} }

// completions prints a script. The scripts work alike: they walk along the words before the one that is to
// be completed, to learn at which place of the program that is, or whose value it is, and offer what there
// is. A place and a word that follows there are written PLACE|WORD.
func completions(c *cli.Context) error {
	args, err := arguments(c, "SHELL")
	if err != nil {
		return err
	}
	if !slices.Contains(shells(), args[0]) {
		return usagef("invalid value '%s' for '<SHELL>'\n  [possible values: %s]", args[0], strings.Join(shells(), ", "))
	}
	text, quote := bashScript, quoter(`'\''`)
	switch args[0] {
	case "elvish":
		text, quote = elvishScript, quoter("''")
	case "fish":
		text, quote = fishScript, func(text string) string { return quoter(`\'`)(strings.ReplaceAll(text, `\`, `\\`)) }
	case "powershell":
		text, quote = powershellScript, quoter("''")
	case "zsh":
		text = zshScript
	}
	script, err := template.New(args[0]).Funcs(template.FuncMap{
		"quote": quote,
		"list": func(before, between string, texts []string) string {
			quoted := make([]string, len(texts))
			for i, text := range texts {
				quoted[i] = before + quote(text)
			}
			return strings.Join(quoted, between)
		},
		"join": strings.Join,
	}).Parse(text)
	if err != nil {
		return err
	}
	return script.Execute(c.App.Writer, vocabularyOf(tables()))
}

// quoter returns what puts a text between single quotes, for a shell in which that character itself is
// written in some way there.
func quoter(quote string) func(string) string {
	return func(text string) string { return "'" + strings.ReplaceAll(text, "'", quote) + "'" }
}
