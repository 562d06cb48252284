package chaosctl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"chaosctl/reports"
	"chaosctl/runner"
)

// resume continues a campaign that was cut short, however that was. Cycles that have a whole line
// are not run again; the others are.
func (w World) resume(c *cli.Context) error {
	for _, name := range c.LocalFlagNames() {
		if !slices.Contains([]string{flagResume, flagOutput, flagQuiet, "q", flagVerbose}, name) {
			return usage(fmt.Errorf("--%s cannot be changed by --%s: the campaign goes on as it was asked for", name, flagResume))
		}
	}
	campaign, err := storedCampaign(c.String(flagResume))
	if err != nil {
		return err
	}
	if err := w.allow(c, campaign); err != nil {
		return err
	}
	folder, err := claimAgain(campaign.Dir)
	if err != nil {
		return err
	}
	result, err := w.goOn(c, campaign)
	return errors.Join(err, result, folder.release())
}

// goOn runs what is left of a campaign whose folder is ours.
func (w World) goOn(c *cli.Context, campaign runner.Campaign) (ended, err error) {
	if campaign.Done, err = reports.KeepFinished(campaign.Dir); err != nil {
		return nil, &failure{ExitRefused, codeOutput, err}
	}
	if err := runner.ClearWork(campaign.Dir); err != nil {
		return nil, &failure{ExitRefused, codeOutput, err}
	}
	return w.campaignIn(c, campaign)
}

// storedCampaign reads what the campaign in a folder was asked to do.
func storedCampaign(folder string) (runner.Campaign, error) {
	var campaign runner.Campaign
	dir, err := filepath.Abs(folder)
	if err != nil {
		return campaign, usage(err)
	}
	if err := reports.ReadCampaign(dir, &campaign); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("%s is no folder of a campaign: it has no %s", folder, reports.CampaignFile)
		}
		return campaign, usage(err)
	}
	campaign.Dir = dir
	return campaign, nil
}
