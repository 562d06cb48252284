package aimemory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

// shells are those for which there are completions.
func shells() []string { return []string{"bash", "elvish", "fish", "powershell", "zsh"} }

func completionsCommand() *cli.Command {
	return &cli.Command{
		Name: "completions", Usage: "print the completions for a shell: " + strings.Join(shells(), ", "), ArgsUsage: "SHELL", Action: completions,
	}
}

func completions(c *cli.Context) error {
	args, err := arguments(c, "SHELL")
	if err != nil {
		return err
	}
	if !slices.Contains(shells(), args[0]) {
		return usagef("invalid value '%s' for '<SHELL>'\n  [possible values: %s]", args[0], strings.Join(shells(), ", "))
	}
	tree := vocabularyOf(c.App)
	switch args[0] {
	case "bash":
		return printLine(c, bashCompletions(tree))
	case "zsh":
		return printLine(c, "autoload -U +X bashcompinit && bashcompinit\n"+bashCompletions(tree))
	case "fish":
		return printLine(c, fishCompletions(tree))
	case "powershell":
		return printLine(c, powershellCompletions(tree))
	default:
		return printLine(c, elvishCompletions(tree))
	}
}

// vocabulary is what may follow a command: words by the command's path, in order.
type vocabulary []node

// node is a command and what may follow it.
type node struct {
	path  string // words with blanks between; empty for the program
	words []word
}

// word is a subcommand or a flag.
type word struct {
	text, usage string
	values      []string // that a flag may have; nil: any, or none
}

// vocabularyOf are the commands and flags of the program.
func vocabularyOf(app *cli.App) vocabulary {
	var v vocabulary
	var walk func(path string, commands []*cli.Command, flags []cli.Flag)
	walk = func(path string, commands []*cli.Command, flags []cli.Flag) {
		n := node{path: path}
		for _, command := range commands {
			n.words = append(n.words, word{text: command.Name, usage: command.Usage})
		}
		for _, f := range slices.Concat(flags, app.Flags) {
			n.words = append(n.words, flagWords(f)...)
		}
		n.words = append(n.words, word{text: "--help", usage: "show help"})
		if path == "completions" {
			for _, shell := range shells() {
				n.words = append(n.words, word{text: shell, usage: "completions for " + shell})
			}
		}
		v = append(v, n)
		for _, command := range commands {
			walk(strings.TrimSpace(path+" "+command.Name), command.Subcommands, command.Flags)
		}
	}
	walk("", app.Commands, nil)
	return v
}

// flagWords are the names of a flag.
func flagWords(f cli.Flag) (words []word) {
	usage := ""
	if documented, is := f.(cli.DocGenerationFlag); is {
		usage = strings.ReplaceAll(documented.GetUsage(), "`", "")
	}
	for _, name := range f.Names() {
		if len(name) > 1 {
			words = append(words, word{"--" + name, usage, valuesOf(name)})
		} else {
			words = append(words, word{"-" + name, usage, nil})
		}
	}
	return words
}

// valuesOf are the words that a flag takes.
func valuesOf(flag string) []string {
	switch flag {
	case "tier":
		tiers := []string{}
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
	}
	return nil
}

// bashCompletions is a function for bash that offers the words of the command so far.
func bashCompletions(v vocabulary) string {
	var b strings.Builder
	b.WriteString(`_ai_memory() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="" path="" word
  [ "$COMP_CWORD" -gt 0 ] && prev="${COMP_WORDS[COMP_CWORD-1]}"
  local i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    case "$path|$word" in
`)
	for _, n := range v {
		if n.path == "" {
			continue
		}
		parent, name := "", n.path
		if at := strings.LastIndex(n.path, " "); at >= 0 {
			parent, name = n.path[:at], n.path[at+1:]
		}
		fmt.Fprintf(&b, "      %q) path=%q ;;\n", parent+"|"+name, n.path)
	}
	b.WriteString("    esac\n  done\n  case \"$prev\" in\n")
	for _, name := range []string{"tier", "source", "scope", "relation", "direction", "format"} {
		fmt.Fprintf(&b, "    --%s) COMPREPLY=($(compgen -W %q -- \"$cur\")); return ;;\n", name, strings.Join(valuesOf(name), " "))
	}
	b.WriteString("    --db|--from|--to|--db-passphrase-file|--api-key-file) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n  esac\n  case \"$path\" in\n")
	for _, n := range v {
		texts := make([]string, len(n.words))
		for i, w := range n.words {
			texts[i] = w.text
		}
		fmt.Fprintf(&b, "    %q) COMPREPLY=($(compgen -W %q -- \"$cur\")) ;;\n", n.path, strings.Join(texts, " "))
	}
	b.WriteString("  esac\n}\ncomplete -F _ai_memory ai-memory")
	return b.String()
}

// fishCompletions are complete commands for fish.
func fishCompletions(v vocabulary) string {
	var b strings.Builder
	b.WriteString("complete -c ai-memory -f")
	quote := func(text string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
	}
	for _, n := range v {
		condition := "__fish_use_subcommand"
		if n.path != "" {
			parts := strings.Fields(n.path)
			for i, part := range parts {
				parts[i] = "__fish_seen_subcommand_from " + part
			}
			condition = strings.Join(parts, "; and ")
		}
		for _, w := range n.words {
			fmt.Fprintf(&b, "\ncomplete -c ai-memory -n %s", quote(condition))
			switch {
			case strings.HasPrefix(w.text, "--"):
				b.WriteString(" -l " + w.text[2:])
			case strings.HasPrefix(w.text, "-"):
				b.WriteString(" -s " + w.text[1:])
			default:
				b.WriteString(" -a " + w.text)
			}
			if len(w.values) > 0 {
				b.WriteString(" -x -a " + quote(strings.Join(w.values, " ")))
			}
			b.WriteString(" -d " + quote(w.usage))
		}
	}
	return b.String()
}

// powershellCompletions registers a completer for PowerShell.
func powershellCompletions(v vocabulary) string {
	var b strings.Builder
	quote := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
	b.WriteString("Register-ArgumentCompleter -Native -CommandName 'ai-memory' -ScriptBlock {\n" +
		"  param($wordToComplete, $commandAst, $cursorPosition)\n  $words = @{\n")
	for _, n := range v {
		texts := make([]string, len(n.words))
		for i, w := range n.words {
			texts[i] = quote(w.text)
		}
		fmt.Fprintf(&b, "    %s = @(%s)\n", quote(n.path), strings.Join(texts, ", "))
	}
	b.WriteString(`  }
  $path = ''
  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
    $next = ($path + ' ' + $element.ToString()).Trim()
    if ($words.ContainsKey($next)) { $path = $next }
  }
  $words[$path] | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}`)
	return b.String()
}

// elvishCompletions sets the completer for elvish.
func elvishCompletions(v vocabulary) string {
	var b strings.Builder
	quote := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
	b.WriteString("set edit:completion:arg-completer[ai-memory] = {|@words|\n  var known = [\n")
	for _, n := range v {
		texts := make([]string, len(n.words))
		for i, w := range n.words {
			texts[i] = quote(w.text)
		}
		fmt.Fprintf(&b, "    &%s=[%s]\n", quote(n.path), strings.Join(texts, " "))
	}
	b.WriteString(`  ]
  var path = ''
  for word $words[1..-1] {
    var next = $word
    if (not-eq $path '') { set next = $path' '$word }
    if (has-key $known $next) { set path = $next }
  }
  all $known[$path]
}`)
	return b.String()
}
