package main

import (
	"chaosctl/server"
	"chaosctl/server/internal/federation"
	"chaosctl/server/internal/store"
)

// mutant is one deliberate bug: what stands where.
type mutant struct {
	name  string
	bug   string                                                 // what it does wrong
	store func(store.Store, server.Config) store.Store           // before the store; nil: nothing
	peer  func(below federation.Peer, index int) federation.Peer // before a peer, numbered from 0; nil: nothing
	open  func(db string) (closed func() error, err error)       // before the database is opened; nil: nothing
}

// mutants lists the bugs. A new one is one line here.
func mutants() []mutant {
	return []mutant{
		{
			name: "ack-before-replicating", bug: "acknowledges every third row before it is replicated, then drops it",
			store: func(s store.Store, _ server.Config) store.Store { return unsent{s} },
		},
		{
			name: "ack-refused", bug: "peers refuse every third row, and the coordinator takes the refusal for an acknowledgement",
			store: func(s store.Store, _ server.Config) store.Store { return refusing{s} },
			peer:  func(p federation.Peer, _ int) federation.Peer { return credulous{p} },
		},
		{
			name: "ack-before-commit", bug: "acknowledges from memory and commits a little later",
			store: func(s store.Store, _ server.Config) store.Store { return newHasty(s) },
		},
		{
			name: "empty-after-kill", bug: "starts empty when it was not closed in good order",
			open: forgetUnlessClosed,
		},
		{
			name: "clock-lww", bug: "of two writes to a title the one with the later wall clock wins, and the clocks are apart",
			store: func(s store.Store, c server.Config) store.Store { return newSkewed(s, clockOffset(c)) },
		},
		{
			name: "drop-nth", bug: "never sends every tenth row to a peer, and pulls nothing",
			peer: func(p federation.Peer, index int) federation.Peer { return dropping{p, index} },
		},
		{
			name: "truncate", bug: "stores the first 128 bytes of a content",
			store: func(s store.Store, _ server.Config) store.Store { return truncating{s} },
		},
		{
			name: "duplicate", bug: "holds every third title twice, under two ids",
			store: func(s store.Store, _ server.Config) store.Store { return doubling{s} },
		},
		{
			name: "stale-reads", bug: "lists what a namespace held when it was first listed, for a minute",
			store: func(s store.Store, _ server.Config) store.Store { return newStale(s) },
		},
		{
			name: "leak", bug: "shows every third row in all namespaces",
			store: func(s store.Store, _ server.Config) store.Store { return leaking{s} },
		},
		{
			name: "hide-after-page", bug: "lists the first page of 20 rows and hides the others",
			store: func(s store.Store, _ server.Config) store.Store { return hiding{s} },
		},
		{
			name: "untold-deletes", bug: "acknowledges deletions of which it tells no other node",
			store: func(s store.Store, _ server.Config) store.Store { return untold{s} },
		},
	}
}

// seams puts the bug where it belongs.
func (m mutant) seams(c server.Config) server.Seams {
	var s server.Seams
	if m.store != nil {
		s.Store = func(below store.Store) store.Store { return m.store(below, c) }
	}
	if m.peer != nil {
		index := -1
		s.Peer = func(below federation.Peer) federation.Peer { // called for one peer after the other
			index++
			return m.peer(below, index)
		}
	}
	return s
}

// beforeOpen does what the bug does to a database before it is opened, and returns what is to be
// done once it is closed.
func (m mutant) beforeOpen(db string) (closed func() error, err error) {
	if m.open == nil {
		return func() error { return nil }, nil
	}
	return m.open(db)
}
