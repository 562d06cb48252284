package chaosctl

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"

	"chaosctl/internal/buildinfo"
)

const appHelp = `chaosctl breaks replicated services on purpose and tells whether they kept their promises.

EXAMPLES
   chaosctl run --fault kill_primary_mid_write --cycles 50
   chaosctl run --fault 'partition(for=2s)' --fault pause --cycles 20 --parallel 4

COMMANDS{{range .VisibleCommands}}
   {{printf "%-10s" .Name}} {{.Usage}}{{end}}

chaosctl help COMMAND tells more.
`

const commandHelp = `{{.Usage}}
{{if .Description}}
{{.Description}}
{{end}}{{if .VisibleFlags}}
FLAGS{{range .VisibleFlags}}
   {{.}}{{end}}
{{end}}`

// newApp builds the command line anew for every run; it keeps no state between them.
func newApp(w World) *cli.App {
	app := &cli.App{
		Name:                      "chaosctl",
		Usage:                     "break replicated services on purpose and tell whether they kept their promises",
		Version:                   buildinfo.Read().String(),
		HideVersion:               true,
		CustomAppHelpTemplate:     appHelp,
		Reader:                    w.Stdin,
		Writer:                    w.Stdout,
		ErrWriter:                 w.Stderr,
		ExitErrHandler:            func(*cli.Context, error) {}, // Main decides; the default exits inside
		OnUsageError:              onUsageError,
		DisableSliceFlagSeparator: true, // faults have commas
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				return cli.ShowAppHelp(c)
			}
			return unknownCommand(c)
		},
		Commands: []*cli.Command{
			runCommand(w), replayCommand(w), checkCommand(w), planCommand(w), compareCommand(w), doctorCommand(w), faultsCommand(w),
			selftestCommand(w), versionCommand(w), shardCommand(w), idleCommand(w),
		},
	}
	for _, command := range app.Commands {
		command.OnUsageError = onUsageError
		command.CustomHelpTemplate = commandHelp
		command.HideHelpCommand = true
		if command.Before == nil {
			command.Before = noArguments
		}
	}
	return app
}

func unknownCommand(c *cli.Context) error {
	name := c.Args().First()
	near := strings.TrimPrefix(cli.SuggestCommand(c.App.VisibleCommands(), name), "Did")
	return usage(fmt.Errorf("unknown command %q: did%s chaosctl help lists the commands", name, near))
}

// noArguments refuses arguments where a command takes none: flags behind one would be ignored.
func noArguments(c *cli.Context) error {
	if c.Args().Present() {
		return usage(fmt.Errorf("unexpected argument %q: %s takes flags only; see chaosctl help %s",
			c.Args().First(), c.Command.Name, c.Command.Name))
	}
	return nil
}

// needsArguments refuses fewer or more arguments than a command takes; a most of 0 is no limit.
func needsArguments(least, most int, what string) cli.BeforeFunc {
	return func(c *cli.Context) error {
		if n := c.NArg(); n < least || most > 0 && n > most {
			return usage(fmt.Errorf("%s takes %s, and there are %d arguments; see chaosctl help %s",
				c.Command.Name, what, n, c.Command.Name))
		}
		return nil
	}
}

// onUsageError puts what the flag parser says into our words, with the nearest flag.
func onUsageError(c *cli.Context, err error, _ bool) error {
	return usage(flagError(c.Command, err))
}

func flagError(command *cli.Command, err error) error {
	text := err.Error()
	if name, found := strings.CutPrefix(text, "flag provided but not defined: -"); found {
		name = strings.TrimLeft(name, "-")
		if near := cli.SuggestFlag(command.Flags, name, true); near != "" {
			return fmt.Errorf("unknown flag --%s: did you mean %s?", name, near)
		}
		return fmt.Errorf("unknown flag --%s: see chaosctl help %s", name, command.Name)
	}
	if name, found := strings.CutPrefix(text, "flag needs an argument: -"); found {
		return fmt.Errorf("--%s needs a value: see chaosctl help %s", strings.TrimLeft(name, "-"), command.Name)
	}
	m := regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-?([^:]+): `).FindStringSubmatch(text)
	if m == nil {
		return errors.New(text)
	}
	return fmt.Errorf("--%s: %q is not %s", m[2], m[1], accepted(command, m[2]))
}

// accepted says in words what a flag takes.
func accepted(command *cli.Command, name string) string {
	for _, flag := range command.Flags {
		for _, n := range flag.Names() {
			if n != name {
				continue
			}
			switch flag.(type) {
			case *cli.IntFlag:
				return "a whole number"
			case *cli.Float64Flag:
				return "a number"
			case *cli.DurationFlag:
				return "a duration such as 500ms or 10s"
			case *cli.BoolFlag:
				return "true or false"
			}
		}
	}
	return "accepted"
}
