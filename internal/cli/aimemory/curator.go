package aimemory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func curatorCommand() *cli.Command {
	return &cli.Command{
		Name:  "curator",
		Usage: "tag memories, find contradictions, make one of those that say the same, forget what was superseded",
		Flags: slices.Concat([]cli.Flag{
			&cli.BoolFlag{Name: "once", DisableDefaultText: true, Usage: "make one cycle and tell what it did"},
			&cli.BoolFlag{Name: "daemon", DisableDefaultText: true, Usage: "make cycles until the process is stopped, and tell of each on standard error"},
			countFlag("interval-secs", "`SECONDS` between two cycles of --daemon, from 60 to 86400", 3600),
			countFlag("max-ops", "`N` operations a cycle at most", server.DefaultCuratorOps),
			&cli.BoolFlag{Name: "dry-run", DisableDefaultText: true, Usage: "write nothing: only tell what would be done"},
			&cli.StringSliceFlag{Name: "include-namespace", Usage: "only of `NAMESPACE`; may be given several times"},
			&cli.StringSliceFlag{Name: "exclude-namespace", Usage: "not of `NAMESPACE`; may be given several times"},
			&cli.StringFlag{
				Name: "passes",
				Usage: "make these `PASSES`, also without a language model: a comma list of " + strings.Join(server.CuratorPasses(), ", ") +
					", or all. Without it all are made when there is a model, and none when there is none",
			},
			&cli.StringFlag{Name: "rollback", Usage: "undo the change of the entry `ID` of the rollback log"},
			optionalCountFlag("rollback-last", "undo the newest `N` changes that were not undone yet"),
		}, modelFlags()),
		Action: runCurator,
	}
}

func runCurator(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	back := optionalInteger(c, "rollback-last")
	switch {
	case c.Bool("once") && c.Bool("daemon"):
		return usagef("the argument '--once' cannot be used with '--daemon'")
	case c.IsSet("rollback") && back != nil:
		return usagef("the argument '--rollback' cannot be used with '--rollback-last'")
	case c.IsSet("rollback"):
		return withMemories(c, func(s session) error { return rollBack(c, s, c.String("rollback")) })
	case back != nil:
		return withMemories(c, func(s session) error { return rollBackLast(c, s, count(c, "rollback-last")) })
	case !c.Bool("once") && !c.Bool("daemon"):
		return errors.New("curator requires --once, --daemon, --rollback <id>, or --rollback-last N")
	}
	file := loadConfig(c.App.ErrWriter)
	passes, err := passesOf(c)
	if err != nil {
		return err
	}
	curator := server.Curator{
		MaxOps: count(c, "max-ops"), DryRun: c.Bool("dry-run"), Include: c.StringSlice("include-namespace"),
		Exclude: c.StringSlice("exclude-namespace"), Passes: passes, Model: modelOf(c, file, featureTier(c, file.Tier)),
	}
	config := databaseConfig(c, file)
	config.Logger = newLogger(c.App.ErrWriter)
	err = server.Use(c.Context, config, func(m *server.Memories) error {
		if c.Bool("daemon") {
			return curateForever(c, m, curator)
		}
		return curateOnce(c, m, curator)
	})
	if c.Bool("daemon") {
		return stopped(c.Context, err)
	}
	return opening(err)
}

// passesOf are the passes that are asked for; nil when none are named.
func passesOf(c *cli.Context) ([]string, error) {
	if !c.IsSet("passes") {
		return nil, nil
	}
	known := server.CuratorPasses()
	named := commaList(c.String("passes"))
	if slices.Equal(named, []string{"all"}) {
		return known, nil
	}
	for _, name := range named {
		if !slices.Contains(known, name) {
			return nil, usagef("invalid value '%s' for '--passes <PASSES>': use a comma list of %s, or all", name, strings.Join(known, ", "))
		}
	}
	if len(named) == 0 {
		return nil, usagef("invalid value '%s' for '--passes <PASSES>': name at least one", c.String("passes"))
	}
	return named, nil
}

func curateOnce(c *cli.Context, m *server.Memories, curator server.Curator) error {
	report, err := m.RunCurator(c.Context, curator)
	if errors.Is(err, context.Canceled) {
		err = errors.New("the cycle was interrupted; its report tells what it has done")
	} else if err != nil {
		return err
	}
	if asJSON(c) {
		return errors.Join(printPretty(c, report), err)
	}
	return errors.Join(printReport(c, report), err)
}

func printReport(c *cli.Context, r server.CuratorReport) error {
	var text strings.Builder
	text.WriteString("curator cycle report\n")
	type reported struct {
		name  string
		value any
	}
	lines := []reported{
		{"started_at", r.StartedAt},
		{"completed_at", r.CompletedAt},
		{"duration_ms", r.CycleDurationMS},
		{"memories_scanned", r.MemoriesScanned},
		{"memories_eligible", r.MemoriesEligible},
		{"operations", r.OperationsAttempted},
		{"auto_tagged", r.AutoTagged},
		{"contradictions", r.ContradictionsFound},
		{"skipped (cap)", r.OperationsSkipped},
		{"errors", len(r.Errors)},
		{"dry_run", r.DryRun},
	}
	if a := r.Autonomy; a.ClustersFormed+a.MemoriesForgotten+a.PriorityAdjustments > 0 {
		lines = append(lines, reported{"consolidated", a.MemoriesConsolidated}, reported{"forgotten", a.MemoriesForgotten},
			reported{"priorities", a.PriorityAdjustments}, reported{"rollback entries", a.RollbackEntriesWritten})
	}
	for _, line := range lines {
		_, _ = fmt.Fprintf(&text, "  %-18s %v\n", line.name+":", line.value)
	}
	for _, e := range r.Errors {
		text.WriteString("    - " + e + "\n")
	}
	_, err := c.App.Writer.Write([]byte(text.String()))
	return err
}

func curateForever(c *cli.Context, m *server.Memories, curator server.Curator) error {
	m.CurateEvery(c.Context, curator, time.Duration(count(c, "interval-secs"))*time.Second, func(r server.CuratorReport, err error) {
		if err != nil {
			note(c, "curator: the cycle of %s failed: %v", r.StartedAt, err)
			return
		}
		a := r.Autonomy
		line := fmt.Sprintf(
			"curator: cycle of %s took %d ms: scanned %d, eligible %d, tagged %d, contradictions %d, consolidated %d, forgotten %d, priorities %d, "+
				"rollback entries %d, errors %d", r.StartedAt, r.CycleDurationMS, r.MemoriesScanned, r.MemoriesEligible, r.AutoTagged,
			r.ContradictionsFound, a.MemoriesConsolidated, a.MemoriesForgotten, a.PriorityAdjustments, a.RollbackEntriesWritten, len(r.Errors))
		if len(r.Errors) > 0 {
			line += ": " + strings.ReplaceAll(r.Errors[0], "\n", " ")
		}
		note(c, "%s", line)
	})
	note(c, "curator: stopped")
	return nil
}

func rollBack(c *cli.Context, s session, id string) error {
	done, err := s.RollBack(c.Context, id)
	if err != nil {
		return err
	}
	became := "no-op"
	if done.Applied {
		became = "applied"
	}
	return printf(c, "rollback %s: %s", id, became)
}

func rollBackLast(c *cli.Context, s session, n int) error {
	done, err := s.RollBackLast(c.Context, n)
	if err != nil {
		return fmt.Errorf("%w (reversed %d rollback entries before)", err, done)
	}
	return printf(c, "reversed %d rollback entries", done)
}
