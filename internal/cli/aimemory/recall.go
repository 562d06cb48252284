package aimemory

import (
	"slices"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

// defaultRecalled is how many memories a recall has, unless it is told how many.
const defaultRecalled = 10

func recallCommand() *cli.Command {
	return &cli.Command{
		Name:      "recall",
		Usage:     "recall what fits a context, the best first, and keep it alive longer",
		ArgsUsage: "CONTEXT",
		Flags: slices.Concat(filterFlags(), []cli.Flag{
			limitFlag(defaultRecalled),
			&cli.StringFlag{
				Name: "tier", Aliases: []string{"T"},
				Usage: "feature `TIER`: keyword, semantic, smart or autonomous; without models all recall by keywords",
			},
			asAgentFlag(),
			optionalCountFlag("budget-tokens", "stop before the first memory with which all would cost more than `TOKENS`"),
			&cli.StringFlag{Name: "context-tokens", Usage: "comma list of `WORDS` that are of interest, for recalls by meaning"},
		}),
		Action: recall,
	}
}

func recall(c *cli.Context) error {
	args, err := arguments(c, "CONTEXT")
	if err != nil {
		return err
	}
	budget := budgetOf(c)
	q := server.SearchQuery{Query: query(c), Text: args[0], AsAgent: optional(c, "as-agent")}
	return withMemories(c, func(s session) error {
		if err := asAgent(q.AsAgent); err != nil {
			return err
		}
		if _, err := s.Collect(c.Context); err != nil {
			return err
		}
		var found server.Recalled
		if !blank(q.Text) {
			if found, err = s.Recall(c.Context, q, budget); err != nil {
				return failed(err)
			}
		}
		return printRecalled(c, q.Text, found, budget)
	})
}

// budgetOf is how many tokens a recall may cost, nil when there is no limit.
func budgetOf(c *cli.Context) *uint64 {
	if !c.IsSet("budget-tokens") {
		return nil
	}
	tokens := uint64(integer(c, "budget-tokens")) //nolint:gosec // the flag takes no negative ones
	return &tokens
}

// mode is how memories are recalled: there are no models that know meaning.
const mode = "keyword"

func printRecalled(c *cli.Context, context string, found server.Recalled, budget *uint64) error {
	if asJSON(c) {
		answer := map[string]any{
			"memories": append([]server.Scored{}, found.Memories...), "count": len(found.Memories), "mode": mode, "tokens_used": found.Tokens,
		}
		if budget != nil {
			answer["budget_tokens"] = *budget
		}
		return printJSON(c, answer)
	}
	if len(found.Memories) == 0 {
		note(c, "no memories found for: %s", context)
		return nil
	}
	colours := coloured(c.App.Writer)
	for _, m := range found.Memories {
		if err := printf(c, "%s\n  %s\n", scoredLine(m, colours), firstRunes(m.Content, 200)); err != nil {
			return err
		}
	}
	return printf(c, "%d memory(ies) recalled [%s]", len(found.Memories), mode)
}
