package federation

import (
	"sync/atomic"
	"time"
)

// Numbers of a link. They are chosen so that a peer that was away is caught up within 250 ms
// after it can be reached again, and a peer that is away costs next to nothing.
const (
	firstBackOff = 10 * time.Millisecond
	maxBackOff   = 50 * time.Millisecond
	// minPause is the least between two tries, however many writes wait for the next.
	minPause = 5 * time.Millisecond
	// maxConfirmed bounds how many rows are remembered as acknowledged. It need not be more than
	// are acknowledged between a row's commit and the begin of its wait.
	maxConfirmed = 4096
)

// link is one peer and what is known of it.
type link struct {
	index int
	peer  Peer

	sendNow chan struct{} // wakes the sender; holds one
	pullNow chan struct{} // wakes the puller; holds one

	pullPatience patience // the puller's

	acks, fails atomic.Int64

	// Guarded by Replicator.mu.
	node string // the peer's origin, once known
	up   bool   // the last exchange succeeded
	self bool   // the peer is this node: nothing it says counts
	sent int64  // own events up to this number need not be sent

	// confirmed has the ids that the peer acknowledged lately, and each row's event then. former
	// is what confirmed was before it was full.
	confirmed, former map[string]int64
}

func newLink(index int, peer Peer) *link {
	return &link{
		index:     index,
		peer:      peer,
		sendNow:   make(chan struct{}, 1),
		pullNow:   make(chan struct{}, 1),
		confirmed: map[string]int64{},
	}
}

// wakeSender makes the sender look at once.
func (l *link) wakeSender() { wake(l.sendNow) }

// resume makes sender and puller look at once: the peer is back.
func (l *link) resume() {
	wake(l.sendNow)
	wake(l.pullNow)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is awake already
	}
}

// holds tells whether the peer is known to have acknowledged a row's event, or a later one of
// that row.
func (l *link) holds(seq int64, id string) bool {
	return !l.self && max(l.confirmed[id], l.former[id]) >= seq
}

// confirm remembers that the peer acknowledged a row as it stood after an event.
func (l *link) confirm(id string, seq int64) {
	if len(l.confirmed) >= maxConfirmed {
		l.confirmed, l.former = map[string]int64{}, l.confirmed
	}
	l.confirmed[id] = max(l.confirmed[id], seq)
}

// identity is by which a peer's acknowledgements are counted: two addresses of one node are one.
func (l *link) identity() string {
	if l.node != "" {
		return l.node
	}
	return l.peer.String()
}

// reopen has the events from a number on sent again: the peer may hold them by another way, but
// only its answer to a push counts.
func (l *link) reopen(seq int64) { l.sent = min(l.sent, seq-1) }
