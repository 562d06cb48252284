// Package webhook delivers signed notifications to addresses that clients name (contract section
// 4.16). It does not know what is notified: a body goes in, a POST comes out, and a callback says
// whether it arrived. Clients name addresses, so it never connects to one that only this machine
// or its network should reach: see Guard.
package webhook

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	workers = 4
	// maxQueued bounds the deliveries that wait or are under way, in all and for one subscription:
	// a receiver that hangs must not take the room of the others.
	maxQueued    = 1024
	maxQueuedFor = 128
	maxTries     = 3

	defaultTimeout = 10 * time.Second
	defaultBackOff = time.Second
)

// Why Send does not take a delivery.
var (
	ErrFull   = errors.New("too many webhook deliveries are waiting")
	ErrClosed = errors.New("webhook deliveries have ended")
)

// Options say how to deliver.
type Options struct {
	Guard   Guard
	RootCAs *x509.CertPool // whom to believe about receivers; nil for the system's
	// Done is told how each delivery ended that Send took, once, by a goroutine of the
	// dispatcher or of Close. Nil: nobody is told.
	Done    func(subscriptionID string, ok bool)
	Logger  *slog.Logger  // nil discards
	Timeout time.Duration // of one try; 0 for 10 s
	// BackOff is the pause before the second try; the pause before the third is four times that.
	// 0 for 1 s.
	BackOff time.Duration
}

// Delivery is one notification to one subscription.
type Delivery struct {
	SubscriptionID string
	URL            string
	Key            *[32]byte // of the signature, as Key gives it; nil leaves it unsigned
	Body           []byte    // JSON; not to be changed afterwards
}

// Dispatcher sends deliveries in the background: those of one subscription one after another in
// the order of Send, those of different ones beside each other. What has not arrived when the
// process ends is lost.
type Dispatcher struct {
	o      Options
	client *http.Client
	cut    context.CancelFunc // ends the tries under way
	crew   sync.WaitGroup

	mu      sync.Mutex
	work    sync.Cond        // signalled when ready or ended changes
	lanes   map[string]*lane // by subscription; none is empty
	ready   []*lane          // whose first delivery may be tried now
	queued  int
	closing bool
	ended   bool
	drained chan struct{} // closed when closing and nothing is queued
}

// lane is what waits for one subscription. Its first delivery is the one under way.
type lane struct {
	jobs  []job
	pause *time.Timer // before the next try; nil: none
}

type job struct {
	Delivery
	id    string // the same in all tries
	tries int
}

// New returns a dispatcher at work. Close ends it.
func New(o Options) *Dispatcher {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.BackOff == 0 {
		o.BackOff = defaultBackOff
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Done == nil {
		o.Done = func(string, bool) {}
	}
	ctx, cut := context.WithCancel(context.Background())
	d := &Dispatcher{
		o: o, client: newClient(o.Guard, o.RootCAs), cut: cut,
		lanes: map[string]*lane{}, drained: make(chan struct{}),
	}
	d.work.L = &d.mu
	for range workers {
		d.crew.Go(func() { d.run(ctx) })
	}
	return d
}

// CheckURL tells why a URL cannot be subscribed to; nil when it can. The error's text is for the
// client. What a name resolves to is looked at when it is connected to.
func (d *Dispatcher) CheckURL(url string) error { return d.o.Guard.CheckURL(url) }

// Send takes a delivery and returns at once: nil, ErrFull, or ErrClosed once Close was called.
func (d *Dispatcher) Send(delivery Delivery) error {
	id, err := uuid.NewRandom()
	if err != nil {
		return fmt.Errorf("make a delivery id: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lanes[delivery.SubscriptionID]
	switch {
	case d.closing:
		return ErrClosed
	case d.queued >= maxQueued, l != nil && len(l.jobs) >= maxQueuedFor:
		return ErrFull
	case l == nil:
		l = &lane{}
		d.lanes[delivery.SubscriptionID] = l
		d.makeReady(l)
	}
	l.jobs = append(l.jobs, job{Delivery: delivery, id: id.String()})
	d.queued++
	return nil
}

// Close takes no more deliveries, waits until those taken have ended, and returns when all its
// goroutines have. When ctx ends first, those left are cut off, Done is told that they failed,
// and the error says how many.
func (d *Dispatcher) Close(ctx context.Context) error {
	d.mu.Lock()
	if !d.closing {
		d.closing = true
		d.checkDrained()
	}
	d.mu.Unlock()
	select {
	case <-d.drained:
	case <-ctx.Done():
	}
	left := d.end()
	d.crew.Wait()
	d.client.CloseIdleConnections()
	for _, j := range left {
		d.o.Done(j.SubscriptionID, false)
	}
	if len(left) > 0 {
		return fmt.Errorf("%d webhook deliveries were cut off: %w", len(left), context.Cause(ctx))
	}
	return nil
}

// end stops the workers and returns what was left.
func (d *Dispatcher) end() []job {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.ended {
		d.ended = true
		d.closeDrained()
	}
	d.cut()
	d.work.Broadcast()
	var left []job
	for _, l := range d.lanes {
		if l.pause != nil {
			l.pause.Stop()
		}
		left = append(left, l.jobs...)
	}
	clear(d.lanes)
	return left
}
