// Command ai-memory-mutant is the memory server with one deliberate bug. A harness that lets one
// of these pass proves nothing about the servers that do pass: chaosctl selftest runs them all.
// The bug is chosen by the name the program is started by, as in ai-memory-mutant-truncate,
// because a harness starts every server with the same flags and a bare environment. But for its
// bug a mutant is the product: it is made of the same parts, with something in between.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"chaosctl/server"
)

// program is the name of the binary; a dash and the mutant's name follow.
const program = "ai-memory-mutant"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args, os.Getenv("AI_MEMORY_DB"), os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, db string, stdout, stderr io.Writer) error {
	m, err := mutantOf(args[0])
	if err != nil {
		return err
	}
	c, err := parse(args, stderr)
	if err != nil {
		return err
	}
	c.DB = db
	c.Logger = slog.New(slog.NewTextHandler(stdout, nil))
	closed, err := m.beforeOpen(c.DB)
	if err != nil {
		return err
	}
	return errors.Join(server.ServeThrough(ctx, c, m.seams(c), nil), closed())
}

// mutantOf reads the mutant from the program's name.
func mutantOf(path string) (mutant, error) {
	var known strings.Builder
	name, found := strings.CutPrefix(filepath.Base(path), program+"-")
	for _, m := range mutants() {
		if found && m.name == name {
			return m, nil
		}
		fmt.Fprintf(&known, "\n  %-24s %s", m.name, m.bug)
	}
	return mutant{}, fmt.Errorf("%q names no mutant: link this program to %s-NAME, where NAME is one of%s",
		filepath.Base(path), program, known.String())
}

// parse reads the flags of serve that a harness gives.
func parse(args []string, stderr io.Writer) (server.Config, error) {
	if len(args) < 2 || args[1] != "serve" {
		return server.Config{}, errors.New("the only command is serve")
	}
	c := server.Config{ShutdownGrace: server.DefaultShutdownGrace}
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.Host, "host", server.DefaultHost, "address to listen at")
	flags.IntVar(&c.Port, "port", server.DefaultPort, "port to listen at")
	flags.IntVar(&c.QuorumWrites, "quorum-writes", 0, "copies of an acknowledged write, this one included")
	peers := flags.String("quorum-peers", "", "base URLs of the other nodes, separated by commas")
	timeout := flags.Int64("quorum-timeout-ms", server.DefaultQuorumTimeout.Milliseconds(), "how long a write waits for its copies")
	if err := flags.Parse(args[2:]); err != nil {
		return server.Config{}, err
	}
	if *peers != "" {
		c.QuorumPeers = peers
	}
	c.QuorumTimeout = time.Duration(*timeout) * time.Millisecond
	return c, nil
}
