package sqlite

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"chaosctl/server/internal/store/sqlite/schema"
)

// TestCommitKeepsAFailureToItself puts a job that fails halfway between two good ones.
func TestCommitKeepsAFailureToItself(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "memory.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	note := func(agent string) func(*tx) error {
		return func(x *tx) error {
			x.next()
			return run(x.conn, "INSERT INTO sync_state VALUES (?, '', '', '', NULL)", nil, agent)
		}
	}
	jobs := []job{
		{do: note("first"), done: make(chan error, 1)},
		{do: func(x *tx) error {
			return errors.Join(note("half")(x), run(x.conn, "INSERT INTO nowhere VALUES (1)", nil))
		}, done: make(chan error, 1)},
		{do: note("gone"), cancelled: closed(), done: make(chan error, 1)},
		{do: note("last"), done: make(chan error, 1)},
	}
	// The writer's connection has one owner: a job of its own does this.
	err = s.writer.write(t.Context(), func(x *tx) error {
		if err := run(x.conn, "COMMIT", nil); err != nil {
			return err
		}
		(&writer{
			conn: x.conn, origin: s.origin, committed: func(*tx) {}, foreign: func(*connection) error { return nil },
		}).commit(jobs)
		return run(x.conn, "BEGIN IMMEDIATE", nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "nowhere", context.Canceled.Error(), ""} {
		err := <-jobs[i].done
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("job %d: got %v, want %q", i, err, want)
		}
	}
	var there []string
	err = s.readers.read(t.Context(), func(conn *connection) error {
		return run(conn, "SELECT agent_id FROM sync_state ORDER BY agent_id", func(stmt *sqlite.Stmt) error {
			there = append(there, stmt.ColumnText(0))
			return nil
		})
	})
	if got := strings.Join(there, " "); got != "first last" || err != nil {
		t.Errorf("there are %q, %v, want first and last", got, err)
	}
	if v, err := s.Vector(t.Context()); err != nil || v[s.origin] != 2 {
		t.Errorf("own number %d, %v, want 2", v[s.origin], err)
	}
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func TestReadersCannotWrite(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "memory.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = s.readers.read(t.Context(), func(conn *connection) error {
		return run(conn, "DELETE FROM node", nil)
	})
	if err == nil {
		t.Error("a reader wrote")
	}
}

// TestReadIsInterrupted ends the context of a statement that would run for ever.
func TestReadIsInterrupted(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "memory.db"), Options{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	const endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
	err = s.readers.read(ctx, func(conn *connection) error { return run(conn, endless, nil) })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Vector(t.Context()); err != nil {
		t.Errorf("the connection is spoilt: %v", err)
	}
}

// The name is written over bytes of the template, so it must stand there once, in full length.
func TestTemplateHasOnePlaceForTheName(t *testing.T) {
	if n := bytes.Count(template, []byte(schema.Unnamed)); n != 1 {
		t.Errorf("the template holds %q %d times", schema.Unnamed, n)
	}
	if got, want := len(rand.Text()), len(schema.Unnamed); got != want {
		t.Errorf("an origin has %d characters, the place for it %d", got, want)
	}
	if len(named(rand.Text())) != len(template) || bytes.Contains(named(rand.Text()), []byte(schema.Unnamed)) {
		t.Error("the name is not in the copy")
	}
}
