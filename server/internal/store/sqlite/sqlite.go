// Package sqlite keeps memories in one SQLite file: WAL, synchronous=FULL, one goroutine that
// writes and a few connections that read. Writes that wait together share a transaction and
// with it one sync.
package sqlite

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/sqlite/schema"
)

// busyTimeout is how long a statement waits for another process's lock.
const busyTimeout = 5 * time.Second

// defaultReaders is how many reads run at once.
const defaultReaders = 4

// Options may be left zero.
type Options struct {
	Now     func() time.Time // what decides whether a row is expired; time.Now when nil
	Readers int              // how many reads run at once; 4 when 0
}

// Store is a store.Store in one file. Open makes it.
type Store struct {
	path    string
	origin  string
	now     func() time.Time
	writer  *writer
	readers *readers
	recent  *recent
	tail    *tail
	held    *held
	close   func() error
}

var _ store.Store = (*Store)(nil)

// Open opens the database in a file, made first where there is none, brings it to the newest
// schema, and starts its writer, which Close ends. A directory that does not exist, a lock held
// for 5 s, a file that is no database, and one with a schema it cannot bring up to date
// (*schema.Unsupported) are errors.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	s, err := open(ctx, path, opts)
	if err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string, opts Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("finding the file: %w", err)
	}
	conn, origin, err := attach(ctx, path)
	if err != nil {
		return nil, err
	}
	s := &Store{
		path:    path,
		origin:  origin,
		now:     opts.Now,
		readers: newReaders(path, cmp.Or(opts.Readers, defaultReaders)),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.startWriter(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	s.close = sync.OnceValue(func() error {
		readersErr := s.readers.close()
		return errors.Join(readersErr, s.writer.close())
	})
	return s, nil
}

// startWriter gives the writer its connection, and what is kept in memory its beginning.
func (s *Store) startWriter(conn *connection) error {
	version, err := dataVersion(conn) // before the rest: what comes in between is noticed later
	if err != nil {
		return err
	}
	s.held, s.recent, s.tail = newHeld(), newRecent(0), newTail(s.origin, 0)
	if err := s.reload(conn); err != nil {
		return err
	}
	s.writer = newWriter(conn, s.origin, version, func(t *tx) {
		s.held.put(t.written)
		s.recent.put(t.written)
		s.tail.put(t.written, t.before, t.vector[s.origin])
	}, s.reload)
	return nil
}

// connect opens a connection with everything set that does not live in the file.
func connect(path string) (*connection, error) {
	opened, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	conn := &connection{Conn: opened, prepared: map[string]*sqlite.Stmt{}}
	conn.SetBusyTimeout(busyTimeout)
	for _, pragma := range []string{"PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON"} {
		if err := sqlitex.ExecuteTransient(conn.Conn, pragma, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("setting %s: %w", pragma, err), conn.Close())
		}
	}
	return conn, nil
}

// prepare migrates, and names the node if it has no name yet.
func prepare(conn *connection) (origin string, err error) {
	if err := schema.Migrate(conn.Conn); err != nil {
		return "", err
	}
	if err := sqlitex.ExecuteTransient(conn.Conn, "PRAGMA journal_mode = WAL", nil); err != nil {
		return "", fmt.Errorf("turning the write-ahead log on: %w", err)
	}
	if origin, err = readOrigin(conn); origin != "" || err != nil {
		return origin, err
	}
	end, err := sqlitex.ImmediateTransaction(conn.Conn)
	if err != nil {
		return "", fmt.Errorf("naming the node: %w", err)
	}
	defer end(&err)
	// Another process may have been first while this one waited.
	if origin, err = readOrigin(conn); origin != "" || err != nil {
		return origin, err
	}
	origin = rand.Text()
	if err := run(conn, "INSERT INTO node (origin) VALUES (?)", nil, origin); err != nil {
		return "", fmt.Errorf("naming the node: %w", err)
	}
	return origin, nil
}

func readOrigin(conn *connection) (origin string, err error) {
	err = run(conn, "SELECT origin FROM node", func(stmt *sqlite.Stmt) error {
		origin = stmt.ColumnText(0)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("reading the node's name: %w", err)
	}
	return origin, nil
}

// Origin is this node's name in events.
func (s *Store) Origin() string { return s.origin }

// Close lets writes under way finish, checkpoints, and releases the files. Only the first call
// does; all return what it returned.
func (s *Store) Close() error {
	if err := s.close(); err != nil {
		return fmt.Errorf("closing the database %s: %w", s.path, err)
	}
	return nil
}
