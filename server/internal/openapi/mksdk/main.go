// Command mksdk writes the parts of the TypeScript SDK that are made from the OpenAPI document:
// the words, the types and the table of routes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"chaosctl/server/internal/openapi"
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

func run(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("mksdk", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", "", "folder to write into")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := write(*out); err != nil {
		fmt.Fprintln(stderr, "mksdk:", err)
		return 1
	}
	return 0
}

// write writes the files into a folder, which it makes.
func write(out string) error {
	if out == "" {
		return errors.New("-out is needed")
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for name, text := range files(openapi.New()) {
		if err := os.WriteFile(filepath.Join(out, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

const header = `// Made from the server's OpenAPI document by "go generate". Do not edit.

`

// files returns the texts by file name.
func files(d openapi.Document) map[string]string {
	return map[string]string{
		"words.ts":      header + wordLists(d) + limits(d),
		"objects.ts":    header + objects(d),
		"operations.ts": header + operations(d),
	}
}
