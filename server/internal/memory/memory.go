// Package memory is the domain of the memory server: what a memory is, which words it may
// hold, when it is valid, and how two versions of it merge. It knows no database, no HTTP and
// no other node.
package memory

import "encoding/json"

// Memory is one stored memory: the 15 fields of contract section 1.1 that clients see, in the
// alphabetical order in which they are written, and two that only nodes tell each other.
type Memory struct {
	AccessCount    int64           `json:"access_count"`
	Confidence     float64         `json:"confidence"`
	Content        string          `json:"content"`
	CreatedAt      string          `json:"created_at"`
	ExpiresAt      *string         `json:"expires_at,omitempty"`
	ID             string          `json:"id"`
	LastAccessedAt *string         `json:"last_accessed_at,omitempty"`
	Metadata       json.RawMessage `json:"metadata"`
	Namespace      string          `json:"namespace"`
	Priority       int32           `json:"priority"`
	Source         string          `json:"source"`
	Tags           []string        `json:"tags"`
	Tier           Tier            `json:"tier"`
	Title          string          `json:"title"`
	UpdatedAt      string          `json:"updated_at"`

	// Generation counts how often the pair of title and namespace was left before this row, by a
	// deletion or a rename that whoever wrote the row knew of. It belongs to the nodes, as does
	// Moved: when the memory last came to its pair by a rename, in Unix nanoseconds; 0: it was
	// created there.
	Generation int64 `json:"-"`
	Moved      int64 `json:"-"`
}
