package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite/sqlitex"

	"chaosctl/server/internal/store"
)

// maxBatch bounds how many jobs share one transaction.
const maxBatch = 512

// A job is one write. It must set what it returns anew each time it is called: after another
// job of its transaction failed it is called again.
type job struct {
	do        func(*tx) error
	cancelled <-chan struct{}
	done      chan error // buffered: the writer never waits for whoever asked
}

// A writer is the one goroutine that writes, and its connection. Jobs that wait together share
// a transaction; each is answered when that is durable.
type writer struct {
	conn   *connection
	origin string
	jobs   chan job               // unbuffered: what waits is taken, what is taken is answered
	idle   chan func(*connection) // what is done between transactions
	stop   chan struct{}
	ended  chan struct{}

	underWay atomic.Pointer[transaction] // nil between transactions

	committed func(*tx) // told of each transaction once it is durable, before whoever asked for it

	version int64                   // of the data, as dataVersion tells
	foreign func(*connection) error // called at the begin of a transaction when others have written
}

func newWriter(conn *connection, origin string, version int64, committed func(*tx), foreign func(*connection) error) *writer {
	w := &writer{
		conn: conn, origin: origin, version: version, committed: committed, foreign: foreign,
		jobs: make(chan job), idle: make(chan func(*connection)), stop: make(chan struct{}), ended: make(chan struct{}),
	}
	go w.loop()
	return w
}

// write runs a job within a transaction and returns when that is durable. When ctx ends first
// its error is returned, and the job may yet be done.
func (w *writer) write(ctx context.Context, do func(*tx) error) error {
	j := job{do: do, cancelled: ctx.Done(), done: make(chan error, 1)}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-w.stop:
		return store.ErrClosed
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close ends the writer after the transaction under way, checkpoints and disconnects.
func (w *writer) close() error {
	close(w.stop)
	<-w.ended
	err := sqlitex.ExecuteTransient(w.conn.Conn, "PRAGMA wal_checkpoint(TRUNCATE)", nil)
	return errors.Join(err, w.conn.Close())
}

func (w *writer) loop() {
	defer close(w.ended)
	batch := make([]job, 0, maxBatch)
	for {
		select {
		case <-w.stop:
			return
		case do := <-w.idle:
			do(w.conn)
		case j := <-w.jobs:
			t := make(transaction)
			w.underWay.Store(&t)
			runtime.Gosched() // who is about to ask as well may do so first
			batch = w.drain(append(batch[:0], j))
			w.commit(batch)
			w.underWay.Store(nil)
			close(t)
		}
	}
}

// drain adds the jobs that wait now.
func (w *writer) drain(batch []job) []job {
	for len(batch) < maxBatch {
		select {
		case j := <-w.jobs:
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// transaction is closed when it has ended.
type transaction chan struct{}

// maxSettle is how long a usual transaction may take; one that hangs must not keep those before
// it from being sent.
const maxSettle = 5 * time.Millisecond

// settle waits until the transaction under way, if there is one, has ended; maxSettle at most.
func (w *writer) settle(ctx context.Context) {
	t := w.underWay.Load()
	if t == nil {
		return
	}
	timer := time.NewTimer(maxSettle)
	defer timer.Stop()
	select {
	case <-*t:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// commit does a batch in one transaction. When a job fails in a way that may have left half of
// it behind, each job gets a transaction of its own, so that it harms no other.
func (w *writer) commit(batch []job) {
	errs := make([]error, len(batch))
	err := w.transact(func(t *tx) error {
		for i, j := range batch {
			if errs[i] = j.run(t); errs[i] != nil && !harmless(errs[i]) {
				return errs[i]
			}
		}
		return nil
	})
	var broken *jobError
	switch {
	case len(batch) > 1 && errors.As(err, &broken):
		for i := range batch {
			w.commit(batch[i : i+1])
		}
		return
	case err != nil:
		for i := range errs {
			errs[i] = err
		}
	}
	for i, j := range batch {
		j.done <- errs[i]
	}
}

// run does a job unless nobody waits for it any more.
func (j job) run(t *tx) error {
	select {
	case <-j.cancelled:
		return context.Canceled // nobody hears it
	default:
		return j.do(t)
	}
}

// jobError is a failure within a job, not of the transaction around it.
type jobError struct{ error }

func (e *jobError) Unwrap() error { return e.error }

// transact runs a function within a transaction. On error nothing of it remains.
func (w *writer) transact(do func(*tx) error) (err error) {
	if err := run(w.conn, "BEGIN IMMEDIATE", nil); err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer func() {
		if err != nil && !w.conn.AutocommitEnabled() {
			err = errors.Join(err, run(w.conn, "ROLLBACK", nil))
		}
	}()
	if err := w.notice(w.foreign); err != nil {
		return err
	}
	t := &tx{conn: w.conn, origin: w.origin}
	if t.vector, err = readVector(w.conn); err != nil {
		return err
	}
	t.before = t.vector[w.origin]
	if err := do(t); err != nil {
		return &jobError{err}
	}
	if err := cmp.Or(t.flush(), run(w.conn, "COMMIT", nil)); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	w.committed(t)
	return nil
}

// tx is the transaction under way.
type tx struct {
	conn   *connection
	origin string
	vector store.Vector // as it will be after the transaction
	raised map[string]bool

	before    int64     // this node's number at the begin
	written   []written // in order
	deletions presence  // whether there are any
	records   presence  // likewise
}

// next numbers a change made here.
func (t *tx) next() store.Event {
	seq := t.vector[t.origin] + 1
	t.raise(t.origin, seq)
	return store.Event{Origin: t.origin, Seq: seq}
}

// raise notes that an origin has been followed up to a number.
func (t *tx) raise(origin string, seq int64) {
	if origin == "" || seq <= t.vector[origin] {
		return
	}
	if t.raised == nil {
		t.raised = map[string]bool{}
	}
	t.vector[origin], t.raised[origin] = seq, true
}

// flush writes the vector as far as it changed.
func (t *tx) flush() error {
	const upsert = "INSERT INTO vector (origin, seq) VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq"
	for origin := range t.raised {
		if err := run(t.conn, upsert, nil, origin, t.vector[origin]); err != nil {
			return fmt.Errorf("writing the vector: %w", err)
		}
	}
	return nil
}
