package chaosctl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"chaosctl/metrics"
	"chaosctl/runner"
)

// The flags that selftest alone has.
const (
	flagMutant        = "mutant"
	flagMutants       = "mutants"
	flagHealthyCycles = "healthy-cycles"
)

// defaultMutants is the program of the mutants when --mutants names none.
const defaultMutants = "ai-memory-mutant"

// Defaults of selftest. A mutant that never converges costs the settle time-out in each cycle.
const (
	selftestCycles   = 10
	selftestParallel = 4
	selftestSettle   = 2 * time.Second
)

const selftestHelp = `A harness that lets a broken server pass proves nothing about those that do pass. This runs servers with one
deliberate bug each and tells whether the bug was caught, by which checkers, and in how many cycles; and it
runs the healthy server in the same settings, where every alarm is a false one.

EXAMPLES
   chaosctl selftest
   chaosctl selftest --mutant truncate --mutant leak --cycles 5
   chaosctl selftest --cycles 20 --healthy-cycles 200 --output json

EXIT STATUS
   0 every mutant was caught and the healthy server passed every cycle   1 not so   2 usage
   4 refused before anything was injected   5 a heal could not be proven   130, 143 interrupted and healed`

func selftestCommand(w World) *cli.Command {
	return &cli.Command{
		Name:        "selftest",
		Usage:       "run servers that are broken on purpose, and tell whether chaosctl catches them",
		Description: selftestHelp,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: flagCycles, Value: selftestCycles, Usage: "cycles of each mutant"},
			&cli.IntFlag{Name: flagHealthyCycles, Usage: "cycles of the healthy server in each setting (default: as many as --cycles)"},
			&cli.StringSliceFlag{Name: flagMutant, Usage: "`NAME` of a mutant to run; may be given again (default: all of " + strings.Join(mutantNames(), ", ") + ")"},
			&cli.StringFlag{Name: flagBin, Usage: "healthy server `PROGRAM` (default: " + defaultServer + " beside chaosctl, else in PATH)"},
			&cli.StringFlag{Name: flagMutants, Usage: "`PROGRAM` of the mutants (default: " + defaultMutants + " beside chaosctl)"},
			&cli.IntFlag{Name: flagWrites, Value: runner.DefaultWrites, Usage: "writes of each cycle"},
			&cli.IntFlag{Name: flagParallel, Value: selftestParallel, Usage: "cycles at a time, each in a sandbox of its own"},
			&cli.DurationFlag{Name: flagSettleTimeout, Value: selftestSettle, Usage: "how long the nodes may take to agree"},
			&cli.StringFlag{Name: flagSeed, Usage: "`HEX` that decides every random choice (default: drawn, and in every record)"},
			&cli.StringFlag{Name: flagOut, Value: "runs", Usage: "`FOLDER` of campaigns; one at a time"},
			&cli.StringFlag{Name: flagID, Usage: "`NAME` of the self-test and its folder (default: made of time and seed)"},
			outputFlag(formatText, formatJSON),
			&cli.BoolFlag{Name: flagQuiet, Aliases: []string{"q"}, Usage: "print no progress"},
			&cli.BoolFlag{Name: flagVerbose, Usage: "print each stage of each cycle"},
		},
		Action: w.selftest,
	}
}

func mutantNames() []string {
	var names []string
	for _, m := range runner.Mutants() {
		names = append(names, m.Name)
	}
	return names
}

// selftest runs a self-test from its flags to its exit status.
func (w World) selftest(c *cli.Context) error {
	t, err := w.newSelftest(c)
	if err != nil {
		return err
	}
	if err := t.preflight(c.Context); err != nil {
		return err
	}
	folder, err := claim(t.base.Dir)
	if err != nil {
		return err
	}
	return errors.Join(t.runIn(c), folder.release())
}

// selftest is a self-test under way.
type selftest struct {
	World
	base           runner.Campaign // what all its campaigns share; Dir is the self-test's own
	mutants        []runner.Mutant
	controls       []runner.Setting
	program        string // of the mutants, an absolute path
	healthyCycles  int
	quiet, verbose bool
}

func (w World) newSelftest(c *cli.Context) (selftest, error) {
	base, err := w.selftestCampaign(c)
	if err != nil {
		return selftest{}, err
	}
	mutants, err := chosenMutants(c.StringSlice(flagMutant))
	if err != nil {
		return selftest{}, err
	}
	program := c.String(flagMutants)
	if program == "" {
		program = filepath.Join(filepath.Dir(w.Executable), defaultMutants)
	}
	t := selftest{
		World: w, base: base, mutants: mutants, controls: runner.Controls(mutants),
		program: w.server(program), healthyCycles: c.Int(flagCycles),
		quiet: c.Bool(flagQuiet), verbose: c.Bool(flagVerbose),
	}
	if c.IsSet(flagHealthyCycles) {
		t.healthyCycles = c.Int(flagHealthyCycles)
		if t.healthyCycles < 1 {
			return selftest{}, usage(fmt.Errorf("--%s: %d is not from 1: without a healthy server nothing is proven",
				flagHealthyCycles, t.healthyCycles))
		}
	}
	return t, nil
}

// selftestCampaign makes what all campaigns of a self-test share.
func (w World) selftestCampaign(c *cli.Context) (runner.Campaign, error) {
	seed, id, out, err := w.identity(c, "selftest-")
	if err != nil {
		return runner.Campaign{}, err
	}
	return runner.Campaign{
		ID:            id,
		First:         1,
		Cycles:        c.Int(flagCycles),
		Writes:        c.Int(flagWrites),
		Concurrency:   runner.DefaultConcurrency,
		Parallel:      c.Int(flagParallel),
		Seed:          seed,
		Binary:        w.server(c.String(flagBin)),
		Nodes:         runner.DefaultNodes,
		FirstPort:     runner.DefaultFirstPort,
		Quorum:        runner.DefaultQuorum,
		QuorumTimeout: runner.DefaultQuorumTimeout,
		SettleTimeout: c.Duration(flagSettleTimeout),
		Threshold:     runner.DefaultThreshold,
		Promises:      metrics.Promises{Durable: true, Converges: true, CatchesUp: true},
		Dir:           filepath.Join(out, id),
	}, nil
}

// chosenMutants finds mutants by name; no name is all of them.
func chosenMutants(names []string) ([]runner.Mutant, error) {
	all := runner.Mutants()
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		if !slices.Contains(mutantNames(), name) {
			return nil, usage(fmt.Errorf("--%s: %q is none of %s", flagMutant, name, strings.Join(mutantNames(), ", ")))
		}
	}
	return slices.DeleteFunc(all, func(m runner.Mutant) bool { return !slices.Contains(names, m.Name) }), nil
}

// link gives the program of the mutants the name that chooses a bug.
func (t selftest) link(m runner.Mutant) (string, error) {
	dir := filepath.Join(t.base.Dir, "bin")
	link := filepath.Join(dir, defaultMutants+"-"+m.Name)
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = os.Symlink(t.program, link)
	}
	if err != nil {
		return "", unwritable(dir, err)
	}
	return link, nil
}
