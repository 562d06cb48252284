// Package federation spreads what a node stores to its peers: it pushes the node's own events
// to each peer (which is fan-out and hinted handoff in one, because the log of what is to be
// sent is the store itself), counts the peers that hold a write, and pulls from each peer what
// this node lacks. It knows peers only through the Peer interface, and no HTTP but in http.go.
package federation

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"chaosctl/server/internal/store"
)

// Log is what federation needs of the store.
type Log interface {
	Origin() string
	Own(ctx context.Context, after int64, limit int) (changes []store.Change, upto int64, err error)
	Vector(ctx context.Context) (store.Vector, error)
	Merge(ctx context.Context, b store.Batch) (store.Merged, error)
}

// Options are the numbers of a replicator.
type Options struct {
	Writes  int           // W: copies of a write, the local one included; clamped to [1, peers+1]
	Timeout time.Duration // how long a write waits for its copies; 0 does not wait
	Logger  *slog.Logger
}

// Replicator keeps the peers of a node up to date, and this node with them.
type Replicator struct {
	log     Log
	needed  int
	timeout time.Duration
	logger  *slog.Logger
	links   []*link

	mu      sync.Mutex // guards waiting and what the links say is guarded by it
	waiting map[*write]struct{}

	active atomic.Int64 // when something last changed, in Unix nanoseconds
	newest atomic.Int64 // this node's newest event that Notify was told of

	met, timedOut, unreachable atomic.Int64
}

// New returns a replicator that does nothing until Run.
func New(log Log, peers []Peer, o Options) *Replicator {
	r := &Replicator{
		log:     log,
		needed:  max(1, min(o.Writes, len(peers)+1)),
		timeout: o.Timeout,
		logger:  o.Logger,
		waiting: map[*write]struct{}{},
	}
	for i, peer := range peers {
		r.links = append(r.links, newLink(i, peer))
	}
	return r
}

// Run sends and pulls until ctx ends, and returns when all it started has stopped.
func (r *Replicator) Run(ctx context.Context) {
	r.touch()
	var workers sync.WaitGroup
	for _, l := range r.links {
		workers.Go(func() { r.send(ctx, l) })
		workers.Go(func() { r.pull(ctx, l) })
	}
	workers.Wait()
}

// Needed returns W: how many nodes must hold a write before it counts as stored.
func (r *Replicator) Needed() int { return r.needed }

// Notify says that the store has changed and what the number of this node's newest event is now.
// Rows that came from elsewhere give the senders nothing to do.
func (r *Replicator) Notify(newest int64) {
	r.touch()
	for {
		known := r.newest.Load()
		if newest <= known {
			return
		}
		if r.newest.CompareAndSwap(known, newest) {
			break
		}
	}
	for _, l := range r.links {
		l.wakeSender()
	}
}

// Heard says that a node has spoken to us, so whatever kept us from it may be over. A peer that
// has never told its name may be that node.
func (r *Replicator) Heard(node string) {
	if node == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.links {
		if !l.up && (l.node == node || l.node == "") {
			l.resume()
		}
	}
}

// Ahead says that a node has followed a third one further than this node has. What that one made
// and did not send us in time, as when it died, is to be had there, so it is asked at once.
func (r *Replicator) Ahead(node string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.links {
		if l.node == node && node != "" {
			wake(l.pullNow)
		}
	}
}

// lost notes that a peer cannot be reached. The others are asked at once for what it may have sent
// them and not us. The caller holds mu.
func (r *Replicator) lost(l *link) {
	if !l.up {
		return
	}
	l.up = false
	for _, other := range r.links {
		if other != l {
			wake(other.pullNow)
		}
	}
}

// touch notes that something changed: anti-entropy looks more often for a while.
func (r *Replicator) touch() { r.active.Store(time.Now().UnixNano()) }

// PeerStatus is what is known of a peer.
type PeerStatus struct {
	Name  string // its address
	Node  string // its origin; empty until it has told, or if it does not number changes
	Up    bool   // the last exchange with it succeeded
	Sent  int64  // this node's own events up to this number need no more sending
	Acks  int64  // rows it has acknowledged since the start
	Fails int64  // exchanges with it that failed
}

// Status is a snapshot for the metrics.
type Status struct {
	Peers                      []PeerStatus
	Waiting                    int   // writes that wait for their copies
	Met, Timeouts, Unreachable int64 // how waits ended
}

// Status returns a snapshot.
func (r *Replicator) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Status{
		Waiting:     len(r.waiting),
		Met:         r.met.Load(),
		Timeouts:    r.timedOut.Load(),
		Unreachable: r.unreachable.Load(),
	}
	for _, l := range r.links {
		s.Peers = append(s.Peers, PeerStatus{
			Name: l.peer.String(), Node: l.node, Up: l.up, Sent: l.sent,
			Acks: l.acks.Load(), Fails: l.fails.Load(),
		})
	}
	return s
}
