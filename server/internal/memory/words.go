package memory

// Tier is how long a memory is meant to live: short, mid or long (contract section 4.3).
type Tier string

// The tiers, lowest first.
const (
	Short Tier = "short"
	Mid   Tier = "mid"
	Long  Tier = "long"
)
