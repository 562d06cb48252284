// Package aimemory is the command line of the memory server: one file a command. It turns flags
// and environment into the server's configuration, and errors into exit statuses.
package aimemory

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

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

// usageError is a mistake in how the program was called.
type usageError struct{ err error }

func (u *usageError) Error() string { return u.err.Error() }
func (u *usageError) Unwrap() error { return u.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// Main runs the program with its arguments, the program's name first, and returns its exit
// status. It returns when ctx ends and what was under way is done.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := newApp(stdout, stderr).RunContext(ctx, args)
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		_, _ = fmt.Fprintf(stderr, "error: %v\n\nFor more information, try '--help'.\n", err)
		return exitUsage
	default:
		_, _ = fmt.Fprintf(stderr, "Error: %v\n", err)
		return exitError
	}
}

func newApp(stdout, stderr io.Writer) *cli.App {
	return &cli.App{
		Name:            "ai-memory",
		Usage:           "a replicated memory server for AI agents, compatible with ai-memory " + version,
		HideVersion:     true,
		HideHelpCommand: true,
		Writer:          stdout,
		ErrWriter:       stderr,
		Flags: []cli.Flag{
			databaseFlag("AI_MEMORY_DB"),
			&cli.BoolFlag{Name: "version", Aliases: []string{"V"}, Usage: "print the version", DisableDefaultText: true},
		},
		Commands:       []*cli.Command{serveCommand(), syncDaemonCommand()},
		OnUsageError:   onUsageError,
		ExitErrHandler: func(*cli.Context, error) {}, // Main decides
		Action: func(c *cli.Context) error {
			switch {
			case c.Bool("version"):
				_, err := fmt.Fprintln(stdout, "ai-memory", version)
				return err
			case c.NArg() > 0:
				return usagef("unrecognized subcommand '%s'", c.Args().First())
			default:
				return usagef("a subcommand is needed")
			}
		},
	}
}

func onUsageError(_ *cli.Context, err error, _ bool) error { return &usageError{err} }

// databaseFlag is --db. It may stand before or after the subcommand, so both have one; only the
// outer one takes the environment, lest it outdo a flag given there.
func databaseFlag(env ...string) cli.Flag {
	return &cli.StringFlag{
		Name: "db", Usage: "`PATH` of the database file", Value: defaultDB, EnvVars: env,
	}
}

// database is the value of --db, wherever it was given.
func database(c *cli.Context) string {
	lineage := c.Lineage()
	for _, level := range lineage {
		for _, name := range level.LocalFlagNames() {
			if name == "db" {
				return level.String("db")
			}
		}
	}
	return defaultDB
}
