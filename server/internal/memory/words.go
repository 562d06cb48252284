package memory

import (
	"slices"
	"strings"
)

// Tier is how long a memory is meant to live: short, mid or long (contract section 4.3).
type Tier string

// The tiers, lowest first.
const (
	Short Tier = "short"
	Mid   Tier = "mid"
	Long  Tier = "long"
)

var tiers = [...]Tier{Short, Mid, Long}

// Tiers returns the tiers, lowest first.
func Tiers() []Tier { return slices.Clone(tiers[:]) }

// Rank orders tiers: short 0, mid 1, long 2, anything else -1.
func (t Tier) Rank() int { return slices.Index(tiers[:], t) }

// The sources, that is, the kinds of writer a memory may name (contract section 3.1).
const (
	SourceUser          = "user"
	SourceClaude        = "claude"
	SourceHook          = "hook"
	SourceAPI           = "api"
	SourceCLI           = "cli"
	SourceImport        = "import"
	SourceConsolidation = "consolidation"
	SourceSystem        = "system"
	SourceChaos         = "chaos"
)

var sources = [...]string{
	SourceUser, SourceClaude, SourceHook, SourceAPI, SourceCLI,
	SourceImport, SourceConsolidation, SourceSystem, SourceChaos,
}

// Sources returns the allowed sources in the order messages name them.
func Sources() []string { return slices.Clone(sources[:]) }

// The sources of rows that a server writes of its own accord. No client may name them.
const (
	SourceNotify          = "notify"
	SourceAutoConsolidate = "auto-consolidate"
	SourceCurator         = "ai-memory curator (autonomy)"
	SourceMinePrefix      = "mine-" // and a format's name
)

// ownSource tells whether a source is one of a server's own.
func ownSource(source string) bool {
	return source == SourceNotify || source == SourceAutoConsolidate || source == SourceCurator ||
		strings.HasPrefix(source, SourceMinePrefix) && len(source) <= maxSource && clean(source)
}

// The relations of a link between two memories.
const (
	RelatedTo   = "related_to"
	Supersedes  = "supersedes"
	Contradicts = "contradicts"
	DerivedFrom = "derived_from"
)

var relations = [...]string{RelatedTo, Supersedes, Contradicts, DerivedFrom}

// Relations returns the allowed relations in the order messages name them.
func Relations() []string { return slices.Clone(relations[:]) }

// The scopes, that is, who may see a memory (contract section 4.10); absent means private.
const (
	ScopePrivate    = "private"
	ScopeTeam       = "team"
	ScopeUnit       = "unit"
	ScopeOrg        = "org"
	ScopeCollective = "collective"
)

var scopes = [...]string{ScopePrivate, ScopeTeam, ScopeUnit, ScopeOrg, ScopeCollective}

// Scopes returns the allowed scopes, narrowest first.
func Scopes() []string { return slices.Clone(scopes[:]) }

var agentTypes = [...]string{
	"ai:claude-opus-4.6", "ai:claude-opus-4.7", "ai:codex-5.4", "ai:grok-4.2", "human", "system",
}

// AgentTypes returns the named agent types; any other "ai:NAME" is allowed as well.
func AgentTypes() []string { return slices.Clone(agentTypes[:]) }

// The metadata keys the server itself writes on create (contract section 1.2).
const (
	KeyAgentID = "agent_id" // who wrote the memory; kept once set
	KeyScope   = "scope"    // who may see it
)
