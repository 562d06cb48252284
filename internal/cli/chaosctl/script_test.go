package chaosctl_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"chaosctl/cluster/sandbox"
	"chaosctl/internal/cli/chaosctl"
)

// TestMain makes the test binary the command that the scripts run.
func TestMain(m *testing.M) {
	if sandbox.IsProbe(os.Args) { // the command asks whether a sandbox can be made
		os.Exit(runCommand())
	}
	testscript.Main(watched{m}, map[string]func(){"chaosctl": func() { os.Exit(runCommand()) }})
}

// watched fails a run of tests that leaves goroutines behind.
type watched struct{ m *testing.M }

func (w watched) Run() int {
	status := w.m.Run()
	if err := goleak.Find(); err != nil && status == 0 {
		fmt.Fprintln(os.Stderr, "goleak:", err)
		return 1
	}
	return status
}

func runCommand() int {
	executable, err := os.Executable()
	if err != nil {
		return chaosctl.ExitInconclusive
	}
	return chaosctl.Main(context.Background(), chaosctl.World{
		Args: os.Args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
		Executable: executable, Now: time.Now,
	})
}

// TestScripts runs what people type and looks at what they see. TRAPS is the folder of stored runs. With UPDATE_SCRIPTS=1 it writes
// what it saw into the scripts.
func TestScripts(t *testing.T) {
	t.Parallel()
	traps, err := filepath.Abs(filepath.Join("testdata", "traps"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("TRAPS", traps)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status},
	})
}
