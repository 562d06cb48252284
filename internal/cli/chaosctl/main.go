// Package chaosctl is the command line: flags, words and exit statuses. It wires the rooms
// together and decides nothing that they could decide.
package chaosctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"chaosctl/cluster/sandbox"
	"chaosctl/internal/cli/order"
)

// World is all that the command line touches of the outside.
type World struct {
	Args       []string // Args[0] is the program's name
	Stdin      io.Reader
	Stdout     io.Writer
	Stderr     io.Writer
	Getenv     func(string) string
	Executable string           // this program, to run shards with
	Signals    <-chan os.Signal // the first asks for an end in good order, the second for an end at once
	Terminal   bool             // stderr is a terminal
	StdoutTTY  bool             // stdout is a terminal
	Now        func() time.Time
}

// Main runs one command and returns the exit status of the process. Results go to Stdout, all
// else to Stderr.
func Main(ctx context.Context, w World) int {
	if sandbox.IsProbe(w.Args) {
		return sandbox.Probe(w.Stdout)
	}
	app := newApp(w)
	args, _ := order.Arrange(app, w.Args)
	err := app.RunContext(ctx, args)
	var result *verdict
	if errors.As(err, &result) {
		return result.status
	}
	all := failures(err)
	w.report(all)
	return exitStatus(all)
}

// verdict ends a command whose output has said everything.
type verdict struct{ status int }

// Error names the status.
func (v *verdict) Error() string { return fmt.Sprintf("exit status %d", v.status) }

// report prints failures on Stderr: a line each, or one JSON object.
func (w World) report(all []*failure) {
	if len(all) == 0 {
		return
	}
	if !w.wantsJSON() {
		for _, f := range all {
			fmt.Fprintf(w.Stderr, "error: %s (%s)\n", oneLine(f.Error()), f.code)
		}
		return
	}
	type problem struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	body := struct {
		Status int       `json:"exit_status"`
		Errors []problem `json:"errors"`
	}{Status: exitStatus(all)}
	for _, f := range all {
		body.Errors = append(body.Errors, problem{f.code, f.Error()})
	}
	_ = json.NewEncoder(w.Stderr).Encode(body) // there is nowhere left to say it
}

// wantsJSON reads --output by hand: a command line that cannot be parsed has no flags.
func (w World) wantsJSON() bool {
	machine := []string{formatJSON, formatJSONL}
	for i, arg := range w.Args {
		name, value, found := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if name != flagOutput || !strings.HasPrefix(arg, "-") {
			continue
		}
		if found && slices.Contains(machine, value) {
			return true
		}
		if !found && i+1 < len(w.Args) && slices.Contains(machine, w.Args[i+1]) {
			return true
		}
	}
	return false
}

func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), " | ")
}
