package server

import (
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// Words of the use cases that whoever holds Memories must be able to say.
type (
	// Memory is what is stored (contract section 1.1).
	Memory = memory.Memory
	// Tier is how long a memory lives (contract section 4.3).
	Tier = memory.Tier
	// Draft is a memory to be created.
	Draft = service.Draft
	// Query selects a page of a list.
	Query = service.Query
	// Count is a number of rows by some name.
	Count = service.Count
	// Stats counts what is stored.
	Stats = service.Stats
	// Invalid says that a request breaks a rule.
	Invalid = service.Invalid
	// Denied says that a policy forbids an action.
	Denied = service.Denied
	// AmbiguousPrefix says that more than one id begins with a prefix.
	AmbiguousPrefix = service.AmbiguousPrefix
)

// ErrNotFound says that no memory has the id.
var ErrNotFound = service.ErrNotFound

// Identity is what agent ids are made of where none was given (contract section 3.3).
type Identity = memory.Identity

// NewIdentity returns the identity of this process.
func NewIdentity(anonymous bool) Identity { return memory.NewIdentity(anonymous) }
