package aimemory

import (
	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func restoreCommand() *cli.Command {
	return &cli.Command{
		Name:  "restore",
		Usage: "put a snapshot in the place of the database, which must not be in use",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "`PATH` of a snapshot, or of a folder: then its newest"},
			&cli.BoolFlag{
				Name: "skip-verify", DisableDefaultText: true,
				Usage: "restore whatever the manifest says, and without one; that the snapshot is a whole database is checked all the same",
			},
		},
		Action: restore,
	}
}

func restore(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	if err := required(c, "from"); err != nil {
		return err
	}
	restored, err := server.Restore(c.Context, server.RestoreOptions{
		From: c.String("from"), DB: databaseOf(c, loadConfig(c.App.ErrWriter)), SkipVerify: c.Bool("skip-verify"),
	})
	if err != nil {
		return because(err)
	}
	if asJSON(c) {
		return printJSON(c, map[string]string{"status": "restored", "from": restored.From, "to": restored.To})
	}
	if restored.Previous != "" {
		if err := printf(c, "Previous DB moved to %s", restored.Previous); err != nil {
			return err
		}
	}
	return printf(c, "Restored %s → %s", restored.From, restored.To)
}
