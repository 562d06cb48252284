// Package aimemory is the command line of the memory server: one file a command. It turns flags
// and environment into the server's configuration, and errors into exit statuses.
package aimemory

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"chaosctl/internal/cli/order"
	"chaosctl/server"
)

// Exit statuses (contract section 7.1).
const (
	exitOK    = 0
	exitError = 1 // it could not be done
	exitUsage = 2 // it was not asked for rightly
)

// version is the version of ai-memory this program is compatible with; scripts look at it.
const version = server.Version

// Main runs the program with its arguments, the program's name first, and returns its exit
// status. Commands that read their input from a pipe read stdin. It returns when ctx ends and what was
// under way is done.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return report(stderr, run(ctx, args, stdin, stdout, stderr))
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if slices.ContainsFunc(args, notText) {
		return usagef("invalid UTF-8 was detected in one or more arguments")
	}
	app := newApp(stdin, stdout, stderr)
	args, err := helpAsFlag(app, args)
	if err != nil {
		return err
	}
	args, repeated := order.Arrange(app, args)
	if repeated != "" {
		return usagef("the argument '%s' cannot be used multiple times", repeated)
	}
	return app.RunContext(ctx, args)
}

// notText tells whether an argument is none that could be stored.
func notText(arg string) bool { return !utf8.ValidString(arg) }

// commands are all there are, in the order in which help lists them.
func commands() []*cli.Command {
	return []*cli.Command{
		serveCommand(),
		mcpCommand(),
		syncDaemonCommand(),
		storeCommand(),
		updateCommand(),
		recallCommand(),
		searchCommand(),
		getCommand(),
		listCommand(),
		deleteCommand(),
		promoteCommand(),
		forgetCommand(),
		linkCommand(),
		consolidateCommand(),
		resolveCommand(),
		gcCommand(),
		statsCommand(),
		namespacesCommand(),
		exportCommand(),
		importCommand(),
		syncCommand(),
		mineCommand(),
		autoConsolidateCommand(),
		archiveCommand(),
		agentsCommand(),
		pendingCommand(),
		shellCommand(),
		completionsCommand(),
		manCommand(),
		backupCommand(),
		restoreCommand(),
		curatorCommand(),
	}
}

// tables is the program as it says what there is, not to be run.
func tables() *cli.App { return newApp(nil, io.Discard, io.Discard) }

func newApp(stdin io.Reader, stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name:            "ai-memory",
		Usage:           "a replicated memory server for AI agents, compatible with ai-memory " + version,
		HideVersion:     true,
		HideHelpCommand: true,
		Reader:          stdin,
		Writer:          stdout,
		ErrWriter:       stderr,
		Flags:           globals(),
		Commands:        commands(),
		OnUsageError:    onUsageError,
		ExitErrHandler:  func(*cli.Context, error) {}, // Main decides
		Before:          takePassphrase,
		Action: func(c *cli.Context) error {
			if c.Bool("version") {
				return printLine(c, "ai-memory "+version)
			}
			return needsSubcommand(c, "ai-memory")
		},
	}
	app.DisableSliceFlagSeparator = true // a name may have commas in it
	var flags strings.Builder
	for _, f := range app.Flags {
		flags.WriteString("   " + f.String() + "\n")
	}
	for _, command := range app.Commands {
		complete(command, "\nGLOBAL OPTIONS:\n"+flags.String())
	}
	return app
}

// complete gives a command, and those below it, what all have in common: their help names the
// flags of the program, too.
func complete(command *cli.Command, program string) {
	command.HideHelpCommand = true
	command.OnUsageError = onUsageError
	command.CustomHelpTemplate = cli.CommandHelpTemplate + program
	if len(command.Subcommands) > 0 {
		command.CustomHelpTemplate = cli.SubcommandHelpTemplate + program
	}
	for _, below := range command.Subcommands {
		complete(below, program)
	}
}

// globals are the flags that may stand before and after every command (contract section 7.1).
func globals() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "db", Usage: "`PATH` of the database file", Value: server.DefaultDB, EnvVars: []string{"AI_MEMORY_DB"}},
		&cli.BoolFlag{Name: "json", Usage: "print results as JSON", DisableDefaultText: true},
		&cli.StringFlag{Name: "agent-id", Usage: "`ID` of the agent on whose behalf this is done", EnvVars: []string{agentVariable}},
		&cli.StringFlag{
			Name:  "db-passphrase-file",
			Usage: "`PATH` of a file whose passphrase is made known as AI_MEMORY_DB_PASSPHRASE; databases are not encrypted",
		},
		&cli.BoolFlag{Name: "version", Aliases: []string{"V"}, Usage: "print the version", DisableDefaultText: true},
	}
}

// needsSubcommand is the action of what does nothing by itself.
func needsSubcommand(c *cli.Context, name string) error {
	if c.NArg() > 0 {
		return usagef("unrecognized subcommand '%s'", c.Args().First())
	}
	return usagef("'%s' requires a subcommand but one was not provided", name)
}

// helpAsFlag makes "help COMMAND" what it means: "COMMAND --help".
func helpAsFlag(app *cli.App, args []string) ([]string, error) {
	if len(args) < 2 || args[1] != "help" {
		return args, nil
	}
	known := app.Commands
	for _, name := range args[2:] {
		if strings.HasPrefix(name, "-") {
			break
		}
		var found *cli.Command
		for _, command := range known {
			if command.HasName(name) {
				found = command
			}
		}
		if found == nil {
			return nil, usagef("unrecognized subcommand '%s'", name)
		}
		known = found.Subcommands
	}
	return append(append([]string{args[0]}, args[2:]...), "--help"), nil
}

// takePassphrase makes the passphrase of --db-passphrase-file known to child processes.
func takePassphrase(c *cli.Context) error {
	path := c.String("db-passphrase-file")
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // the file that the user named
	if err != nil {
		return wrapped("reading passphrase file "+path, err)
	}
	passphrase := strings.TrimRight(string(text), "\r\n")
	if passphrase == "" {
		return plainf("Error: passphrase file %s is empty", path)
	}
	if err := os.Setenv("AI_MEMORY_DB_PASSPHRASE", passphrase); err != nil {
		return wrapped("the passphrase of "+path+" cannot be an environment variable", err)
	}
	return nil
}
