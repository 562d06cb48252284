package chaosctl

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"chaosctl/faults"
	"chaosctl/metrics"
	"chaosctl/runner"
)

// The names of run's flags.
const (
	flagFault         = "fault"
	flagCycles        = "cycles"
	flagWrites        = "writes"
	flagWorkload      = "workload"
	flagRate          = "rate"
	flagSeed          = "seed"
	flagConcurrency   = "concurrency"
	flagParallel      = "parallel"
	flagBin           = "bin"
	flagOut           = "out"
	flagID            = "id"
	flagThreshold     = "threshold"
	flagQuorumTimeout = "quorum-timeout"
	flagSettleTimeout = "settle-timeout"
	flagPromises      = "promises"
	flagFailFast      = "fail-fast"
	flagStopWhen      = "stop-when"
	flagCanaryLoss    = "canary-loss"
	flagResume        = "resume"
	flagQuiet         = "quiet"
	flagVerbose       = "verbose"
	flagOutput        = "output"
)

// The formats of --output.
const (
	formatText  = "text"
	formatJSON  = "json"
	formatJSONL = "jsonl"
)

// allFaults is the value of --fault that stands for every built-in fault.
const allFaults = "all"

// defaultServer is the program that is tested when --bin names none.
const defaultServer = "ai-memory"

func runFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{
			Name:  flagFault,
			Usage: "`FAULT` to inject, as in 'partition(for=2s)'; may be given again; " + allFaults + " is every one",
		},
		&cli.IntFlag{Name: flagCycles, Value: runner.DefaultCycles, Usage: "cycles of each fault"},
		&cli.IntFlag{Name: flagWrites, Value: runner.DefaultWrites, Usage: "writes of each cycle"},
		&cli.StringFlag{Name: flagWorkload, Value: runner.DefaultWorkload, Usage: "`WORKLOAD` of each cycle: " + runner.WorkloadNames()},
		&cli.Float64Flag{Name: flagRate, Usage: "operations begun a `SECOND`, whatever became of those before (default: each writer waits for its answer)"},
		&cli.IntFlag{Name: flagConcurrency, Value: runner.DefaultConcurrency, Usage: "writers at a time"},
		&cli.IntFlag{Name: flagParallel, Value: runner.DefaultParallel, Usage: "cycles at a time, each in a sandbox of its own"},
		&cli.StringFlag{Name: flagSeed, Usage: "`HEX` that decides every random choice (default: drawn, and in every record)"},
		&cli.StringFlag{Name: flagBin, Usage: "server `PROGRAM` under test (default: " + defaultServer + " beside chaosctl, else in PATH)"},
		&cli.StringFlag{Name: flagPromises, Value: "durable,converges,catches-up", Usage: "what the server `PROMISES`, linearizable besides if it does; the rest is reported and does not decide; none is nothing"},
		&cli.Float64Flag{Name: flagThreshold, Value: runner.DefaultThreshold, Usage: "least convergence bound that passes"},
		&cli.DurationFlag{Name: flagQuorumTimeout, Value: runner.DefaultQuorumTimeout, Usage: "how long a write waits for its quorum"},
		&cli.DurationFlag{Name: flagSettleTimeout, Value: runner.DefaultSettleTimeout, Usage: "how long the nodes may take to agree"},
		&cli.BoolFlag{Name: flagFailFast, Usage: "end the campaign with the first cycle that fails"},
		&cli.StringFlag{Name: flagStopWhen, Usage: "end the campaign, before --cycles at the latest, once a sequential `TEST` has decided, as in 'loss<0.005@0.95'"},
		&cli.StringFlag{Name: flagOut, Value: "runs", Usage: "`FOLDER` of campaigns; one at a time"},
		&cli.StringFlag{Name: flagID, Usage: "`NAME` of the campaign and its folder (default: made of time and seed)"},
		&cli.BoolFlag{Name: flagCanaryLoss, Usage: "plant a loss first; a judgement that misses it makes the campaign inconclusive"},
		&cli.StringFlag{Name: flagResume, Usage: "continue the campaign in this `FOLDER`; what it was asked to do stays as it was"},
		outputFlag(formatText, formatJSON, formatJSONL),
		&cli.BoolFlag{Name: flagQuiet, Aliases: []string{"q"}, Usage: "print nothing on a pass and one block on anything else"},
		&cli.BoolFlag{Name: flagVerbose, Usage: "print each stage of each cycle"},
	}
}

func outputFlag(formats ...string) cli.Flag {
	return &cli.StringFlag{
		Name:  flagOutput,
		Value: formatText,
		Usage: "`FORMAT` of the result: " + strings.Join(formats, ", "),
		Action: func(_ *cli.Context, format string) error {
			for _, f := range formats {
				if f == format {
					return nil
				}
			}
			return usage(fmt.Errorf("--%s: %q is none of %s", flagOutput, format, strings.Join(formats, ", ")))
		},
	}
}

// campaign makes a campaign of the flags. What is wrong with it, its own Validate tells.
func (w World) campaign(c *cli.Context) (runner.Campaign, error) {
	promises, err := parsePromises(c.String(flagPromises))
	if err != nil {
		return runner.Campaign{}, err
	}
	seed, id, out, err := w.identity(c, "")
	if err != nil {
		return runner.Campaign{}, err
	}
	return runner.Campaign{
		ID:            id,
		Faults:        expandFaults(c.StringSlice(flagFault)),
		First:         1,
		Cycles:        c.Int(flagCycles),
		Writes:        c.Int(flagWrites),
		Workload:      c.String(flagWorkload),
		Rate:          c.Float64(flagRate),
		Concurrency:   c.Int(flagConcurrency),
		Parallel:      c.Int(flagParallel),
		Seed:          seed,
		Binary:        w.server(c.String(flagBin)),
		Nodes:         runner.DefaultNodes,
		FirstPort:     runner.DefaultFirstPort,
		Quorum:        runner.DefaultQuorum,
		QuorumTimeout: c.Duration(flagQuorumTimeout),
		SettleTimeout: c.Duration(flagSettleTimeout),
		Threshold:     c.Float64(flagThreshold),
		Promises:      promises,
		FailFast:      c.Bool(flagFailFast),
		StopWhen:      c.String(flagStopWhen),
		CanaryLoss:    c.Bool(flagCanaryLoss),
		Dir:           filepath.Join(out, id),
	}, nil
}

// identity tells the seed and the name of what is to be run, and the folder that its own goes into.
func (w World) identity(c *cli.Context, prefix string) (seed, id, out string, err error) {
	seed = strings.TrimPrefix(c.String(flagSeed), "0x")
	if !c.IsSet(flagSeed) {
		seed = drawSeed()
	}
	id = c.String(flagID)
	if !c.IsSet(flagID) {
		id = fmt.Sprintf("%s%s-%s", prefix, w.Now().UTC().Format("20060102T150405Z"), seed)
	}
	if out, err = filepath.Abs(c.String(flagOut)); err != nil {
		err = &failure{ExitRefused, codeOutput, fmt.Errorf("--%s: %w", flagOut, err)}
	}
	return seed, id, out, err
}

// expandFaults puts every built-in fault where all was asked for.
func expandFaults(values []string) []string {
	var expanded []string
	for _, value := range values {
		if value != allFaults {
			expanded = append(expanded, value)
			continue
		}
		for _, kind := range faults.Builtin() {
			expanded = append(expanded, kind.Spec.Name)
		}
	}
	return expanded
}

func parsePromises(text string) (metrics.Promises, error) {
	var p metrics.Promises
	if text == "none" {
		return p, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		switch strings.TrimSpace(word) {
		case "durable":
			p.Durable = true
		case "converges":
			p.Converges = true
		case "catches-up":
			p.CatchesUp = true
		case "linearizable":
			p.Linearizable = true
		default:
			return p, usage(fmt.Errorf("--%s: %q is none of durable, converges, catches-up, linearizable, and not none",
				flagPromises, word))
		}
	}
	return p, nil
}

// drawSeed draws the seed of a campaign that was given none.
func drawSeed() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return runner.FormatSeed(binary.BigEndian.Uint64(b[:]))
}

// server finds the program under test and returns an absolute path. One that is nowhere is
// returned as it was asked for: the preflight says so.
func (w World) server(asked string) string {
	name := asked
	if asked == "" {
		name = filepath.Join(filepath.Dir(w.Executable), defaultServer)
		if _, err := os.Stat(name); err == nil {
			return name
		}
		asked = defaultServer
	}
	if !strings.ContainsRune(asked, filepath.Separator) {
		if found, err := exec.LookPath(asked); err == nil {
			name = found
		}
	}
	if absolute, err := filepath.Abs(name); err == nil {
		return absolute
	}
	return name
}
