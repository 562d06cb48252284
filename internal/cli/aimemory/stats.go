package aimemory

import (
	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func gcCommand() *cli.Command {
	return &cli.Command{Name: "gc", Usage: "take out what has expired", Action: gc}
}

func gc(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		collected, err := s.Collect(c.Context)
		switch {
		case err != nil:
			return failed(err)
		case asJSON(c):
			return printJSON(c, map[string]any{"expired_deleted": collected.Count})
		}
		return printf(c, "expired memories deleted: %d", collected.Count)
	})
}

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

func namespacesCommand() *cli.Command {
	return &cli.Command{Name: "namespaces", Usage: "count memories by namespace", Action: namespaces}
}

func namespaces(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		found, err := s.Namespaces(c.Context)
		switch {
		case err != nil:
			return failed(err)
		case asJSON(c):
			return printJSON(c, map[string]any{"namespaces": counts(found, "namespace")})
		case len(found) == 0:
			note(c, "no namespaces")
			return nil
		}
		for _, n := range found {
			if err := printf(c, "  %s: %d memories", n.Name, n.Count); err != nil {
				return err
			}
		}
		return nil
	})
}
