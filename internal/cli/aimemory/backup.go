package aimemory

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

// defaultBackups is the folder of snapshots.
const defaultBackups = "./backups"

func backupCommand() *cli.Command {
	return &cli.Command{
		Name:  "backup",
		Usage: "make a snapshot of the database, also while a server uses it",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "to", Usage: "`FOLDER` of the snapshots", Value: defaultBackups},
			countFlag("keep", "remove the oldest snapshots of the folder beyond this `NUMBER`; 0 keeps all", server.DefaultKeep),
		},
		Action: backup,
	}
}

func backup(c *cli.Context) error {
	switch err := noArguments(c); {
	case err != nil:
		return err
	case c.String("to") == "":
		return usagef("--to is empty")
	}
	made, err := server.Backup(c.Context, server.BackupOptions{
		DB: databaseOf(c, loadConfig(c.App.ErrWriter)), To: c.String("to"), Keep: count(c, "keep"),
	})
	if err != nil {
		return because(err)
	}
	for _, warning := range made.Warnings {
		note(c, "warning: %v", warning)
	}
	if asJSON(c) {
		return printJSON(c, made.Record)
	}
	return printLine(c, fmt.Sprintf("Snapshot: %s\nManifest: %s\nSHA-256 : %s\nBytes   : %d",
		made.Snapshot, made.Manifest, made.Record.SHA256, made.Record.Bytes))
}
