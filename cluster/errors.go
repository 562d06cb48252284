package cluster

import (
	"errors"
	"fmt"
	"strings"
)

// ErrRunning says that a node cannot be started because it runs.
var ErrRunning = errors.New("the node is already running")

// ErrClosed says that a cluster was closed and starts no node any more.
var ErrClosed = errors.New("the cluster is closed")

// ErrNotRunning says that a node has no process to be looked at.
var ErrNotRunning = errors.New("the node is not running")

// DiedError says that a node ended before it was ready.
type DiedError struct {
	Node   int
	Status string   // such as "exit status 1"
	Tail   []string // the last lines it wrote
}

// Error says how the node ended, with its last words.
func (e *DiedError) Error() string {
	return fmt.Sprintf("node %d ended before it was ready (%s)%s", e.Node, e.Status, lastWords(e.Tail))
}

// NotReadyError says that a node ran and was not ready in time. It was killed.
type NotReadyError struct {
	Node int
	Tail []string // the last lines it wrote
	Err  error    // why the wait ended, and what the node answered last
}

// Error says what the node answered last, with its last words.
func (e *NotReadyError) Error() string {
	return fmt.Sprintf("node %d was not ready: %v%s", e.Node, e.Err, lastWords(e.Tail))
}

// Unwrap returns why the wait ended.
func (e *NotReadyError) Unwrap() error { return e.Err }

// wordsShown is how many last lines an error shows; it carries them all.
const wordsShown = 3

func lastWords(tail []string) string {
	if len(tail) == 0 {
		return "; it wrote nothing"
	}
	return ": " + strings.Join(tail[max(0, len(tail)-wordsShown):], " | ")
}
