package memory

import "github.com/google/uuid"

// NewID returns an id that nothing has: a UUID of version 4 (contract section 1.1), which its first 8
// characters tell from others of the same minute. People are shown, and type, no more of it.
func NewID() string { return uuid.NewString() }
