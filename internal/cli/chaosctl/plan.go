package chaosctl

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"chaosctl/faults"
	"chaosctl/metrics"
	"chaosctl/reports"
	"chaosctl/runner"
)

// The names of plan's own flags.
const (
	flagClaim      = "claim"
	flagConfidence = "confidence"
	flagCycleTime  = "cycle-time"
	flagLike       = "like"
	flagLossy      = "lossy"
)

const planHelp = `A claim is the least fraction of cycles in which no acknowledged write is lost; it is made for each fault.
One lost write fails a campaign, however many cycles a claim would allow.

EXAMPLES
   chaosctl plan --claim 0.995 --confidence 0.95
   chaosctl plan --claim 0.999 --fault pause --fault partition --parallel 4 --cycle-time 900ms
   chaosctl plan --claim 0.995 --like runs/20261125T015025Z-7d3cded570efaad5 --output json`

// maxLossy keeps a plan readable.
const maxLossy = 1000

func planCommand(w World) *cli.Command {
	return &cli.Command{
		Name:        "plan",
		Usage:       "tell how many cycles a claim takes, and how long they last",
		Description: planHelp,
		Flags: []cli.Flag{
			&cli.Float64Flag{Name: flagClaim, Value: 0.995, Usage: "least fraction of cycles that lose nothing"},
			&cli.Float64Flag{Name: flagConfidence, Value: metrics.ClaimConfidence, Usage: "confidence of the claim"},
			&cli.IntFlag{Name: flagLossy, Value: 2, Usage: "plan for up to so many cycles that lose a write"},
			&cli.StringSliceFlag{Name: flagFault, Usage: "`FAULT` to plan for; may be given again; " + allFaults + " is every one (default: any one)"},
			&cli.IntFlag{Name: flagParallel, Value: runner.DefaultParallel, Usage: "cycles at a time"},
			&cli.DurationFlag{Name: flagCycleTime, Usage: "mean time of a cycle"},
			&cli.StringFlag{Name: flagLike, Usage: "`RUN` that tells the mean time of a cycle"},
			outputFlag(formatText, formatJSON),
		},
		Action: w.plan,
	}
}

func (w World) plan(c *cli.Context) error {
	request, err := planRequest(c)
	if err != nil {
		return err
	}
	plan, err := metrics.NewPlan(request)
	if err != nil {
		return usage(err)
	}
	if c.String(flagOutput) == formatJSON {
		return printJSON(w.Stdout, plan)
	}
	return printPlan(w.Stdout, plan)
}

// planRequest reads the flags and says all that is wrong with them at once.
func planRequest(c *cli.Context) (metrics.PlanRequest, error) {
	q := metrics.PlanRequest{
		Claim: c.Float64(flagClaim), Confidence: c.Float64(flagConfidence), Lossy: c.Int(flagLossy),
		Faults: expandFaults(c.StringSlice(flagFault)), Parallel: c.Int(flagParallel),
		Cycle: c.Duration(flagCycleTime), Source: "--" + flagCycleTime,
	}
	var mistakes []error
	wrong := func(is bool, text string, args ...any) {
		if is {
			mistakes = append(mistakes, usage(fmt.Errorf(text, args...)))
		}
	}
	wrong(!(q.Claim > 0 && q.Claim < 1), "--%s: %v is not between 0 and 1", flagClaim, q.Claim)
	wrong(!(q.Confidence > 0 && q.Confidence < 1), "--%s: %v is not between 0 and 1", flagConfidence, q.Confidence)
	wrong(q.Lossy < 0 || q.Lossy > maxLossy, "--%s: %d is not from 0 to %d", flagLossy, q.Lossy, maxLossy)
	wrong(q.Parallel < 1, "--%s: %d is not at least 1", flagParallel, q.Parallel)
	wrong(c.IsSet(flagCycleTime) && q.Cycle <= 0, "--%s: %v is no time", flagCycleTime, q.Cycle)
	wrong(c.IsSet(flagCycleTime) && c.IsSet(flagLike), "--%s and --%s: give one of them", flagCycleTime, flagLike)
	for _, fault := range q.Faults {
		if _, err := faults.Parse(fault); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	if len(mistakes) > 0 {
		return q, errors.Join(mistakes...)
	}
	switch {
	case c.IsSet(flagLike):
		return likeRun(q, c.String(flagLike))
	case !c.IsSet(flagCycleTime):
		q.Source = ""
	}
	return q, nil
}

// likeRun takes the time of a cycle from a run: of the cycles with the faults that are planned
// for, of all where none is named.
func likeRun(q metrics.PlanRequest, path string) (metrics.PlanRequest, error) {
	run, err := reports.ReadRun(path)
	if err != nil {
		return q, unreadable(path, err)
	}
	like := run.Records
	if len(q.Faults) > 0 {
		like = nil
	}
	for _, value := range q.Faults {
		fault, err := faults.Parse(value)
		if err != nil {
			return q, err
		}
		of := slices.DeleteFunc(slices.Clone(run.Records), func(r metrics.Record) bool { return r.FaultSpec != fault.String() })
		if len(of) == 0 {
			return q, usage(fmt.Errorf("--%s: %s has no cycle of %s: give --%s", flagLike, path, value, flagCycleTime))
		}
		like = append(like, of...)
	}
	q.Cycle, q.Source = metrics.MeanCycle(like), fmt.Sprintf("the mean of %d cycles of %s", len(like), path)
	if q.Cycle <= 0 {
		return q, usage(fmt.Errorf("--%s: the lines of %s tell no times: give --%s", flagLike, path, flagCycleTime))
	}
	return q, nil
}

func printPlan(out io.Writer, p metrics.Plan) error {
	each := ""
	if len(p.Faults) > 1 {
		each = fmt.Sprintf(", for each of %d faults", len(p.Faults))
	}
	if _, err := fmt.Fprintf(out, "To claim with %s %% confidence that at least %s %% of cycles lose no acknowledged write%s:\n\n",
		percentText(p.Confidence), percentText(p.Claim), each); err != nil {
		return err
	}
	header := []string{"CYCLES THAT LOSE ONE", "CYCLES NEEDED", "TIME"}
	if len(p.Faults) > 1 {
		header = []string{"CYCLES THAT LOSE ONE", "CYCLES NEEDED", "OF ALL FAULTS", "TIME"}
	}
	var rows [][]string
	for _, need := range p.Needs {
		row := []string{strconv.Itoa(need.Lossy), strconv.Itoa(need.Cycles)}
		if len(p.Faults) > 1 {
			row = append(row, strconv.Itoa(need.Total))
		}
		rows = append(rows, append(row, estimate(need.TookS)))
	}
	if err := printTable(out, header, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s\n", planNote(p))
	return err
}

func planNote(p metrics.Plan) string {
	if p.CycleMS == nil {
		return "How long that takes is told with --cycle-time or --like RUN."
	}
	return fmt.Sprintf("At %.0f ms a cycle (%s), %d at a time.", *p.CycleMS, p.Source, p.Parallel)
}

// percentText prints a fraction as it was asked for, in percent.
func percentText(fraction float64) string {
	return strconv.FormatFloat(math.Round(fraction*1e10)/1e8, 'f', -1, 64)
}

func estimate(seconds *float64) string {
	if seconds == nil {
		return unknown
	}
	took := time.Duration(*seconds * float64(time.Second))
	if took >= time.Second {
		took = took.Round(time.Second)
	}
	return took.String()
}
