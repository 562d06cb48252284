// Package cluster starts, addresses, reads and stops the nodes of a replicated service on one
// host. What kind of server a node is, is the business of a System; in which network it lives,
// of a Place. The package knows no fault and no verdict.
package cluster

import (
	"context"
	"os/exec"
	"time"
)

// System tells how one kind of server is started, written to, and read back in full.
type System interface {
	// Command returns the command that starts a node; the caller sets its process attributes.
	Command(n NodeConfig) *exec.Cmd
	// Ready returns nil once the node answers, or the last error when ctx ends.
	Ready(ctx context.Context, n NodeConfig) error
	// Write stores one value and classifies the answer.
	Write(ctx context.Context, n NodeConfig, w Write) Reply
	// ReadAll returns every row of a namespace, page by page until a short page. On error
	// what the node holds is unknown.
	ReadAll(ctx context.Context, n NodeConfig, namespace string) (Listing, error)
}

// NodeConfig is all a server needs to know about itself.
type NodeConfig struct {
	Index         int           // position in the cluster, from 0
	Host          string        // address the node listens on and clients reach it by
	Port          int           //
	Dir           string        // data directory, the node's own
	Peers         []string      // base URLs of the other nodes
	Quorum        int           // W, the coordinator included
	QuorumTimeout time.Duration // how long a write waits for its quorum
}

// Write is one value to be stored.
type Write struct {
	Namespace, Key, Value string
	Sent                  func() // called at most once, when the last byte is on the wire; may be nil
}

// Answer is what a reply means. The zero value is Indeterminate: the write may or may not have
// been done.
type Answer uint8

// The meanings of a reply.
const (
	Indeterminate Answer = iota // timeout, reset after sending, 503, other 5xx
	Acknowledged                // the system promised to keep it
	Refused                     // definitely not done
)

// Reply is a classified answer to a write.
type Reply struct {
	Answer Answer
	Code   int    // status of the answer, 0 when there was none
	ID     string // the id the system gave the row
	Acks   int    // copies the answer claims
	Body   string // the server's own words when it did not acknowledge, at most 1 KiB
	Err    error  // what came instead of an answer
}

// Row is one row of a node.
type Row struct{ Key, ID, Value string }

// Listing is one full read of a node.
type Listing struct {
	Rows     []Row
	Pages    int
	PageSize int // the limit asked for
}
