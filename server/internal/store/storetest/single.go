package storetest

import (
	"context"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// Update is store.Tx's Update in a transaction of its own. It returns the row as it stands.
func Update(ctx context.Context, s store.Store, id string, p memory.Patch, at time.Time) (store.Change, error) {
	return single(ctx, s, func(tx store.Tx) error {
		_, err := tx.Update(id, p, at)
		return err
	})
}

// Delete is store.Tx's Delete in a transaction of its own. It returns the deletion.
func Delete(ctx context.Context, s store.Store, id string, at time.Time) (store.Change, error) {
	return single(ctx, s, func(tx store.Tx) error {
		_, err := tx.Delete(id, at)
		return err
	})
}

// single returns the last change of a transaction.
func single(ctx context.Context, s store.Store, do func(store.Tx) error) (store.Change, error) {
	changes, err := s.Write(ctx, do)
	if err != nil || len(changes) == 0 {
		return store.Change{}, err
	}
	return changes[len(changes)-1], nil
}
