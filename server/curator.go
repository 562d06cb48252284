package server

import (
	"context"
	"time"

	"chaosctl/server/internal/curator"
)

// CuratorReport tells what a cycle of the curator did.
type CuratorReport = curator.Report

// DefaultCuratorOps is how many operations a cycle makes where nothing else is said.
const DefaultCuratorOps = 100

// Curator says what a cycle of the curator does (contract section 9).
type Curator struct {
	MaxOps           int // of the model and the passes together
	DryRun           bool
	Include, Exclude []string // namespaces, exactly; an empty Include is all
	// Passes are those of CuratorPasses to be made, also without a model. Nil: all with a model, none
	// without.
	Passes []string
	Model  Model
}

// CuratorPasses are the names of the passes that need no language model, in their order.
func CuratorPasses() []string {
	var names []string
	for _, p := range curator.Passes() {
		names = append(names, string(p))
	}
	return names
}

// RunCurator makes one cycle. A model that does not answer is none, which is logged. It returns what was
// done, also with an error: that memories cannot be read, or that ctx has ended.
func (m *Memories) RunCurator(ctx context.Context, c Curator) (CuratorReport, error) {
	o := curator.Options{MaxOps: c.MaxOps, DryRun: c.DryRun, Include: c.Include, Exclude: c.Exclude}
	for _, name := range c.Passes {
		o.Passes = append(o.Passes, curator.Pass(name))
	}
	if model, _ := c.Model.open(ctx, m.config.Logger); model != nil {
		o.Model = model
	}
	return curator.Run(ctx, m.Service, o)
}

// CurateEvery makes cycles until ctx ends and calls a function after each that has come to its end. The
// interval counts from the end of one to the beginning of the next, and is from a minute to a day.
func (m *Memories) CurateEvery(ctx context.Context, c Curator, interval time.Duration, ended func(CuratorReport, error)) {
	curator.Every(ctx, interval, func(ctx context.Context) {
		report, err := m.RunCurator(ctx, c)
		if ctx.Err() == nil {
			ended(report, err)
		}
	})
}
