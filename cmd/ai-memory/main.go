// Command ai-memory is the memory server.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"chaosctl/internal/cli/aimemory"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(aimemory.Main(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
}
