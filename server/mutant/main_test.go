package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"chaosctl/server"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
	"chaosctl/server/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a store of its own, and closes it with the test.
func open(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "m.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// row is a valid memory whose title ends in a number.
func row(number int) memory.Memory {
	now := memory.FormatTime(time.Now())
	return memory.Memory{
		ID: fmt.Sprintf("00000000-0000-7000-8000-%011d0", number), Title: fmt.Sprintf("c1-w%d", number),
		Content: fmt.Sprintf("content %d", number), Namespace: "here", Source: "chaos", Tier: memory.Long,
		Priority: 5, Confidence: 1, Metadata: []byte("{}"), Tags: []string{}, CreatedAt: now, UpdatedAt: now,
	}
}

// fill creates the rows 0 to n-1.
func fill(t *testing.T, s store.Store, n int) {
	t.Helper()
	for i := range n {
		if _, err := s.Create(t.Context(), row(i)); err != nil {
			t.Fatal(err)
		}
	}
}

func namespace(name string, limit, offset int) store.Query {
	return store.Query{Namespace: &name, Limit: limit, Offset: offset}
}

// titles lists what a query shows, in order of the list.
func titles(t *testing.T, s store.Store, q store.Query) []string {
	t.Helper()
	rows, err := s.List(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, m := range rows {
		all = append(all, m.Title)
	}
	return all
}

func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestMutantOf(t *testing.T) {
	t.Parallel()
	for _, m := range mutants() {
		got, err := mutantOf("/some/where/ai-memory-mutant-" + m.name)
		if err != nil || got.name != m.name {
			t.Errorf("%s: %q, %v", m.name, got.name, err)
		}
		if m.bug == "" || m.store == nil && m.peer == nil && m.open == nil {
			t.Errorf("%s has no bug", m.name)
		}
	}
	for _, name := range []string{"ai-memory-mutant", "ai-memory", "ai-memory-mutant-", "ai-memory-mutant-honest"} {
		if _, err := mutantOf(name); err == nil || !strings.Contains(err.Error(), "truncate") {
			t.Errorf("%s: %v, want an error that names the mutants", name, err)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse([]string{
		"x", "serve", "--host", "h", "--port", "7", "--quorum-writes", "2", "--quorum-peers", "http://a:1", "--quorum-timeout-ms", "200",
	}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "configuration", server.Config{
		Host: "h", Port: 7, QuorumWrites: 2, QuorumPeers: new("http://a:1"), QuorumTimeout: 200 * time.Millisecond,
		ShutdownGrace: server.DefaultShutdownGrace,
	}, c)
	for _, args := range [][]string{{"x"}, {"x", "store"}, {"x", "serve", "--what"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

// TestServes has every mutant start and end in good order, as the product does.
func TestServes(t *testing.T) {
	t.Parallel()
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			c := server.Config{
				Host: "127.0.0.1", DB: filepath.Join(t.TempDir(), "m.db"), QuorumWrites: 2, QuorumPeers: new("http://127.0.0.1:1"),
			}
			closed, err := m.beforeOpen(c.DB)
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			ready := make(chan struct{})
			go func() { ended <- server.ServeThrough(ctx, c, m.seams(c), func(net.Addr) { close(ready) }) }()
			select {
			case <-ready:
			case err := <-ended:
				t.Fatalf("it did not start: %v", err)
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if err := closed(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStruck(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]bool{
		"c1-w0": true, "c1-w1": false, "c1-w2": false, "c1-w3": true, "c7-k9": true, "canary-1": false, "no number": false, "": false,
		"w99999999999999999999": false,
	} {
		if got := struck(memory.Memory{Title: title}); got != want {
			t.Errorf("%q: %v, want %v", title, got, want)
		}
	}
}
