package metrics

import (
	"fmt"
	"time"
)

// ClockBack tells where the times of a history are out of order, or is empty when they are
// not. Times on one monotonic clock cannot be; where they are, nothing that hangs on their order
// is proven.
func (h *History) ClockBack() string {
	for i := range h.Operations {
		op := &h.Operations[i]
		if backward(op.Scheduled, op.Invoked, op.Sent, op.Returned) {
			return fmt.Sprintf("%v %s was to begin at %v, was invoked at %v, sent at %v and returned at %v",
				op.Kind, op.Key, op.Scheduled, op.Invoked, op.Sent, op.Returned)
		}
	}
	for _, w := range h.Windows {
		if backward(w.Began, w.Active, w.HealBegan, w.Healed) {
			return fmt.Sprintf("fault %s began at %v, was active at %v, its heal began at %v and ended at %v",
				w.ID, w.Began, w.Active, w.HealBegan, w.Healed)
		}
	}
	for _, o := range h.Observations {
		if backward(o.Began, o.Ended) {
			return fmt.Sprintf("the %s reading of %s began at %v and ended at %v", o.Stage, NodeName(o.Node), o.Began, o.Ended)
		}
	}
	var before time.Duration
	for _, s := range h.Stages {
		if backward(before, s.Began, s.Ended) {
			return fmt.Sprintf("stage %s began at %v and ended at %v, the one before it ended at %v",
				s.Name, s.Began, s.Ended, before)
		}
		before = s.Ended
	}
	return ""
}

// backward reports whether times that happened are not in order, or one is before the start.
func backward(times ...time.Duration) bool {
	var last time.Duration
	for _, t := range times {
		if t == Never {
			continue
		}
		if t < last {
			return true
		}
		last = t
	}
	return false
}
