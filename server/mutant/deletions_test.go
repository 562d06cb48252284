package main

import (
	"testing"
	"time"

	"chaosctl/server/internal/store"
)

// TestUntold deletes a row: it is gone here, and nobody is told or waited for.
func TestUntold(t *testing.T) {
	t.Parallel()
	u := untold{open(t)}
	for i := range 3 {
		if _, err := u.Create(t.Context(), row(i)); err != nil {
			t.Fatal(err)
		}
	}
	changes, err := u.Write(t.Context(), func(tx store.Tx) error {
		_, err := tx.Delete(row(1).ID, time.Now())
		return err
	})
	if err != nil || len(changes) != 0 {
		t.Errorf("to be waited for are %+v, %v", changes, err)
	}
	if got := titles(t, u, namespace("here", 100, 0)); len(got) != 2 {
		t.Errorf("stored are %v, want two", got)
	}
	own, upto, err := u.Own(t.Context(), 0, 100)
	if err != nil || upto != 4 || len(own) != 2 {
		t.Errorf("own events are %v up to %d, %v", names(own), upto, err)
	}
	lacking, _, err := u.Lacking(t.Context(), nil, store.Event{}, 100)
	if err != nil || len(lacking) != 2 {
		t.Errorf("lacking are %v, %v", names(lacking), err)
	}
}
