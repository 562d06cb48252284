package service

import "chaosctl/server/internal/memory"

// Options are what an operator decides about the use cases (contract section 13.4).
type Options struct {
	Lifetimes memory.Lifetimes
	// ArchiveOnGC tells whether garbage collection keeps a copy of what it removes.
	ArchiveOnGC bool
	// ArchiveMaxDays is how long such copies are kept, in days; 0 or less for ever.
	ArchiveMaxDays int
}

// DefaultOptions returns what holds when the operator says nothing.
func DefaultOptions() Options {
	return Options{Lifetimes: memory.DefaultLifetimes(), ArchiveOnGC: true}
}
