package aimemory

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

func manCommand() *cli.Command {
	return &cli.Command{Name: "man", Usage: "print the manual page, for man(1)", Action: man}
}

func man(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	_, err := io.WriteString(c.App.Writer, manual(tables()))
	return err
}

// manual is the manual page, in the macros of man(7).
func manual(app *cli.App) string {
	p := &page{}
	p.macro("TH", strings.ToUpper(app.Name), "1", "", app.Name+" "+version, "User Commands")
	p.macro("SH", "NAME")
	p.text(app.Name + " - " + app.Usage)
	p.macro("SH", "SYNOPSIS")
	p.macro("B", app.Name)
	p.text("[OPTIONS] COMMAND [ARGUMENTS]")
	p.macro("SH", "OPTIONS")
	p.text("These stand before or after the command. Behind -- there are only arguments.")
	program := placeOf("", nil, app.Flags)
	p.options(program.Options)
	p.item("--help, -h")
	p.text("Show help; behind a command that of the command.")
	p.macro("SH", "COMMANDS")
	var write func(under string, commands []*cli.Command)
	write = func(under string, commands []*cli.Command) {
		for _, command := range commands {
			name := strings.TrimSpace(under + " " + command.Name)
			p.macro("SS", strings.TrimSpace(name+" "+command.ArgsUsage))
			p.text(sentence(command.Usage))
			p.options(placeOf(name, nil, command.Flags).Options)
			write(name, command.Subcommands)
		}
	}
	write("", app.Commands)
	p.macro("SH", "ENVIRONMENT")
	p.items(variables())
	p.macro("SH", "FILES")
	p.items([][2]string{{"~/.config/ai-memory/config.toml", "the configuration"}, {"ai-memory.db", "the database, where nothing else is said"}})
	p.macro("SH", "EXIT STATUS")
	p.items([][2]string{
		{"0", "it is done, also when nothing was found, or when it waits for approval"}, {"1", "it could not be done"}, {"2", "it was not asked for rightly"},
	})
	return p.String()
}

// variables are those of the environment that count, and what for.
func variables() [][2]string {
	return [][2]string{
		{"AI_MEMORY_DB", "path of the database file, unless --db is given"},
		{agentVariable, "id of the agent on whose behalf things are done, unless --agent-id is given"},
		{anonymizeVariable, "1, true, yes or on: agent ids do not tell the name of the host"},
		{"AI_MEMORY_NO_CONFIG", "whatever it is, the configuration file is not read"},
		{apiKeyVariable, "API key that serve accepts, and that sync-daemon shows"},
		{hooksVariable, "1, true, yes or on: what mcp stores is tagged and compared by the language model"},
		{modelKeyVariable, "API key of the language model of --llm-url"},
		{"RUST_LOG", "how much serve tells, such as debug"},
		{"NO_COLOR", "no colours"},
	}
}

// page is a manual page under way.
type page struct{ strings.Builder }

// macro writes a macro with its arguments.
func (p *page) macro(name string, args ...string) {
	p.WriteString("." + name)
	for _, arg := range args {
		p.WriteString(` "` + strings.ReplaceAll(roff(arg), `"`, `\(dq`) + `"`)
	}
	p.WriteString("\n")
}

// text writes a line of text.
func (p *page) text(text string) {
	text = roff(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, `\(aq`) {
		text = `\&` + text
	}
	p.WriteString(text + "\n")
}

// item begins what is explained under a name.
func (p *page) item(name string) {
	p.WriteString(".TP\n")
	p.macro("B", name)
}

func (p *page) items(all [][2]string) {
	for _, i := range all {
		p.item(i[0])
		p.text(sentence(i[1]))
	}
}

func (p *page) options(options []option) {
	for _, o := range options {
		p.item(strings.TrimSpace(strings.Join(o.Names, ", ") + " " + o.Value))
		text := sentence(o.Usage)
		if o.Default != "" {
			text += fmt.Sprintf(" Default: %s.", o.Default)
		}
		if o.Variable != "" {
			text += fmt.Sprintf(" Environment: %s.", o.Variable)
		}
		p.text(text)
	}
}

// sentence is a text as one.
func sentence(text string) string {
	return strings.ToUpper(text[:min(1, len(text))]) + text[min(1, len(text)):] + "."
}

// roff is a text that stands for itself.
func roff(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, "\n", " ").Replace(text)
}
