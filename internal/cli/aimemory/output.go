package aimemory

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/mattn/go-isatty"
	"github.com/urfave/cli/v2"
)

// plain ends a colour.
const plain = "\x1b[0m"

// coloured tells whether somebody looks at what is written who wants colours.
func coloured(w io.Writer) bool {
	file, is := w.(*os.File)
	return is && isatty.IsTerminal(file.Fd()) && os.Getenv("NO_COLOR") == ""
}

// asJSON tells whether results are to be printed as JSON.
func asJSON(c *cli.Context) bool { return rootOf(c).Bool("json") }

// printJSON prints a result as one compact line.
func printJSON(c *cli.Context, v any) error {
	encoder := json.NewEncoder(c.App.Writer)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// printPretty prints a result indented.
func printPretty(c *cli.Context, v any) error {
	encoder := json.NewEncoder(c.App.Writer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// printLine prints a line of a result.
func printLine(c *cli.Context, line string) error {
	_, err := fmt.Fprintln(c.App.Writer, line)
	return err
}

// printf prints a line of a result, from a format that need not end it.
func printf(c *cli.Context, format string, args ...any) error {
	_, err := fmt.Fprintf(c.App.Writer, format+"\n", args...)
	return err
}

// note tells people something that is no result.
func note(c *cli.Context, format string, args ...any) {
	_, _ = fmt.Fprintf(c.App.ErrWriter, format+"\n", args...)
}
