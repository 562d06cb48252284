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
	// refusalHolds is how long a refused connection speaks for new writes as well.
	refusalHolds = 5 * time.Millisecond
	// maxRefused bounds how many rows a peer refused are remembered one by one.
	maxRefused = 1024
)

// link is one peer and what is known of it.
type link struct {
	index int
	peer  Peer

	sendNow chan struct{} // wakes the sender; holds one
	pullNow chan struct{} // wakes the puller; holds one

	acks, fails atomic.Int64

	// Guarded by Replicator.mu.
	node    string           // the peer's origin, once known
	up      bool             // the last exchange succeeded
	self    bool             // the peer is this node: nothing it says counts
	held    int64            // own events up to this number are there, but for the refused
	floor   int64            // nothing is known of single events up to this number
	refused map[string]int64 // ids the peer did not take, and the number up to which
	downAt  time.Time        // when it last failed definitely
}

func newLink(index int, peer Peer) *link {
	return &link{
		index:   index,
		peer:    peer,
		sendNow: make(chan struct{}, 1),
		pullNow: make(chan struct{}, 1),
		refused: map[string]int64{},
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

// holds tells whether the peer has acknowledged a row's event, or a later one of that row.
func (l *link) holds(seq int64, id string) bool {
	return !l.self && seq <= l.held && seq > l.floor && l.refused[id] < seq
}

// identity is by which a peer's acknowledgements are counted: two addresses of one node are one.
func (l *link) identity() string {
	if l.node != "" {
		return l.node
	}
	return l.peer.String()
}

// refuse remembers that the peer did not take a row. When there are too many to remember, it
// forgets all that it knows of single events so far, which can only make it say "not held".
func (l *link) refuse(id string, upto int64) {
	if len(l.refused) >= maxRefused {
		clear(l.refused)
		l.floor = upto
	}
	l.refused[id] = upto
}

// rewind notes that the peer holds own events only up to a number, and that nothing it has
// acknowledged in former times counts.
func (l *link) rewind(to int64) {
	l.held, l.floor = to, to
	clear(l.refused)
}
