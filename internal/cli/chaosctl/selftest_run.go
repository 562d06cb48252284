package chaosctl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chaosctl/metrics"
	"chaosctl/reports"
	"chaosctl/runner"
)

// mutantCampaign is the campaign that is to catch a mutant.
func (t selftest) mutantCampaign(m runner.Mutant, binary string) runner.Campaign {
	c := t.campaign("mutant-"+m.Name, runner.Setting{Fault: m.Fault, Workload: m.Workload})
	c.Binary = binary
	return c
}

// controlCampaign is the campaign in which the healthy server is to pass.
func (t selftest) controlCampaign(s runner.Setting) runner.Campaign {
	c := t.campaign(controlID(s), s)
	c.Cycles = t.healthyCycles
	return c
}

func controlID(s runner.Setting) string { return "healthy-" + s.Fault + "-" + s.Workload }

func (t selftest) campaign(id string, s runner.Setting) runner.Campaign {
	c := t.base
	c.ID, c.Dir = id, filepath.Join(t.base.Dir, id)
	c.Faults, c.Workload = []string{s.Fault}, s.Workload
	return c
}

// preflight returns nil when all campaigns can run here.
func (t selftest) preflight(ctx context.Context) error {
	healthy := t.base
	var problems []error
	for _, s := range t.controls {
		if !slices.Contains(healthy.Faults, s.Fault) {
			healthy.Faults = append(healthy.Faults, s.Fault)
		}
		if err := t.controlCampaign(s).Validate(); err != nil {
			return err
		}
	}
	if err := t.mutantCampaign(t.mutants[0], t.program).Validate(); err != nil { // they differ in nothing else that may be wrong
		return err
	}
	if info, err := os.Stat(t.program); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
		problems = append(problems, &failure{ExitRefused, codeNoBinary, fmt.Errorf(
			"cannot run the mutants %s: it is no program; make selftest builds it, --%s names another", t.program, flagMutants)})
	}
	return errors.Join(append(problems, runner.Preflight(ctx, healthy))...)
}

// runIn runs the campaigns in a folder that is ours, keeps and prints what came of them, and
// tells how it ended.
func (t selftest) runIn(c *cli.Context) error {
	p := t.progress()
	ctx, interrupts := t.interruptible(c.Context, p)
	result, stopped, runErr := t.campaigns(ctx, p, interrupts.stop)
	signal := interrupts.end()
	p.close()
	if errors.Is(runErr, errSecondSignal) {
		return &failure{signalStatus(signal), codeInterrupted, errors.New(
			"left at once, as the second signal asked: the sandboxes ended with everything in them")}
	}
	if runErr != nil {
		return runErr
	}
	result.Conclude(t.base.Cycles, t.healthyCycles)
	if err := t.show(result, stopped, c.String(flagOutput)); err != nil {
		return &failure{ExitInconclusive, codeOutput, err}
	}
	if err := stoppedFailure(stopped, signal); err != nil {
		return err
	}
	if !result.Passed {
		return &verdict{ExitFail}
	}
	return nil
}

// campaigns runs all campaigns, one after the other. A campaign that a signal or an unproven heal
// ended is the last.
func (t selftest) campaigns(
	ctx context.Context, p *progress, stop <-chan struct{},
) (result runner.Selftest, stopped *runner.Stopped, err error) {
	for _, m := range t.mutants {
		binary, err := t.link(m)
		if err != nil {
			return result, nil, err
		}
		records, ended, err := t.one(ctx, t.mutantCampaign(m, binary), p, stop)
		if err != nil {
			return result, nil, err
		}
		d := m.Detect(records)
		d.Stopped = message(ended)
		result.Mutants = append(result.Mutants, d)
		p.say(fmt.Sprintf("mutant=%s fault=%s workload=%s caught=%d/%d by=%s", d.Mutant, d.Fault, d.Workload, d.Caught, d.Cycles, by(d, m, ",")))
		if last(ended) {
			return result, ended, nil
		}
	}
	for _, s := range t.controls {
		records, ended, err := t.one(ctx, t.controlCampaign(s), p, stop)
		if err != nil {
			return result, nil, err
		}
		control := s.Acquit(records)
		control.Stopped = message(ended)
		result.Healthy = append(result.Healthy, control)
		p.say(fmt.Sprintf("healthy=true fault=%s workload=%s passed=%d/%d", s.Fault, s.Workload, control.Passed, control.Cycles))
		if last(ended) {
			return result, ended, nil
		}
	}
	return result, nil, nil
}

// last tells whether nothing may be run after a campaign that ended so.
func last(s *runner.Stopped) bool {
	return s != nil && (s.Reason == runner.Interrupted || s.Reason == runner.HealUnproven || s.Reason == runner.Unsupported)
}

func message(s *runner.Stopped) string {
	if s == nil {
		return ""
	}
	return s.Message
}

// one runs a campaign in a folder of its own and returns its records.
func (t selftest) one(
	ctx context.Context, campaign runner.Campaign, p *progress, stop <-chan struct{},
) (records []metrics.Record, stopped *runner.Stopped, err error) {
	if err := os.Mkdir(campaign.Dir, 0o755); err != nil {
		return nil, nil, unwritable(t.base.Dir, err)
	}
	if err := reports.WriteCampaign(campaign.Dir, campaign); err != nil { // so that a cycle can be replayed
		return nil, nil, &failure{ExitRefused, codeOutput, err}
	}
	report, err := reports.OpenJSONL(filepath.Join(campaign.Dir, reports.RecordsFile))
	if err != nil {
		return nil, nil, &failure{ExitRefused, codeOutput, err}
	}
	histories, err := reports.OpenHistories(campaign.Dir)
	if err != nil {
		return nil, nil, errors.Join(&failure{ExitRefused, codeOutput, err}, report.Close())
	}
	sink := &kept{folder: folder{report, histories}}
	result, err := runner.Run(ctx, campaign, runner.Sandboxed{Executable: t.Executable}, sink, p.count, stop)
	if err := errors.Join(err, report.Close()); err != nil {
		return nil, nil, err
	}
	if err := reports.WriteSummary(campaign.Dir, result.Summary); err != nil {
		return nil, nil, &failure{ExitInconclusive, codeOutput, err}
	}
	return sink.records, result.Stopped, nil
}

// kept keeps records and histories on disk, and the records at hand.
type kept struct {
	folder
	records []metrics.Record
}

// Append keeps a record.
func (k *kept) Append(r metrics.Record) error {
	k.records = append(k.records, r)
	return k.folder.Append(r)
}

// progress tells of each campaign in a line; of each stage only when that was asked for.
func (t selftest) progress() *progress {
	whole := t.base
	whole.Cycles, whole.Faults = len(t.mutants)*t.base.Cycles+len(t.controls)*t.healthyCycles, []string{""}
	p := t.World.progress(whole, true, t.verbose)
	if t.quiet {
		return p
	}
	p.out = t.Stderr
	p.say(fmt.Sprintf("selftest=%s seed=%s mutants=%d settings=%d cycles=%d",
		t.base.ID, t.base.Seed, len(t.mutants), len(t.controls), p.planned()))
	p.wait.Go(p.beat)
	return p
}

// count is observe, silent about the cycles: that those of a mutant fail is as it should be.
func (p *progress) count(m runner.Message) {
	if p.verbose {
		p.observe(m)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case m.Record != nil:
		p.done++
	case m.Progress != nil:
		p.where = m
	}
}

// by lists the checkers that failed, those that the bug is known by first.
func by(d runner.Detection, m runner.Mutant, separator string) string {
	var names, parts []string
	for name := range d.By {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if ofBug := slices.Contains(m.Checkers, a); ofBug != slices.Contains(m.Checkers, b) {
			if ofBug {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%s:%d", name, d.By[name]))
	}
	if len(parts) == 0 {
		return unknown
	}
	return strings.Join(parts, separator)
}
