package aimemory

import (
	"math"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

// Flags that several commands have.

func namespaceFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "namespace", Aliases: []string{"n"}, Usage: usage}
}

func tierFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "tier", Aliases: []string{"t"}, Usage: usage + ": `TIER` is short, mid or long"}
}

func titleFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "title", Aliases: []string{"T"}, Usage: usage}
}

func limitFlag(limit int64) cli.Flag { return countFlag("limit", "at most `LIMIT` rows", limit) }

func offsetFlag() cli.Flag { return countFlag("offset", "leave out the first `OFFSET` rows", 0) }

// priorityFlag takes 32 bits; a default of 0 is none.
func priorityFlag(usage string, value int64) cli.Flag {
	return &cli.GenericFlag{
		Name: "priority", Aliases: []string{"p"}, Usage: usage,
		Value: &whole{least: math.MinInt32, most: math.MaxInt32, n: value, there: value != 0},
	}
}

func priority(c *cli.Context) int32 { return int32(integer(c, "priority")) } //nolint:gosec // the flag takes no more

func confidenceFlag(usage string, value *decimal) cli.Flag {
	return &cli.GenericFlag{Name: "confidence", Usage: usage, Value: value}
}

// filterFlags are what lists, searches and recalls select by.
func filterFlags() []cli.Flag {
	return []cli.Flag{
		namespaceFlag("only of `NAMESPACE`"),
		&cli.StringFlag{Name: "since", Usage: "only what was created at `SINCE` or later, RFC 3339"},
		&cli.StringFlag{Name: "until", Usage: "only what was created at `UNTIL` or earlier, RFC 3339"},
		&cli.StringFlag{Name: "tags", Usage: "only what has all of `TAGS`, a comma list"},
	}
}

// query is what the flags of filterFlags, and those of a command's own, select.
func query(c *cli.Context) server.Query {
	q := server.Query{
		Namespace: optional(c, "namespace"), Since: optional(c, "since"), Until: optional(c, "until"), Tag: optional(c, "tags"),
		Limit: count(c, "limit"), Offset: count(c, "offset"),
	}
	if q.Tag != nil && *q.Tag == "" {
		q.Tag = nil
	}
	return q
}

// agentFilter is --agent-id of a list: given to the command itself. Who acts is not whom to look for.
func agentFilter(c *cli.Context) *string {
	if !c.IsSet("agent-id") || !given(c, "agent-id") {
		return nil
	}
	agent := c.String("agent-id")
	return &agent
}

// given tells whether a flag was given to the command itself.
func given(c *cli.Context, name string) bool {
	for _, local := range c.LocalFlagNames() {
		if local == name {
			return true
		}
	}
	return false
}

// knownTier is the tier of --tier, nil when none was given, or none that is known.
func knownTier(c *cli.Context) *server.Tier {
	for _, t := range server.Tiers() {
		if c.String("tier") == string(t) {
			return &t
		}
	}
	return nil
}
