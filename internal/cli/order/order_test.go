package order_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"chaosctl/internal/cli/order"
)

func app() *cli.App {
	return &cli.App{
		Flags: []cli.Flag{&cli.StringFlag{Name: "db"}, &cli.BoolFlag{Name: "json"}, &cli.StringFlag{Name: "agent-id"}},
		Commands: []*cli.Command{
			{Name: "replay", Flags: []cli.Flag{
				&cli.IntFlag{Name: "cycle", Aliases: []string{"c"}}, &cli.BoolFlag{Name: "q"}, &cli.StringSliceFlag{Name: "only"},
			}},
			{Name: "list", Flags: []cli.Flag{&cli.StringFlag{Name: "agent-id"}}},
			{Name: "archive", Subcommands: []*cli.Command{{Name: "purge", Flags: []cli.Flag{&cli.IntFlag{Name: "days"}}}}},
		},
	}
}

func TestArrange(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"x":                                "x",
		"x replay r --cycle 7":             "x replay --cycle 7 r",
		"x replay --cycle 7 r":             "x replay --cycle 7 r",
		"x replay r --cycle=7 -q":          "x replay --cycle=7 -q r",
		"x replay -q r --cycle 7":          "x replay -q --cycle 7 r",
		"x replay r -- --cycle 7":          "x replay r -- --cycle 7",
		"x replay r --cycle":               "x replay --cycle r",
		"x replay r -c7":                   "x replay -c 7 r",
		"x replay - -c -1":                 "x replay -c -1 -",
		"x unknown r --cycle 7":            "x --cycle unknown r 7",
		"x replay r --db a --json":         "x --db a --json replay r",
		"x --json replay r --nothing":      "x --json replay --nothing r",
		"x --agent-id a list --agent-id b": "x --agent-id a list --agent-id b",
		"x archive --json purge --days 3":  "x --json archive purge --days 3",
		"x archive list":                   "x archive list",
		"x replay replay list":             "x replay replay list",
		"x replay --db=a=b r":              "x --db=a=b replay r",
	} {
		got, repeated := order.Arrange(app(), strings.Fields(in))
		if d := cmp.Diff(strings.Fields(want), got); d != "" || repeated != "" {
			t.Errorf("%s: repeated %q (-want +got):\n%s", in, repeated, d)
		}
	}
}

func TestRepeated(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"x replay --cycle 7 -c 8":      "-c",
		"x replay --cycle=7 --cycle=8": "--cycle",
		"x --db a replay --db b":       "",
		"x replay --db a --db b":       "--db",
		"x replay --only a --only b":   "",
		"x replay -- --cycle --cycle":  "",
		"x replay -q -q":               "-q",
	} {
		if _, got := order.Arrange(app(), strings.Fields(in)); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
