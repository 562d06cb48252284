package service

import "chaosctl/server/internal/memory"

// Options are what an operator decides about the use cases (contract section 13.4).
type Options struct {
	Lifetimes memory.Lifetimes
	// ArchiveOnGC tells whether garbage collection keeps a copy of what it removes.
	ArchiveOnGC bool
	// ArchiveMaxDays is how long such copies are kept, in days; 0 or less for ever.
	ArchiveMaxDays int
	// LongPages makes lists, searches and recalls as long as is asked for, as a command line wants
	// them; without it a limit is lowered to that of the route.
	LongPages bool
}

// page is how many rows a page has when so many are asked for, and a route gives no more than most.
func (o Options) page(asked, most int) int {
	if o.LongPages {
		return asked
	}
	return min(asked, most)
}

// DefaultOptions returns what holds when the operator says nothing.
func DefaultOptions() Options {
	return Options{Lifetimes: memory.DefaultLifetimes(), ArchiveOnGC: true}
}
