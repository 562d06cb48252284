package main

import (
	"context"
	"slices"
	"time"

	"chaosctl/server/internal/store"
)

// untold deletes on this node and acknowledges it, and tells no other node: there the memories stay,
// and from there they may come back.
type untold struct{ store.Store }

// Delete deletes a row; nobody waits for others to do so.
func (u untold) Delete(ctx context.Context, id string, at time.Time) (store.Change, error) {
	c, err := u.Store.Delete(ctx, id, at)
	if err != nil {
		return c, err
	}
	return atOnce(c), nil
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
