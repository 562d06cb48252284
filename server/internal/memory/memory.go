// Package memory is the domain of the memory server: what a memory is, which words it may
// hold, when it is valid, and how two versions of it merge. It knows no database, no HTTP and
// no other node.
package memory

import "encoding/json"

// Memory is one stored memory as clients see it: the 15 fields of contract section 1.1, in
// the alphabetical order in which they are written.
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
}
