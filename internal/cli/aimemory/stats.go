package aimemory

import (
	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func statsCommand() *cli.Command {
	return &cli.Command{Name: "stats", Usage: "count what is stored", Action: stats}
}

func stats(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		st, err := s.Stats(c.Context)
		if err != nil {
			return failed(err)
		}
		return printStats(c, st)
	})
}

func printStats(c *cli.Context, st server.Stats) error {
	if asJSON(c) {
		return printJSON(c, map[string]any{
			"total": st.Total, "by_tier": counts(st.ByTier, "tier"), "by_namespace": counts(st.ByNamespace, "namespace"),
			"expiring_soon": st.ExpiringSoon, "links_count": st.Links, "db_size_bytes": st.DBSizeBytes,
		})
	}
	err := printf(c, "total memories: %d\nexpiring within 1h: %d\nlinks: %d\ndatabase size: %d bytes\n\nby tier:",
		st.Total, st.ExpiringSoon, st.Links, st.DBSizeBytes)
	if err != nil {
		return err
	}
	for _, t := range st.ByTier {
		if err := printf(c, "  %s: %d", t.Name, t.Count); err != nil {
			return err
		}
	}
	if err := printLine(c, "\nby namespace:"); err != nil {
		return err
	}
	for _, n := range st.ByNamespace {
		if err := printf(c, "  %s: %d", n.Name, n.Count); err != nil {
			return err
		}
	}
	return nil
}

// counts are numbers of rows by some name, as JSON has them.
func counts(of []server.Count, key string) []map[string]any {
	all := []map[string]any{}
	for _, n := range of {
		all = append(all, map[string]any{key: n.Name, "count": n.Count})
	}
	return all
}
