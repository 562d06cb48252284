package memory

// The limits of contract section 3.1, for who tells clients of them.
const (
	MaxTitle        = maxTitle     // characters, blanks around it not counted
	MaxContent      = maxContent   // bytes
	MaxNamespace    = maxNamespace // characters
	MaxSegments     = maxSegments  // of a namespace
	MaxAgentID      = maxAgentID   // bytes
	MaxAgentType    = maxAgentType // bytes
	MaxTags         = maxTags
	MaxTag          = maxTag      // bytes
	MaxID           = maxID       // bytes
	MaxTTL          = maxTTL      // seconds
	MaxMetadata     = maxMetadata // bytes, compact
	MaxDepth        = maxDepth    // of metadata
	MinPriority     = minPriority
	MaxPriority     = maxPriority
	MinConsolidated = minConsolidated
	MaxConsolidated = maxConsolidated
)
