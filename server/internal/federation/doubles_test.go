package federation_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/store"
)

// memoryLog is a store of one map: enough of one for federation.
type memoryLog struct {
	mu     sync.Mutex
	rows   map[string]store.Change // by title
	vector store.Vector
	merged []store.Batch
}

func newLog() *memoryLog {
	return &memoryLog{rows: map[string]store.Change{}, vector: store.Vector{"me": 0}}
}

func (l *memoryLog) Origin() string { return "me" }

// write stores a row as this node's next event.
func (l *memoryLog) write(title string) store.Change {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.vector["me"]++
	c := store.Change{
		Memory: memory.Memory{ID: "id of " + title, Title: title},
		Event:  store.Event{Origin: "me", Seq: l.vector["me"]},
	}
	l.rows[title] = c
	return c
}

// delete stores a deletion as this node's next event.
func (l *memoryLog) delete(title string) store.Change {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.vector["me"]++
	c := store.Change{
		Deletion: &memory.Deletion{ID: "id of " + title, Title: title, Generation: 1},
		Event:    store.Event{Origin: "me", Seq: l.vector["me"]},
	}
	l.rows[title] = c
	return c
}

// replace has another node's event win a row.
func (l *memoryLog) replace(title string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.rows[title]
	c.Event = store.Event{Origin: "other", Seq: 1}
	l.rows[title] = c
}

func (l *memoryLog) Own(_ context.Context, after int64, limit int) ([]store.Change, int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []store.Change
	for _, c := range l.rows {
		if c.Event.Origin == "me" && c.Event.Seq > after {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b store.Change) int { return int(a.Event.Seq - b.Event.Seq) })
	if len(found) >= limit {
		return found[:limit], found[limit-1].Event.Seq, nil
	}
	return found, l.vector["me"], nil
}

func (l *memoryLog) Vector(context.Context) (store.Vector, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.vector.Clone(), nil
}

func (l *memoryLog) Merge(_ context.Context, b store.Batch) (store.Merged, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.merged = append(l.merged, b)
	for origin, seq := range b.Have {
		l.vector[origin] = max(l.vector[origin], seq)
	}
	return store.Merged{Changed: len(b.Changes), Vector: l.vector.Clone()}, nil
}

func (l *memoryLog) batches() []store.Batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.merged)
}

// peer answers by a script; what it was sent is kept.
type peer struct {
	mu     sync.Mutex
	has    store.Vector
	pushes []federation.Push
	pulls  []federation.Pull

	push func(federation.Push) (federation.PushAnswer, error)
	pull func(federation.Pull) (federation.PullAnswer, error)
}

// newPeer returns a peer of our make that stores all it is sent.
func newPeer() *peer { return &peer{has: store.Vector{}} }

func (p *peer) String() string { return fmt.Sprintf("peer %p", p) }
func (p *peer) Reset()         {}

func (p *peer) Push(_ context.Context, push federation.Push) (federation.PushAnswer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pushes = append(p.pushes, push)
	if p.push != nil {
		return p.push(push)
	}
	if p.has[push.Node] >= push.Span.After {
		p.has[push.Node] = max(p.has[push.Node], push.Span.Upto)
	}
	a := federation.PushAnswer{Node: "peer", Have: maps.Clone(p.has), IDs: []string{}}
	for _, c := range push.Changes {
		a.IDs = append(a.IDs, c.ID())
	}
	return a, nil
}

func (p *peer) Pull(_ context.Context, q federation.Pull) (federation.PullAnswer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pulls = append(p.pulls, q)
	if p.pull != nil {
		return p.pull(q)
	}
	return federation.PullAnswer{Node: "peer", Have: maps.Clone(p.has)}, nil
}

// sent returns the titles of each push.
func (p *peer) sent() [][]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out [][]string
	for _, push := range p.pushes {
		var titles []string
		for _, c := range push.Changes {
			titles = append(titles, c.Memory.Title)
		}
		out = append(out, titles)
	}
	return out
}

// run starts a replicator at W=2 until the end of the test.
func run(t *testing.T, log federation.Log, timeout time.Duration, peers ...federation.Peer) *federation.Replicator {
	t.Helper()
	r := federation.New(log, peers, federation.Options{Writes: 2, Timeout: timeout, Logger: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return r
}

// within waits until a condition holds.
func within(t *testing.T, what string, holds func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for !holds() {
		select {
		case <-time.After(time.Millisecond):
		case <-limit:
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}
