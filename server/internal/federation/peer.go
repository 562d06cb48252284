package federation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"

	"chaosctl/server/internal/store"
)

// Peer is another node as this one sees it. Its methods are called by one sender and one puller.
type Peer interface {
	fmt.Stringer
	// Push sends events of this node and returns what the peer made of them.
	Push(ctx context.Context, p Push) (PushAnswer, error)
	// Pull asks for what a node lacks. It returns ErrCannotPull when the peer has no such route.
	Pull(ctx context.Context, q Pull) (PullAnswer, error)
	// Reset drops idle connections: the path to the peer is in doubt.
	Reset()
}

// Push is a run of one node's events, in the order of their numbers; or, without a span, some of
// what the peer lacks.
type Push struct {
	Node    string
	Span    store.Span
	Changes []store.Change
	Have    store.Vector // with the last of what the peer lacks: see store.Batch
}

// PushAnswer is what a peer made of a push.
type PushAnswer struct {
	Node    string       // the peer's origin; empty for a server that does not number changes
	Have    store.Vector // its vector; nil likewise
	IDs     []string     // ids of rows and deletions it holds durably; nil when it does not tell
	Applied int
	Skipped int
}

// Pull asks for a page of the rows that a node with a vector lacks.
type Pull struct {
	Node  string
	Have  store.Vector
	After store.Event // the last event of the page before; zero for the first page
	Limit int         // rows; 0 asks only for the peer's name and vector
}

// PullAnswer is one page of what this node lacks, in the order of the events.
type PullAnswer struct {
	Node    string
	Have    store.Vector // the peer's, read in the same snapshot as the changes
	Changes []store.Change
	More    bool // there are more than these
}

// Fitting returns how many of the first changes fit into a body of a number of bytes when they
// are written as JSON; at least one.
func Fitting(changes []store.Change, budget int) int {
	size := 0
	for i, c := range changes {
		// Texts may double when they are escaped; the rest of a row is small.
		m := c.Memory
		if d := c.Deletion; d != nil { // its id is sent twice
			m.Title, m.Namespace, m.Content = d.Title, d.Namespace, d.ID
		}
		if r := c.Record; r != nil {
			m.Title, m.Metadata = r.Key, r.Value
		}
		size += 2*(len(m.Title)+len(m.Content)+len(m.Namespace)) + len(m.Metadata) + 1024
		for _, tag := range m.Tags {
			size += 2*len(tag) + 3
		}
		if size > budget {
			return max(1, i)
		}
	}
	return len(changes)
}

// ErrCannotPull says that a peer offers no pull, as servers of other makes do not.
var ErrCannotPull = errors.New("the peer offers no pull")

// StatusError is an answer that is not a success.
type StatusError struct{ Code int }

// Error names the status.
func (e *StatusError) Error() string { return fmt.Sprintf("http status %d", e.Code) }

// answered tells whether an error came from the peer itself, not from the way to it.
func answered(err error) bool {
	var status *StatusError
	var shape *ShapeError
	return errors.As(err, &status) || errors.As(err, &shape)
}

// ShapeError is a success whose body is not what was asked for.
type ShapeError struct{ Err error }

// Error says what was wrong with the body.
func (e *ShapeError) Error() string { return "answer is not understood: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ShapeError) Unwrap() error { return e.Err }

// hanging tells whether a failure says nothing about how soon the next try may succeed: time
// ran out. Any other failure of the network was told to us by someone, so it is definite.
func hanging(err error) bool {
	var slow net.Error
	return errors.As(err, &slow) && slow.Timeout() ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT)
}

// ParsePeers reads a comma list of base URLs. It refuses what could never acknowledge a write
// (empty and unusable items) and what would let one node acknowledge twice (repeated items),
// naming the item.
func ParsePeers(list string) ([]string, error) {
	var peers []string
	seen := map[string]bool{}
	for i, item := range strings.Split(list, ",") {
		base, err := parsePeer(item)
		if err == nil && seen[base] {
			err = errors.New("it is listed twice")
		}
		if err != nil {
			return nil, fmt.Errorf("quorum peer %d (%q): %w; give base URLs such as http://10.0.0.2:9077, separated by commas", i+1, item, err)
		}
		seen[base] = true
		peers = append(peers, base)
	}
	return peers, nil
}

func parsePeer(item string) (string, error) {
	item = strings.TrimRight(strings.TrimSpace(item), "/")
	if item == "" {
		return "", errors.New("it is empty")
	}
	u, err := url.Parse(item)
	switch {
	case err != nil:
		return "", errors.New("it is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("its scheme is neither http nor https")
	case u.Hostname() == "":
		return "", errors.New("it names no host")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("it has more than scheme, host, port and path")
	}
	return item, nil
}
