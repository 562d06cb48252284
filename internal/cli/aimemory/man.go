package aimemory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func manCommand() *cli.Command {
	return &cli.Command{Name: "man", Usage: "print the manual page", Action: man}
}

func man(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return printLine(c, manual(c.App))
}

// manual is the manual page, in the man macros of roff.
func manual(app *cli.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH AI\\-MEMORY 1 \"\" %s\n.SH NAME\nai\\-memory \\- %s\n", quoted("ai-memory "+version), roff(app.Usage))
	b.WriteString(".SH SYNOPSIS\n.B ai\\-memory\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n.SH OPTIONS\nThey stand before or after the command.\n")
	writeFlags(&b, app.Flags)
	b.WriteString(".SH COMMANDS\n")
	var write func(name string, command *cli.Command)
	write = func(name string, command *cli.Command) {
		fmt.Fprintf(&b, ".SS %s\n%s.\n", quoted(strings.TrimSpace(name+" "+command.ArgsUsage)), roff(command.Usage))
		writeFlags(&b, command.Flags)
		for _, below := range command.Subcommands {
			write(name+" "+below.Name, below)
		}
	}
	for _, command := range app.Commands {
		write(command.Name, command)
	}
	b.WriteString(".SH ENVIRONMENT\n")
	for _, variable := range variables() {
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(variable[0]), roff(variable[1]))
	}
	b.WriteString(".SH EXIT STATUS\n.TP\n.B 0\nIt is done, also when nothing was found, or when it waits for approval.\n" +
		".TP\n.B 1\nIt could not be done.\n.TP\n.B 2\nIt was not asked for rightly.")
	return b.String()
}

// writeFlags describes flags.
func writeFlags(b *strings.Builder, flags []cli.Flag) {
	for _, f := range flags {
		names := slices.Clone(f.Names())
		for i, name := range names {
			names[i] = "-" + name
			if len(name) > 1 {
				names[i] = "--" + name
			}
		}
		documented, is := f.(cli.DocGenerationFlag)
		if !is {
			continue
		}
		value, usage := valueName(documented.GetUsage())
		fmt.Fprintf(b, ".TP\n.B %s\n%s.\n", roff(strings.TrimSpace(strings.Join(names, ", ")+" "+value)), roff(usage))
		if of := documented.GetDefaultText(); of != "" && documented.TakesValue() && of != `""` {
			fmt.Fprintf(b, "Default: %s.\n", roff(of))
		}
	}
}

// valueName is what the value of a flag is called in its usage, and the usage without quotes.
func valueName(usage string) (name, plain string) {
	if _, after, found := strings.Cut(usage, "`"); found {
		name, _, _ = strings.Cut(after, "`")
	}
	return name, strings.ReplaceAll(usage, "`", "")
}

// variables are those of the environment that count, and what for.
func variables() [][2]string {
	return [][2]string{
		{"AI_MEMORY_DB", "path of the database file, unless --db is given"},
		{agentVariable, "id of the agent on whose behalf things are done, unless --agent-id is given"},
		{anonymizeVariable, "1, true, yes or on: agent ids do not tell the name of the host"},
		{"AI_MEMORY_NO_CONFIG", "the configuration file ~/.config/ai-memory/config.toml is not read"},
		{apiKeyVariable, "API key that serve accepts, and that sync-daemon shows"},
		{hooksVariable, "1, true, yes or on: what mcp stores is tagged and compared by the language model"},
		{modelKeyVariable, "API key of the language model of --llm-url"},
		{"NO_COLOR", "no colours"},
	}
}

// roff is a text that stands for itself.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\\`, "-", `\-`, "\n", " ").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

// quoted is a text as one argument of a macro.
func quoted(text string) string { return `"` + strings.ReplaceAll(roff(text), `"`, `\(dq`) + `"` }
