package cluster

import (
	"context"
	"errors"
)

// ErrNoStore says that a node's data is of no kind that the system's adapter can look into.
var ErrNoStore = errors.New("the node's data is of no known kind")

// Inspector is a System whose adapter can look into the files of a node that has ended.
type Inspector interface {
	// Integrity reads all of a node's data and returns what is wrong with it, nothing when it is
	// whole; ErrNoStore when it cannot tell.
	Integrity(ctx context.Context, n NodeConfig) (problems []string, err error)
	// Remove removes one row behind the system's back, as no system should have to expect. It
	// returns ErrNoStore when it cannot, and an error when there is no such row.
	Remove(ctx context.Context, n NodeConfig, namespace, key string) error
}
