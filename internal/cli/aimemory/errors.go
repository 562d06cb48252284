package aimemory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"
)

// usageError is a mistake in how the program was called.
type usageError struct{ err error }

func (u *usageError) Error() string { return u.err.Error() }
func (u *usageError) Unwrap() error { return u.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// plainError is printed as it is, without "Error: " before it (contract section 7.1).
type plainError struct{ text string }

func (p *plainError) Error() string { return p.text }

func plainf(format string, args ...any) error {
	return &plainError{fmt.Sprintf(format, args...)}
}

// causedError is what failed, and why; the two are printed apart.
type causedError struct {
	what string
	why  error
}

func (c *causedError) Error() string { return c.what + ": " + c.why.Error() }
func (c *causedError) Unwrap() error { return c.why }

// wrapped says what failed, and why. On stderr the first line says only what; scripts look at it.
func wrapped(what string, why error) error { return &causedError{what, why} }

// because splits an error that ends with its cause.
func because(err error) error {
	why := errors.Unwrap(err)
	if why == nil {
		return err
	}
	if what, ends := strings.CutSuffix(err.Error(), ": "+why.Error()); ends {
		return wrapped(what, why)
	}
	return err
}

// opening splits the error of a database that cannot be opened into what failed and why.
func opening(err error) error {
	const what = "failed to open database"
	if why := errors.Unwrap(err); why != nil && err.Error() == what+": "+why.Error() {
		return wrapped(what, why)
	}
	return err
}

// stopped is the error of a program that runs until it is stopped: to be stopped while it still starts is no failure.
func stopped(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) {
		return nil
	}
	return opening(err)
}

// report prints an error as contract section 7.1 has it and returns the exit status.
func report(stderr io.Writer, err error) int {
	var (
		usage  *usageError
		plain  *plainError
		caused *causedError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		_, _ = fmt.Fprintf(stderr, "error: %v\n\nFor more information, try '--help'.\n", err)
		return exitUsage
	case errors.As(err, &plain):
		_, _ = fmt.Fprintln(stderr, plain.text)
	case errors.As(err, &caused):
		_, _ = fmt.Fprintf(stderr, "Error: %s\n\nCaused by:\n    %s\n", caused.what, strings.ReplaceAll(caused.why.Error(), "\n", "\n    "))
	default:
		_, _ = fmt.Fprintf(stderr, "Error: %v\n", err)
	}
	return exitError
}

// parseErrors are what the library says of flags, in our words. They are made when the first is needed: a server
// does not wait for them.
var parseErrors = sync.OnceValue(func() []parseError {
	return []parseError{
		{regexp.MustCompile(`^flag provided but not defined: -+(.*)$`), "unexpected argument '--$1' found"},
		{regexp.MustCompile(`^flag needs an argument: -+(.*)$`), "a value is required for '--$1' but none was supplied"},
		{regexp.MustCompile(`^invalid value "(.*)" for flag -+([^:]*): (.*)$`), "invalid value '$1' for '--$2': $3"},
		{regexp.MustCompile(`^invalid boolean value "(.*)" for -+([^:]*): (.*)$`), "unexpected value '$1' for '--$2' found; no more were expected"},
	}
})

type parseError struct {
	library *regexp.Regexp
	ours    string
}

func onUsageError(_ *cli.Context, err error, _ bool) error {
	text := err.Error()
	for _, p := range parseErrors() {
		text = p.library.ReplaceAllString(text, p.ours)
	}
	return &usageError{errors.New(text)}
}
