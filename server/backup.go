package server

import (
	"context"

	"chaosctl/server/internal/backup"
)

// Words of backups.
type (
	// BackupOptions says what is to be backed up, and where to.
	BackupOptions = backup.Options
	// MadeBackup is a backup that was made.
	MadeBackup = backup.Made
	// RestoreOptions says what is to be restored, and where to.
	RestoreOptions = backup.RestoreOptions
	// RestoredBackup is what was restored.
	RestoredBackup = backup.Restored
)

// DefaultKeep is how many snapshots a folder holds unless it is said otherwise.
const DefaultKeep = 48

// Backup makes a snapshot of a database, which others may be using (contract section 8). The
// version in its manifest is that of the program unless it is given.
func Backup(ctx context.Context, o BackupOptions) (MadeBackup, error) {
	if o.Version == "" {
		o.Version = Version
	}
	return backup.Make(ctx, o)
}

// Restore puts a snapshot in the place of a database that nobody has open.
func Restore(ctx context.Context, o RestoreOptions) (RestoredBackup, error) {
	return backup.Restore(ctx, o)
}
