package webhook

import (
	"context"
	"errors"
	"time"
)

// run tries deliveries until the dispatcher ends.
func (d *Dispatcher) run(ctx context.Context) {
	for {
		l, j, ok := d.next()
		if !ok {
			return
		}
		d.settle(l, j, d.try(ctx, j))
	}
}

// next waits for a lane whose first delivery is due. No other worker has it until settle.
func (d *Dispatcher) next() (*lane, job, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.ready) == 0 && !d.ended {
		d.work.Wait()
	}
	if d.ended {
		return nil, job{}, false
	}
	l := d.ready[0]
	d.ready = d.ready[1:]
	l.jobs[0].tries++
	return l, l.jobs[0], true
}

// settle takes a delivery from its lane that has arrived or is given up, or has it tried again
// after a pause, and tells how it ended.
func (d *Dispatcher) settle(l *lane, j job, err error) {
	if !d.conclude(l, j, err) {
		return
	}
	if err != nil {
		d.o.Logger.Warn("webhook: a delivery failed", "subscription", j.SubscriptionID, "delivery", j.id, "tries", j.tries, "error", err)
	}
	d.o.Done(j.SubscriptionID, err == nil)
}

// conclude tells whether the delivery has ended, and was not cut off meanwhile.
func (d *Dispatcher) conclude(l *lane, j job, err error) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return false // Close speaks for it
	}
	var final *finalError
	if err != nil && j.tries < maxTries && !errors.As(err, &final) {
		l.pause = time.AfterFunc(d.o.BackOff<<(2*(j.tries-1)), func() { d.resume(l) })
		return false
	}
	l.jobs = l.jobs[1:]
	d.queued--
	if len(l.jobs) > 0 {
		d.makeReady(l)
	} else {
		delete(d.lanes, j.SubscriptionID)
	}
	d.checkDrained()
	return true
}

// resume has a lane tried again after its pause.
func (d *Dispatcher) resume(l *lane) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.ended {
		l.pause = nil
		d.makeReady(l)
	}
}

// makeReady hands a lane to the workers. The caller holds mu.
func (d *Dispatcher) makeReady(l *lane) {
	d.ready = append(d.ready, l)
	d.work.Signal()
}

// checkDrained notes that the last delivery has ended. The caller holds mu.
func (d *Dispatcher) checkDrained() {
	if d.closing && d.queued == 0 && !d.ended {
		d.closeDrained()
	}
}

// closeDrained releases those that wait in Close. The caller holds mu.
func (d *Dispatcher) closeDrained() {
	select {
	case <-d.drained:
	default:
		close(d.drained)
	}
}
