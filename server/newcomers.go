package server

import (
	"net"
	"net/http"
	"sync"
)

// newcomers are the connections on which no byte of a request has come yet. Peers and clients
// keep such connections in store. http.Server.Shutdown gives them five seconds; they are owed
// nothing.
type newcomers struct {
	mu      sync.Mutex
	silent  map[net.Conn]struct{}
	leaving bool
}

// follow is an http.Server's ConnState.
func (n *newcomers) follow(conn net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if state != http.StateNew {
		delete(n.silent, conn)
		return
	}
	if n.leaving {
		conn.Close()
		return
	}
	if n.silent == nil {
		n.silent = map[net.Conn]struct{}{}
	}
	n.silent[conn] = struct{}{}
}

// leave closes them, and those that still come.
func (n *newcomers) leave() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.leaving = true
	for conn := range n.silent {
		conn.Close()
	}
}
