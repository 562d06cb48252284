// Command chaosctl injects faults into replicated services and judges what they kept.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"chaosctl/internal/cli/chaosctl"
)

func main() { os.Exit(run()) }

func run() int {
	executable, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error: where is this program:", err)
		return chaosctl.ExitInconclusive
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	return chaosctl.Main(context.Background(), chaosctl.World{
		Args:       os.Args,
		Stdin:      os.Stdin,
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		Getenv:     os.Getenv,
		Executable: executable,
		Signals:    signals,
		Terminal:   term.IsTerminal(int(os.Stderr.Fd())),
		StdoutTTY:  term.IsTerminal(int(os.Stdout.Fd())),
		Now:        time.Now,
	})
}
