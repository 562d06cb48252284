package chaosctl

import (
	"encoding/json"
	"errors"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"chaosctl/metrics"
	"chaosctl/reports"
	"chaosctl/runner"
)

const runHelp = `Each cycle starts three servers in a sandbox of their own, writes to them, strikes while writes are in
flight, heals, waits until the nodes agree, and asks each which acknowledged writes it holds.

EXAMPLES
   chaosctl run --fault kill_primary_mid_write --cycles 50
   chaosctl run --fault all --cycles 20 --parallel 4
   chaosctl run --fault pause --cycles 2000 --stop-when 'loss<0.005@0.95'
   chaosctl run --fault 'partition(nodes=1,direction=in,for=2s)' --cycles 5 --seed 5f3a
   chaosctl run --fault pause --bin ./other-server --promises durable --output json

EXIT STATUS
   0 pass   1 fail   2 usage   3 inconclusive   4 refused before anything was injected
   5 a heal could not be proven   130, 143 interrupted and healed

ENVIRONMENT
   NO_COLOR   no colours when set`

func runCommand(w World) *cli.Command {
	return &cli.Command{
		Name:        "run",
		Usage:       "run a campaign: inject faults into a replicated server and judge what it kept",
		Description: runHelp,
		Flags:       runFlags(),
		Action:      w.run,
	}
}

// run runs a campaign from its flags to its exit status.
func (w World) run(c *cli.Context) error {
	if c.IsSet(flagResume) {
		return w.resume(c)
	}
	campaign, err := w.campaign(c)
	if err != nil {
		return err
	}
	return w.begin(c, campaign)
}

// begin runs a campaign in a folder of its own.
func (w World) begin(c *cli.Context, campaign runner.Campaign) error {
	if err := w.allow(c, campaign); err != nil {
		return err
	}
	folder, err := claim(campaign.Dir)
	if err != nil {
		return err
	}
	if err := reports.WriteCampaign(campaign.Dir, campaign); err != nil {
		return errors.Join(&failure{ExitRefused, codeOutput, err}, folder.release())
	}
	result, err := w.campaignIn(c, campaign)
	return errors.Join(err, result, folder.release())
}

// allow returns what is wrong with a campaign or with this host.
func (w World) allow(c *cli.Context, campaign runner.Campaign) error {
	if err := campaign.Validate(); err != nil {
		return err
	}
	return runner.Preflight(c.Context, campaign)
}

// campaignIn runs a campaign whose folder is ours. The first error is chaosctl's own, the second
// tells how the campaign ended.
func (w World) campaignIn(c *cli.Context, campaign runner.Campaign) (ended, err error) {
	report, err := reports.OpenJSONL(filepath.Join(campaign.Dir, reports.RecordsFile))
	if err != nil {
		return nil, &failure{ExitRefused, codeOutput, err}
	}
	format := c.String(flagOutput)
	histories, err := reports.OpenHistories(campaign.Dir)
	if err != nil {
		return nil, errors.Join(&failure{ExitRefused, codeOutput, err}, report.Close())
	}
	sink := runner.Sink(folder{report, histories})
	if format == formatJSONL {
		sink = tee{folder{report, histories}, json.NewEncoder(w.Stdout)}
	}
	progress := w.progress(campaign, c.Bool(flagQuiet), c.Bool(flagVerbose))
	ctx, interrupts := w.interruptible(c.Context, progress)
	launcher := runner.Sandboxed{Executable: w.Executable}
	result, runErr := runner.Run(ctx, campaign, launcher, sink, progress.observe, interrupts.stop)
	signal := interrupts.end()
	progress.close()
	if err := report.Close(); err != nil {
		runErr = errors.Join(runErr, err)
	}
	if errors.Is(runErr, errSecondSignal) {
		return nil, &failure{signalStatus(signal), codeInterrupted, errors.New(
			"left at once, as the second signal asked: the sandboxes ended with everything in them")}
	}
	if runErr != nil {
		return nil, runErr
	}
	if err := reports.WriteSummary(campaign.Dir, result.Summary); err != nil {
		return nil, &failure{ExitInconclusive, codeOutput, err}
	}
	if err := w.present(result.Summary, campaign, format, c.Bool(flagQuiet)); err != nil {
		return nil, &failure{ExitInconclusive, codeOutput, err}
	}
	return conclude(result, signal), nil
}

// folder keeps records and histories in a campaign's folder.
type folder struct {
	*reports.JSONL
	histories *reports.Histories
}

var _ runner.Keeper = folder{}

// Keep keeps the history of a record's cycle.
func (f folder) Keep(r metrics.Record, history []byte) error {
	return f.histories.KeepEncoded(metrics.CycleFacts{Fault: r.Fault, FaultSpec: r.FaultSpec, Cycle: r.Cycle}, history)
}

// tee keeps records and prints them.
type tee struct {
	folder
	out *json.Encoder
}

// Append keeps the record, then prints it.
func (t tee) Append(r metrics.Record) error {
	if err := t.folder.Append(r); err != nil {
		return err
	}
	return t.out.Encode(r)
}
