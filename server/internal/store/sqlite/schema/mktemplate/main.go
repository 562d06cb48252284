// Command mktemplate writes the empty database that fresh stores are copies of.
package main

import (
	"fmt"
	"os"

	"chaosctl/server/internal/store/sqlite/schema"
)

func main() {
	if err := write(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mktemplate:", err)
		os.Exit(1)
	}
}

func write(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: mktemplate FILE")
	}
	dir, err := os.MkdirTemp("", "mktemplate")
	if err != nil {
		return fmt.Errorf("making a directory to work in: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a leftover in the temporary directory is harmless
	data, err := schema.Build(dir)
	if err != nil {
		return err
	}
	if err := os.WriteFile(args[0], data, 0o644); err != nil { //nolint:gosec // a source file, for all to read
		return fmt.Errorf("writing the template: %w", err)
	}
	return nil
}
