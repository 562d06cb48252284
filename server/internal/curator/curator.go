// Package curator keeps memories in order: in cycles it tags them, finds which contradict each other, makes one
// of those that say the same, and forgets what was superseded (contract section 9). What it takes out
// or changes by itself can be rolled back.
package curator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// Model is what a cycle asks of a language model.
type Model interface {
	// Tags returns words under which a text would be looked for.
	Tags(ctx context.Context, title, content string) ([]string, error)
	// Contradicts tells whether two texts cannot both be true.
	Contradicts(ctx context.Context, a, b string) (bool, error)
	// Summarize returns what several texts say, in short.
	Summarize(ctx context.Context, texts []string) (string, error)
}

// Pass is a part of a cycle that needs no language model.
type Pass string

// The passes, in the order in which they are made.
const (
	Dedupe   Pass = "dedupe"   // one memory is made of those that say the same
	Clusters Pass = "clusters" // likewise of those that say much the same
	Forget   Pass = "forget"   // memories that a newer one contradicts are forgotten
	Priority Pass = "priority" // what is used rises, what is not falls
)

// Passes returns the passes, in their order.
func Passes() []Pass { return []Pass{Dedupe, Clusters, Forget, Priority} }

// Options of a cycle.
type Options struct {
	// MaxOps bounds what a cycle does: memories that the model is asked about, and what the passes do, all
	// together.
	MaxOps           int
	DryRun           bool     // the model is asked, but nothing is written
	Include, Exclude []string // namespaces, exactly; an empty Include is all
	// Model is asked; nil: there is none.
	Model Model
	// Passes are made. Nil: all when there is a model, none when there is not. Passes that are named are
	// made without a model, too.
	Passes []Pass
	Now    func() time.Time // nil: time.Now
}

// Memories is what a cycle works on.
type Memories interface {
	List(ctx context.Context, q service.Query) ([]memory.Memory, error)
	Curate(ctx context.Context, ids []string, decide func([]memory.Memory) (service.Curation, error)) (service.Curated, error)
	KeepReport(ctx context.Context, at time.Time, content string) error
}

// Bounds of a cycle.
const (
	perOperation = 4   // candidates of a tier, for each operation that may be done
	listPage     = 200 // memories that are read at once
	shortest     = 50  // bytes of a content that is worth it
	siblings     = 8   // memories of a namespace that one is compared with the first other of
	maxTags      = 8   // that a model gives
	maxRefusals  = 3   // failures of the model in a row, then it is asked no more
)

// cycle is a cycle under way.
type cycle struct {
	memories Memories
	o        Options
	report   Report
	started  time.Time
	order    []string                 // ids of what is curated, in the order of the lists
	read     map[string]memory.Memory // as they were read first
	rows     map[string]memory.Memory // as they are, without those that are gone
	removed  map[string]bool          // ids of those
	waiting  map[string]bool          // ids of what this cycle had no operation left for, to be merged
	left     int                      // operations
	capped   int                      // operations that were too many
	refusals int                      // of the model, in a row
	verdicts map[[2]string]bool       // of the model, on pairs
}

// Run makes one cycle and returns what it did. What goes wrong with one memory is in the report and stops
// nothing. It returns an error, and what it did until then, when memories cannot be listed or ctx ends: then it
// stops between two operations.
func Run(ctx context.Context, m Memories, o Options) (Report, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &cycle{
		memories: m, o: o, started: o.Now().UTC(), left: o.MaxOps,
		read: map[string]memory.Memory{}, rows: map[string]memory.Memory{}, removed: map[string]bool{}, waiting: map[string]bool{}, verdicts: map[[2]string]bool{},
	}
	c.report = newReport(c.started, o.DryRun)
	err := c.run(ctx)
	if err == nil {
		err = ctx.Err()
	}
	c.report.Errors = append(c.report.Errors, c.report.Autonomy.Errors...)
	completed := o.Now().UTC()
	c.report.CompletedAt = memory.FormatTime(completed)
	c.report.CycleDurationMS = completed.Sub(c.started).Milliseconds()
	if err != nil || o.DryRun || !c.works() {
		return c.report, err
	}
	text, err := c.report.kept()
	if err == nil {
		err = m.KeepReport(ctx, c.started, text)
	}
	if err != nil {
		fail(&c.report.Errors, "%v", err)
	}
	return c.report, nil
}

// works tells whether there is anything to do it with.
func (c *cycle) works() bool { return c.o.Model != nil || c.o.Passes != nil }

func (c *cycle) run(ctx context.Context) error {
	candidates, full, err := c.candidates(ctx)
	if err != nil {
		return err
	}
	c.report.MemoriesScanned = len(candidates)
	var eligible []string
	for _, m := range candidates {
		if !c.mine(m) {
			continue
		}
		c.order = append(c.order, m.ID)
		c.read[m.ID], c.rows[m.ID] = m, m
		if len(textsOf(m, memory.KeyAutoTags)) == 0 {
			eligible = append(eligible, m.ID)
		}
	}
	c.report.MemoriesEligible = len(eligible)
	if !c.works() {
		fail(&c.report.Errors, NoModel)
		return nil
	}
	if full {
		fail(&c.report.Errors, "collect_candidates truncated at cap=%d per tier; consider raising max_ops_per_cycle or paginating across cycles",
			perOperation*c.o.MaxOps)
	}
	if c.o.Model != nil {
		c.ask(ctx, eligible)
	}
	for _, p := range c.passes() {
		p(ctx)
	}
	if c.capped > 0 {
		fail(&c.report.Autonomy.Errors, "max_ops=%d reached: %d operations of the passes are left for other cycles", c.o.MaxOps, c.capped)
	}
	c.tidy(ctx)
	return nil
}

// candidates are memories of tier mid and long, of each so many, and whether there may be more.
func (c *cycle) candidates(ctx context.Context) (all []memory.Memory, full bool, err error) {
	most := perOperation * c.o.MaxOps
	seen := map[string]bool{}
	for _, tier := range []memory.Tier{memory.Mid, memory.Long} {
		n := 0
		for n < most {
			limit := min(listPage, most-n)
			page, err := c.memories.List(ctx, service.Query{Tier: &tier, Limit: limit, Offset: n})
			if err != nil {
				return nil, false, fmt.Errorf("list memories of tier %s: %w", tier, err)
			}
			for _, m := range page { // one that changes meanwhile may be on two pages
				if !seen[m.ID] {
					seen[m.ID] = true
					all = append(all, m)
				}
			}
			if n += len(page); len(page) < limit {
				break
			}
		}
		full = full || n >= most
	}
	return all, full, nil
}

// mine tells whether a memory is to be curated.
func (c *cycle) mine(m memory.Memory) bool {
	return !memory.Reserved(m.Namespace) && len(m.Content) >= shortest && !slices.Contains(c.o.Exclude, m.Namespace) &&
		(len(c.o.Include) == 0 || slices.Contains(c.o.Include, m.Namespace))
}

// errChanged says that a memory is no more what was thought about.
var errChanged = errors.New("it has changed meanwhile; other cycles will see to it")

// same returns errChanged unless a memory says what it said.
func (c *cycle) same(now memory.Memory) error {
	was, known := c.rows[now.ID]
	if known && (was.Content != now.Content || was.Title != now.Title || was.Namespace != now.Namespace) {
		return fmt.Errorf("memory %s: %w", now.ID, errChanged)
	}
	return nil
}

// apply does what a function decides to do with some memories as they are; in a dry run, with memories as they
// would be, and only in mind.
func (c *cycle) apply(ctx context.Context, ids []string, decide func([]memory.Memory) (service.Curation, error)) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if c.o.DryRun {
		return c.imagine(ids, decide)
	}
	done, err := c.memories.Curate(ctx, ids, decide)
	if err != nil || !done.Done {
		return false, err
	}
	if done.Logged {
		c.report.Autonomy.RollbackEntriesWritten++
	}
	if _, known := c.rows[done.Memory.ID]; known {
		c.rows[done.Memory.ID] = done.Memory
	}
	return true, nil
}

func (c *cycle) imagine(ids []string, decide func([]memory.Memory) (service.Curation, error)) (bool, error) {
	var rows []memory.Memory
	for _, id := range ids {
		if m, is := c.rows[id]; is {
			rows = append(rows, m)
		}
	}
	if len(rows) == 0 {
		return false, nil
	}
	what, err := decide(rows)
	if err != nil {
		return false, err
	}
	if what.Change != nil {
		c.rows[ids[0]] = memory.Update(rows[0], *what.Change, c.o.Now())
	}
	return what.Merge != nil || what.Forget != "" || what.Change != nil, nil
}

// gone notes that a memory is gone.
func (c *cycle) gone(id string) {
	delete(c.rows, id)
	c.removed[id] = true
}

// spend tells whether one more operation of a pass may be done.
func (c *cycle) spend() bool {
	if c.left <= 0 {
		c.capped++
		return false
	}
	c.left--
	return true
}
