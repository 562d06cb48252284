package memory

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The limits of contract section 3.1. A character is a Unicode code point.
const (
	maxTitle        = 512     // characters, trimmed
	maxContent      = 1 << 16 // bytes
	maxNamespace    = 512     // characters
	maxSegments     = 8
	maxSource       = 64 // bytes
	maxAgentID      = 128
	maxAgentType    = 64
	maxTags         = 50
	maxTag          = 128
	maxID           = 128
	maxTTL          = 31_536_000 // seconds
	maxMetadata     = 1 << 16    // bytes, compact
	maxDepth        = 32
	maxRelation     = 64
	minPriority     = 1
	maxPriority     = 10
	minConsolidated = 2
	maxConsolidated = 100
)

// Invalid says which field breaks a rule of contract section 3.1. Its text is the contract's.
type Invalid struct {
	Field  string // as in JSON: title, expires_at, ...
	Reason string
}

// Error returns the contract's message.
func (i *Invalid) Error() string { return i.Reason }

func invalid(field, format string, values ...any) error {
	return &Invalid{Field: field, Reason: fmt.Sprintf(format, values...)}
}

// ValidateTitle checks a title.
func ValidateTitle(title string) error {
	trimmed := strings.TrimSpace(title)
	switch {
	case trimmed == "":
		return invalid("title", "title cannot be empty")
	case utf8.RuneCountInString(trimmed) > maxTitle:
		return invalid("title", "title exceeds max length of %d characters", maxTitle)
	case !clean(title):
		return invalid("title", "title contains invalid characters")
	}
	return nil
}

// ValidateContent checks a content.
func ValidateContent(content string) error {
	switch {
	case strings.TrimSpace(content) == "":
		return invalid("content", "content cannot be empty")
	case len(content) > maxContent:
		return invalid("content", "content exceeds max size of %d bytes", maxContent)
	case !clean(content):
		return invalid("content", "content contains invalid characters")
	}
	return nil
}

// ValidateNamespace checks a namespace, blanks around it not counted.
func ValidateNamespace(namespace string) error {
	bad := func(format string, values ...any) error {
		return invalid("namespace", "namespace "+format, values...)
	}
	name := strings.TrimSpace(namespace)
	segments := strings.Split(name, "/")
	switch {
	case name == "":
		return bad("cannot be empty")
	case utf8.RuneCountInString(name) > maxNamespace:
		return bad("exceeds max length of %d characters", maxNamespace)
	case strings.ContainsAny(name, "\\\x00"):
		return bad("cannot contain backslashes or null bytes")
	case strings.Contains(name, " "):
		return bad("cannot contain spaces (use hyphens or underscores)")
	case !clean(name):
		return bad("contains invalid control characters")
	case segments[0] == "":
		return bad("cannot start with '/' (normalize input first)")
	case segments[len(segments)-1] == "":
		return bad("cannot end with '/' (normalize input first)")
	}
	for _, segment := range segments {
		switch segment {
		case "":
			return bad("cannot contain empty segments (e.g. '//')")
		case ".", "..":
			return bad("segments '.' and '..' are not allowed")
		}
	}
	if len(segments) > maxSegments {
		return bad("depth %d exceeds max of %d", len(segments), maxSegments)
	}
	return nil
}

// ValidateSource checks a source against the one list of them.
func ValidateSource(source string) error {
	return oneOf("source", source, maxSource, sources[:])
}

// ValidateRelation checks the relation of a link.
func ValidateRelation(relation string) error {
	return oneOf("relation", relation, maxRelation, relations[:])
}

// ValidateScope checks a scope.
func ValidateScope(scope string) error {
	return oneOf("scope", scope, math.MaxInt, scopes[:])
}

// ValidateTier checks a tier.
func ValidateTier(tier Tier) error {
	if tier.Rank() < 0 {
		return invalid("tier", "invalid tier '%s' — must be one of: %s, %s, %s", tier, Short, Mid, Long)
	}
	return nil
}

// ValidateAgentID checks an agent's name.
func ValidateAgentID(id string) error {
	switch {
	case id == "":
		return invalid("agent_id", "agent_id cannot be empty")
	case len(id) > maxAgentID:
		return invalid("agent_id", "agent_id exceeds max length of %d bytes", maxAgentID)
	}
	for _, c := range id {
		if !plain(c) && !strings.ContainsRune("_-:@./", c) {
			return invalid("agent_id",
				"agent_id contains invalid character '%c' (allowed: alphanumeric, _-:@./)", c)
		}
	}
	return nil
}

// ValidateAgentType checks what kind of agent registers itself.
func ValidateAgentType(kind string) error {
	name, model := strings.CutPrefix(kind, "ai:")
	switch {
	case kind == "":
		return invalid("agent_type", "agent_type cannot be empty")
	case len(kind) > maxAgentType:
		return invalid("agent_type", "agent_type exceeds max length of %d bytes", maxAgentType)
	case model && name == "":
		return invalid("agent_type",
			"agent_type 'ai:' must include a name (e.g. 'ai:claude-opus-4.7')")
	case model && strings.ContainsFunc(name, func(c rune) bool {
		return !plain(c) && !strings.ContainsRune("_-.", c)
	}):
		return invalid("agent_type", "agent_type '%s' contains invalid characters in the ai: "+
			"name part (allowed: alphanumeric, _-.)", kind)
	case model:
		return nil
	}
	for _, known := range agentTypes {
		if kind == known {
			return nil
		}
	}
	return invalid("agent_type", "invalid agent_type '%s' — must be one of: %s (or any ai:<name> form)",
		kind, strings.Join(agentTypes[:], ", "))
}

// ValidateTags checks tags, or the capabilities of an agent, which follow the same rules.
func ValidateTags(tags []string) error {
	if len(tags) > maxTags {
		return invalid("tags", "too many tags (max %d)", maxTags)
	}
	for _, tag := range tags {
		trimmed := strings.TrimSpace(tag)
		switch {
		case trimmed == "":
			return invalid("tags", "tags cannot contain empty strings")
		case len(trimmed) > maxTag:
			return invalid("tags", "tag '%s...' exceeds max length of %d bytes", FirstRunes(trimmed, 20), maxTag)
		case !clean(trimmed):
			return invalid("tags", "tag contains invalid characters")
		}
	}
	return nil
}

// ValidateID checks a memory's id, which need not be a UUID.
func ValidateID(id string) error {
	switch {
	case strings.TrimSpace(id) == "":
		return invalid("id", "id cannot be empty")
	case len(id) > maxID:
		return invalid("id", "id exceeds max length of %d bytes", maxID)
	case !clean(id):
		return invalid("id", "id contains invalid characters")
	}
	return nil
}

// ValidatePriority checks a priority.
func ValidatePriority(priority int32) error {
	if priority < minPriority || priority > maxPriority {
		return invalid("priority", "priority must be between %d and %d (got %d)",
			minPriority, maxPriority, priority)
	}
	return nil
}

// ValidateConfidence checks a confidence.
func ValidateConfidence(confidence float64) error {
	switch {
	case math.IsNaN(confidence) || math.IsInf(confidence, 0):
		return invalid("confidence", "confidence must be a finite number")
	case confidence < 0 || confidence > 1:
		got := strconv.FormatFloat(confidence, 'f', -1, 64)
		return invalid("confidence", "confidence must be between 0.0 and 1.0 (got %s)", got)
	}
	return nil
}

// ValidateExpiry checks the form of an expires_at, which may be past (the rule of update).
func ValidateExpiry(expires string) error {
	if _, ok := parseTime(expires); !ok {
		return invalid("expires_at", "expires_at is not valid RFC3339: '%s'", expires)
	}
	return nil
}

// ValidateNewExpiry checks an expires_at that must not be past (the rule of create).
func ValidateNewExpiry(expires string, now time.Time) error {
	if err := ValidateExpiry(expires); err != nil {
		return err
	}
	if instant(expires).Before(now) {
		return invalid("expires_at", "expires_at is in the past")
	}
	return nil
}

// ValidateTTL checks a time to live in seconds.
func ValidateTTL(seconds int64) error {
	switch {
	case seconds <= 0:
		return invalid("ttl_secs", "ttl_secs must be positive (got %d)", seconds)
	case seconds > maxTTL:
		return invalid("ttl_secs", "ttl_secs exceeds maximum of 1 year")
	}
	return nil
}

// ValidateMetadata checks metadata as a client gives it; empty counts as {}.
func ValidateMetadata(raw []byte) error {
	if len(raw) == 0 {
		return nil
	}
	if len(raw) <= maxMetadata && isCanonical(raw) { // and one deep
		return nil
	}
	object, err := decodeObject(raw)
	if err != nil {
		return invalid("metadata", "metadata must be a JSON object")
	}
	return validateObject(object)
}

// validateStoredMetadata checks metadata to which a server has added what it adds on create:
// the contract checks the size before that, so those two keys do not count against it.
func validateStoredMetadata(raw []byte) error {
	err := ValidateMetadata(raw)
	if err == nil {
		return nil
	}
	object, decodeErr := decodeObject(raw)
	if decodeErr != nil {
		return err
	}
	if agent, ok := object[KeyAgentID].(string); ok && ValidateAgentID(agent) == nil {
		delete(object, KeyAgentID)
	}
	if scope, ok := object[KeyScope].(string); ok && ValidateScope(scope) == nil {
		delete(object, KeyScope)
	}
	if validateObject(object) != nil {
		return err
	}
	return nil
}

func validateObject(object map[string]any) error {
	compact, err := encode(object)
	if err != nil {
		return invalid("metadata", "metadata must be a JSON object")
	}
	if len(compact) > maxMetadata {
		return invalid("metadata", "metadata exceeds max size of %d bytes (got %d)", maxMetadata, len(compact))
	}
	if deep := depth(object); deep > maxDepth {
		return invalid("metadata", "metadata nesting depth exceeds limit of %d (got %d)", maxDepth, deep)
	}
	return nil
}

// oneOf checks a word of a closed list.
func oneOf(field, word string, most int, words []string) error {
	switch {
	case strings.TrimSpace(word) == "":
		return invalid(field, "%s cannot be empty", field)
	case len(word) > most:
		return invalid(field, "%s exceeds max length of %d bytes", field, most)
	}
	for _, known := range words {
		if word == known {
			return nil
		}
	}
	return invalid(field, "invalid %s '%s' — must be one of: %s", field, word, strings.Join(words, ", "))
}

// clean reports whether a text is without control characters other than LF and TAB.
func clean(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool {
		return unicode.IsControl(c) && c != '\n' && c != '\t'
	})
}

// plain reports whether a character is an ASCII letter or digit.
func plain(c rune) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// first returns the first n characters of a text.
