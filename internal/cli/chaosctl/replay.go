package chaosctl

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"chaosctl/metrics"
	"chaosctl/reports"
	"chaosctl/runner"
)

const flagCycle = "cycle"

func replayCommand(w World) *cli.Command {
	return &cli.Command{
		Name:      "replay",
		Usage:     "run one cycle of a stored campaign again, with the same decisions",
		ArgsUsage: "FOLDER",
		Description: `Every random choice of a cycle comes from streams that hang on the campaign's seed, the fault, the
cycle and the try alone, so they are made again as they were; which write a kill catches is a race, and is not.

EXAMPLES
   chaosctl replay runs/20261125T031500Z-5f3a --cycle 7
   chaosctl replay runs/nightly --fault 'partition(for=2s)' --cycle 12 --times 10

EXIT STATUS
   as of run: 1 says that it failed again`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: flagCycle, Usage: "number of the cycle"},
			&cli.StringFlag{Name: flagFault, Usage: "`FAULT` of the cycle, when the campaign had several"},
			outputFlag(formatText, formatJSON, formatJSONL),
			&cli.BoolFlag{Name: flagQuiet, Aliases: []string{"q"}, Usage: "print nothing on a pass and one block on anything else"},
			&cli.BoolFlag{Name: flagVerbose, Usage: "print each stage"},
		},
		Before: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usage(fmt.Errorf("replay takes one folder of a campaign, before or after its flags: got %d arguments", c.NArg()))
			}
			return nil
		},
		Action: w.replay,
	}
}

// replay runs one cycle again, as a campaign of its own beside the stored one.
func (w World) replay(c *cli.Context) error {
	stored, err := storedCampaign(c.Args().First())
	if err != nil {
		return err
	}
	campaign, err := w.oneCycle(c, stored)
	if err != nil {
		return err
	}
	return w.begin(c, campaign)
}

// oneCycle makes a campaign of one cycle of a stored one.
func (w World) oneCycle(c *cli.Context, stored runner.Campaign) (runner.Campaign, error) {
	campaign, cycle := stored, c.Int(flagCycle)
	if cycle < stored.First || cycle >= stored.First+stored.Cycles {
		return campaign, usage(fmt.Errorf("--%s: %d is not from %d to %d, the cycles of that campaign",
			flagCycle, cycle, stored.First, stored.First+stored.Cycles-1))
	}
	if c.IsSet(flagFault) {
		campaign.Faults = []string{c.String(flagFault)}
	}
	if len(campaign.Faults) != 1 {
		return campaign, usage(fmt.Errorf("the campaign had several faults: name one of %q with --%s", campaign.Faults, flagFault))
	}
	campaign.First, campaign.Cycles, campaign.Parallel = cycle, 1, 1
	campaign.Attempt = lastAttempt(stored.Dir, cycle)
	campaign.ID = fmt.Sprintf("%s-replay-c%d-%s", stored.ID, cycle, w.Now().UTC().Format("20060102T150405.000Z"))
	campaign.Dir = filepath.Join(filepath.Dir(stored.Dir), campaign.ID)
	return campaign, nil
}

// lastAttempt is the number of the try that a stored cycle's line tells of; 1 when there is no
// line.
func lastAttempt(dir string, cycle int) int {
	file, err := os.Open(filepath.Join(dir, reports.RecordsFile))
	if err != nil {
		return 1
	}
	defer file.Close()
	records, _ := metrics.ReadRecords(file) // of a torn file, those before the tear
	for _, r := range records {
		if r.Cycle == cycle {
			return max(r.Attempts, 1)
		}
	}
	return 1
}
