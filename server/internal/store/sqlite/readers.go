package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite/sqlitex"

	"chaosctl/server/internal/store"
)

// readers is a number of connections that cannot write, each opened when all before it are busy:
// to open one costs as much as some hundred reads.
type readers struct {
	path string
	idle chan *connection
	room chan struct{} // one for each connection that may yet be opened
	stop chan struct{}
}

func newReaders(path string, n int) *readers {
	r := &readers{
		path: path,
		idle: make(chan *connection, n), room: make(chan struct{}, n), stop: make(chan struct{}),
	}
	for range n {
		r.room <- struct{}{}
	}
	return r
}

// read calls a function with a connection. All it reads is of one snapshot. It is interrupted
// when ctx ends.
func (r *readers) read(ctx context.Context, do func(*connection) error) error {
	if err := r.admit(ctx); err != nil {
		return err
	}
	conn, err := r.take(ctx)
	if err != nil {
		return err
	}
	defer func() { r.idle <- conn }()
	conn.SetInterrupt(ctx.Done())
	defer conn.SetInterrupt(nil)
	if err := snapshot(conn, do); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	return nil
}

// take returns a connection that is idle, or a new one while there is room for it.
func (r *readers) take(ctx context.Context) (*connection, error) {
	select {
	case conn := <-r.idle:
		return conn, nil
	default:
	}
	select {
	case conn := <-r.idle:
		return conn, nil
	case <-r.room:
		conn, err := r.open()
		if err != nil {
			r.room <- struct{}{}
		}
		return conn, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-r.stop:
		return nil, store.ErrClosed
	}
}

// admit returns why a read may not begin, if so.
func (r *readers) admit(ctx context.Context) error {
	select {
	case <-r.stop:
		return store.ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	default:
		return nil
	}
}

// snapshot calls a function within a transaction that only reads.
func snapshot(conn *connection, do func(*connection) error) error {
	if err := run(conn, "BEGIN", nil); err != nil {
		return fmt.Errorf("beginning to read: %w", err)
	}
	err := do(conn)
	conn.SetInterrupt(nil)
	if endErr := run(conn, "ROLLBACK", nil); endErr != nil {
		return errors.Join(err, fmt.Errorf("ending to read: %w", endErr))
	}
	return err
}

func (r *readers) open() (*connection, error) {
	conn, err := connect(r.path)
	if err != nil {
		return nil, err
	}
	if err := sqlitex.ExecuteTransient(conn.Conn, "PRAGMA query_only = ON", nil); err != nil {
		return nil, errors.Join(fmt.Errorf("forbidding writes: %w", err), conn.Close())
	}
	if err := addFunctions(conn.Conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// close waits for reads under way and disconnects.
func (r *readers) close() error {
	close(r.stop)
	var errs []error
	for range cap(r.idle) {
		select {
		case <-r.room:
		case conn := <-r.idle:
			errs = append(errs, conn.Close())
		}
	}
	return errors.Join(errs...)
}
