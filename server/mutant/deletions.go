package main

import (
	"context"
	"slices"

	"chaosctl/server/internal/store"
)

// untold deletes on this node and acknowledges it, and tells no other node: there the memories stay,
// and from there they may come back.
type untold struct{ store.Store }

// Write does what it is asked for; nobody waits for others to delete anything.
func (u untold) Write(ctx context.Context, do func(store.Tx) error) ([]store.Change, error) {
	changes, err := u.Store.Write(ctx, do)
	return kept(changes), err
}

// Own leaves out deletions.
func (u untold) Own(ctx context.Context, after int64, limit int) ([]store.Change, int64, error) {
	changes, upto, err := u.Store.Own(ctx, after, limit)
	return kept(changes), upto, err
}

// Lacking leaves out deletions.
func (u untold) Lacking(
	ctx context.Context, have store.Vector, after store.Event, limit int,
) ([]store.Change, store.Vector, error) {
	changes, vector, err := u.Store.Lacking(ctx, have, after, limit)
	return kept(changes), vector, err
}

func kept(changes []store.Change) []store.Change {
	return slices.DeleteFunc(slices.Clone(changes), func(c store.Change) bool { return c.Deletion != nil })
}
