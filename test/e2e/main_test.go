package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// bin is where TestMain builds the programs.
var bin string

// lies are the ways in which tinyserver breaks a promise.
func lies() []string {
	return []string{
		"ack-before-peers", "empty-after-kill", "ack-in-partition", "truncate", "list-20", "never-ack",
		"refuse-chaos", "die-at-start",
	}
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "chaosctl-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin = dir
	if err := build(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// build builds the programs, and a name for each lie.
func build(ctx context.Context) error {
	if err := os.Chmod(bin, 0o755); err != nil { // for the ordinary user
		return err
	}
	command := exec.CommandContext(ctx, "go", "build", "-o", bin+string(filepath.Separator),
		"./cmd/chaosctl", "./cmd/ai-memory", "./test/tinyserver", "./server/mutant")
	command.Dir = filepath.Join("..", "..")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	for _, lie := range lies() {
		if err := os.Link(program("tinyserver"), program("tinyserver-"+lie)); err != nil {
			return err
		}
	}
	return nil
}

func program(name string) string { return filepath.Join(bin, name) }

// amount is how much of something a test does: few in a check of every change, more when an
// environment variable asks for it.
func amount(t *testing.T, variable string, few int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is not a number from 1", variable, text)
	}
	return n
}
