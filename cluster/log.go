package cluster

import (
	"fmt"
	"os"
	"sync"
)

// nodeLog is the file that keeps all output of a node, of all its incarnations. Without a file
// it keeps nothing.
type nodeLog struct {
	path string

	mu   sync.Mutex // protects the rest
	file *os.File   // nil: none, or closed
	err  error      // the first failure to write
}

// openLog begins a log; an empty path is a log without a file.
func openLog(path string) (*nodeLog, error) {
	l := &nodeLog{path: path}
	if path == "" {
		return l, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the log of a node: %w", err)
	}
	l.file = file
	return l, nil
}

// Write never fails: a full disk must not break the pipe of the node that writes.
func (l *nodeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil && l.err == nil {
		_, l.err = l.file.Write(p)
	}
	return len(p), nil
}

// close ends the log and returns the first failure to write it.
func (l *nodeLog) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.err
	if closeErr := l.file.Close(); err == nil {
		err = closeErr
	}
	l.file = nil
	if err != nil {
		return fmt.Errorf("write the log of a node: %w", err)
	}
	return nil
}
