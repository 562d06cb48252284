package runner

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// undoLimit is how long all undo steps of a cycle may take together.
const undoLimit = 15 * time.Second

// undoStack holds what must be undone, registered the moment it exists.
type undoStack struct{ steps []undoStep }

type undoStep struct {
	name string
	undo func(context.Context) error
}

// push registers a step; steps run in reverse order.
func (u *undoStack) push(name string, undo func(context.Context) error) {
	u.steps = append(u.steps, undoStep{name, undo})
}

// run undoes everything, whatever fails and whether ctx has ended or not, and returns all errors.
func (u *undoStack) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
	defer cancel()
	var failed []error
	for len(u.steps) > 0 {
		step := u.steps[len(u.steps)-1]
		u.steps = u.steps[:len(u.steps)-1]
		if err := step.undo(ctx); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", step.name, err))
		}
	}
	return errors.Join(failed...)
}
