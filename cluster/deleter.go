package cluster

import "context"

// Deleter is a System whose rows can be deleted.
type Deleter interface {
	// Delete removes a row and classifies the answer.
	Delete(ctx context.Context, n NodeConfig, d Deletion) Reply
}

// Deletion is one row to be deleted.
type Deletion struct {
	ID   string // as a Reply to a Write gave it
	Sent func() // as of a Write
}
