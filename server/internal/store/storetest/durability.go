package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

func testContexts(t *testing.T, open Opener) {
	s := opened(t, open)
	ctx := cancelled(t)
	for name, call := range map[string]func() error{
		"create": func() error { _, err := s.Create(ctx, row("a", 1)); return err },
		"merge":  func() error { _, err := s.Merge(ctx, numbered("far", 1, row("b", 1))); return err },
		"update": func() error { _, err := Update(ctx, s, "id-a", memory.Patch{}, epoch); return err },
		"delete": func() error { _, err := Delete(ctx, s, "id-a", epoch); return err },
		"get":    func() error { _, err := s.Get(ctx, "id-a"); return err },
		"list":   func() error { _, err := s.List(ctx, store.Query{Limit: 1}); return err },
		"own":    func() error { _, _, err := s.Own(ctx, 0, 1); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a context that has ended: got %v", name, err)
		}
	}
	create(t, s, row("c", 1)) // none of it did harm
}

// testConcurrency has writers over the same and over own titles, and readers beside them.
func testConcurrency(t *testing.T, open Opener) {
	const writers, each = 8, 40
	s := opened(t, open)
	var all, writing sync.WaitGroup
	written := make(chan struct{})
	seen := make([][]int64, writers)
	for w := range writers {
		all.Add(1)
		writing.Go(func() {
			defer all.Done()
			for i := range each {
				own := row(fmt.Sprintf("w%d-%d", w, i), i)
				c, err := s.Create(t.Context(), own)
				if err != nil || c.Memory.ID != own.ID {
					t.Errorf("%s: got %s, %v", own.Title, c.Memory.ID, err)
					return
				}
				if _, err := s.Get(t.Context(), own.ID); err != nil {
					t.Errorf("%s: not readable once acknowledged: %v", own.ID, err)
				}
				seen[w] = append(seen[w], c.Event.Seq)
				shared, err := s.Create(t.Context(), row("shared", i, func(m *memory.Memory) { m.ID = fmt.Sprintf("%d-%d", w, i) }))
				if err != nil {
					t.Errorf("shared: %v", err)
					return
				}
				seen[w] = append(seen[w], shared.Event.Seq)
			}
		})
	}
	all.Go(func() {
		for {
			select {
			case <-written:
				return
			default:
			}
			changes, upto, err := s.Own(t.Context(), 0, 1000)
			for _, c := range changes {
				if c.Event.Seq > upto {
					t.Errorf("own events up to %d hold %d", upto, c.Event.Seq)
				}
			}
			if err != nil {
				t.Errorf("own: %v", err)
				return
			}
			if err := s.Healthy(t.Context()); err != nil {
				t.Errorf("healthy: %v", err)
			}
		}
	})
	writing.Wait()
	close(written)
	all.Wait()

	once := map[int64]bool{}
	for _, numbers := range seen {
		for i, n := range numbers {
			if once[n] || i > 0 && n <= numbers[i-1] {
				t.Fatalf("number %d was given twice or out of order", n)
			}
			once[n] = true
		}
	}
	size, err := s.Size(t.Context())
	diff(t, "rows", int64(writers*each+1), must(t, size, err))
	diff(t, "vector", store.Vector{s.Origin(): 2 * writers * each}, vector(t, s))
}

func testReopen(t *testing.T, open Opener) {
	dir := t.TempDir()
	s := open(t, dir)
	origin := s.Origin()
	fill(t, s, 5)
	merge(t, s, store.Batch{Have: store.Vector{"far": 3}})
	must(t, 0, s.NoteSync(t.Context(), "me", "p", at(1)))
	remove(t, s, "id-row 004", 9)
	rows, wantVector := everything(t, s), vector(t, s)
	must(t, 0, s.Close())

	s = open(t, dir)
	defer func() { must(t, 0, s.Close()) }()
	diff(t, "origin", origin, s.Origin())
	diff(t, "rows", rows, everything(t, s))
	diff(t, "vector", wantVector, vector(t, s))
	clock, err := s.SyncClock(t.Context(), "me")
	diff(t, "sync state", map[string]string{"p": at(1)}, must(t, clock, err))
	must(t, 0, s.Healthy(t.Context()))
	create(t, s, row("row 001", 9))
	if _, err := s.Create(t.Context(), row("row 004", 9)); !errors.Is(err, store.ErrIDInUse) {
		t.Errorf("the deletion is forgotten: %v", err)
	}
}

func testClosed(t *testing.T, open Opener) {
	s := open(t, t.TempDir())
	create(t, s, row("a", 1))
	must(t, 0, s.Close())
	must(t, 0, s.Close())
	for name, call := range map[string]func() error{
		"create": func() error { _, err := s.Create(t.Context(), row("b", 1)); return err },
		"merge":  func() error { _, err := s.Merge(t.Context(), store.Batch{}); return err },
		"update": func() error { _, err := Update(t.Context(), s, "id-a", memory.Patch{}, epoch); return err },
		"delete": func() error { _, err := Delete(t.Context(), s, "id-a", epoch); return err },
		"get":    func() error { _, err := s.Get(t.Context(), "id-a"); return err },
		"vector": func() error { _, err := s.Vector(t.Context()); return err },
	} {
		if err := call(); !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s on a closed store: got %v", name, err)
		}
	}
}

// writerEnv names the directory of the store that a process of testKill writes to.
const writerEnv = "STORETEST_WRITER_DIR"

// ackPrefix begins the line with which the writer tells of an acknowledged write.
const ackPrefix = "acknowledged "

// deletedPrefix marks a title whose row was deleted.
const deletedPrefix = "deleted "

// testKill kills a process that writes, several times over the same files, and looks for every
// write it had acknowledged.
func testKill(t *testing.T, open Opener) {
	dir := t.TempDir()
	var acknowledged []string
	for round, enough := range []int{1, 60, 250} {
		acks := killedAfter(t, dir, enough)
		acknowledged = append(acknowledged, acks...)
		s := open(t, dir)
		for _, title := range acknowledged {
			title, deleted := strings.CutPrefix(title, deletedPrefix)
			m, err := s.Get(t.Context(), "id-"+title)
			if deleted { // its id may be the beginning of others
				if err == nil && m.ID == "id-"+title {
					t.Errorf("round %d: %s was deleted, and is there", round, title)
				}
				continue
			}
			if err != nil || m.Content != "content of "+title {
				t.Errorf("round %d: acknowledged write %s: got %q, %v", round, title, m.Content, err)
			}
		}
		newest := int64(0)
		for _, c := range everythingWithEvents(t, s) {
			if c.Event.Origin == s.Origin() {
				newest = max(newest, c.Event.Seq)
			}
		}
		if v := vector(t, s)[s.Origin()]; v < newest {
			t.Errorf("round %d: own number %d, but event %d is there", round, v, newest)
		}
		if err := s.Healthy(t.Context()); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		must(t, 0, s.Close())
	}
	t.Logf("%d acknowledged writes, all there", len(acknowledged))
}

func everythingWithEvents(t *testing.T, s store.Store) []store.Change {
	t.Helper()
	changes, _, err := s.Lacking(t.Context(), nil, store.Event{}, 1_000_000)
	return must(t, changes, err)
}

// killedAfter starts a writer, kills it once it has acknowledged enough writes, and returns the
// titles of all it had.
func killedAfter(t *testing.T, dir string, enough int) []string {
	t.Helper()
	top, _, _ := strings.Cut(t.Name(), "/")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	//nolint:gosec // this test binary
	writer := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+top+"$")
	writer.Env = append(os.Environ(), writerEnv+"="+dir)
	writer.Stderr = os.Stderr
	out, err := writer.StdoutPipe()
	must(t, out, err)
	must(t, 0, writer.Start())
	var acks []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		title, is := strings.CutPrefix(lines.Text(), ackPrefix)
		if !is {
			continue
		}
		if acks = append(acks, title); len(acks) == enough {
			must(t, 0, writer.Process.Kill())
		}
	}
	if err := writer.Wait(); err == nil || len(acks) < enough {
		t.Fatalf("the writer ended by itself after %d writes: %v", len(acks), err)
	}
	return acks
}

// writeUntilKilled writes from several goroutines, half of it as another node would, and deletes
// some of it again; it says so of each write when it is acknowledged.
func writeUntilKilled(t *testing.T, s store.Store) {
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := 0; ; i++ {
				title := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				var err error
				if w%2 == 0 {
					_, err = s.Create(t.Context(), row(title, i))
				} else {
					_, err = s.Merge(t.Context(), numbered(fmt.Sprint("far-", w), int64(i+1), row(title, i)))
				}
				if err == nil && w < 2 && i%2 == 0 {
					_, err = Delete(t.Context(), s, "id-"+title, epoch)
					title = deletedPrefix + title
				}
				if err != nil {
					t.Errorf("writing %s: %v", title, err)
					return
				}
				// One write a line, so that a line is never cut.
				fmt.Fprintln(os.Stdout, ackPrefix+title) //nolint:errcheck // whoever reads is about to kill
			}
		})
	}
	all.Wait()
}
