package server

import (
	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/store"
)

// Seams are where something may stand between the parts of a server. They are in words of
// packages that only programs in this folder can import: mutant, which breaks promises on
// purpose, fills them. The product leaves them empty.
type Seams struct {
	// Store returns what stands before the store of a node; nil leaves the store as it is.
	Store func(store.Store) store.Store
	// Peer returns what stands before a peer; nil leaves the peers as they are.
	Peer func(federation.Peer) federation.Peer
}

func (s Seams) store(below store.Store) store.Store {
	if s.Store == nil {
		return below
	}
	return s.Store(below)
}

func (s Seams) peer(below federation.Peer) federation.Peer {
	if s.Peer == nil {
		return below
	}
	return s.Peer(below)
}
