package aimemory

import (
	"math"
	"strconv"
	"strings"

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

func limitFlag(limit uint) cli.Flag {
	return &cli.UintFlag{Name: "limit", Usage: "at most `LIMIT` rows", Value: limit, Base: 10}
}

func priorityFlag(usage string) *cli.IntFlag {
	return &cli.IntFlag{Name: "priority", Aliases: []string{"p"}, Usage: usage, Base: 10}
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

// count is the value of a flag that counts, as far as it can be counted.
func count(c *cli.Context, name string) int { return int(min(c.Uint(name), maxCount)) }

// priority is the value of --priority, which has 32 bits.
func priority(c *cli.Context) (int32, error) {
	p := c.Int("priority")
	if p < math.MinInt32 || p > math.MaxInt32 {
		return 0, usagef("invalid value '%d' for '--priority': it has more than 32 bits", p)
	}
	return int32(p), nil
}

// confidence is the value of --confidence.
func confidence(c *cli.Context) (float64, error) {
	f := c.Float64("confidence")
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, plainf("Error: confidence must be a finite number")
	}
	return f, nil
}

// number reads a value that a flag of text has.
func number(c *cli.Context, name string) (*int64, error) {
	if !c.IsSet(name) {
		return nil, nil //nolint:nilnil // neither a number nor a mistake
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(c.String(name), "+"), 10, 64)
	if err != nil {
		return nil, usagef("invalid value '%s' for '--%s': it is no number of 64 bits", c.String(name), name)
	}
	return &n, nil
}
