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
	// Link relates two memories (contract section 4.8).
	Link = memory.Link
	// Patch is what is changed of a memory.
	Patch = memory.Patch
	// SearchQuery asks for memories by their words.
	SearchQuery = service.SearchQuery
	// Scored is a memory and how well it fits what was asked.
	Scored = service.Scored
	// Recalled is what a recall brought.
	Recalled = service.Recalled
	// Forget selects what is to be forgotten.
	Forget = service.Forget
	// Consolidation is a request to merge memories into one.
	Consolidation = service.Consolidation
	// Grouping says what AutoConsolidate merges.
	Grouping = service.Grouping
	// Group is memories of one namespace that have a tag in common.
	Group = service.Group
	// Deleted is what became of a deletion.
	Deleted = service.Deleted
	// Queued says that an action waits for approval.
	Queued = service.Queued
	// ArchivedRow is what was archived as clients see it.
	ArchivedRow = memory.ArchivedRow
	// Registration is what is known of an agent.
	Registration = memory.Registration
	// PendingAction is an action that waits, or waited, for approval.
	PendingAction = memory.PendingAction
	// Refused says why an approval does not count.
	Refused = service.Refused
	// Unknown says that something refers to a memory that is not there.
	Unknown = service.Unknown
	// TitleInUse says that another memory has a title and namespace.
	TitleInUse = service.TitleInUse
	// Forbidden says that the caller may not do something.
	Forbidden = service.Forbidden
	// AmbiguousPrefix says that more than one id begins with a prefix.
	AmbiguousPrefix = service.AmbiguousPrefix
)

// The tiers.
const (
	TierShort = memory.Short
	TierMid   = memory.Mid
	TierLong  = memory.Long
)

// SourceCLI is the source of what is stored by hand.
const SourceCLI = memory.SourceCLI

// Tiers returns the tiers, the shortest-lived first.
func Tiers() []Tier { return memory.Tiers() }

// Sources returns the sources that a client may name.
func Sources() []string { return memory.Sources() }

// Scopes returns the scopes.
func Scopes() []string { return memory.Scopes() }

// Relations returns the relations of links.
func Relations() []string { return memory.Relations() }

// ValidateAsAgent checks the namespace of an agent that reads.
func ValidateAsAgent(namespace string) error { return memory.ValidateNamespace(namespace) }

// Errors of the use cases.
var (
	ErrNotFound    = service.ErrNotFound    // no memory has the id
	ErrNotArchived = service.ErrNotArchived // nothing in the archive has it
	ErrNotPending  = service.ErrNotPending  // no action that waits has it
)

// Identity is what agent ids are made of where none was given (contract section 3.3).
type Identity = memory.Identity

// NewIdentity returns the identity of this process.
func NewIdentity(anonymous bool) Identity { return memory.NewIdentity(anonymous) }
