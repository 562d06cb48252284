package store

import "chaosctl/server/internal/memory"

// SearchQuery asks for rows by their words (contract sections 5.1 and 5.2).
type SearchQuery struct {
	Query // which rows to look among, and how many to return; Offset is of no account
	// Text is what to look for: fulltext.Parse makes terms of it. Nothing has no rows.
	Text string
	// Recall asks for rows with any of the terms, not all; of Namespace and those above it, where it
	// has a slash; and lets the tier count for the rank.
	Recall bool
	// AsAgent is the namespace of an agent that may see no other rows than memory.Visible says.
	AsAgent *string
}

// Found is a row that was searched for.
type Found struct {
	memory.Memory
	Score float64 // of memory.Rank; it never rises from one row to the next
}
