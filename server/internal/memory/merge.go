package memory

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// lastUpdate is the latest updated_at kept as it is: there must be later times left for whoever
// writes over the row, and RFC 3339 ends with the year 9999. The second is room for a billion.
var lastUpdate = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Normalized returns a valid memory in the one form in which it is stored and compared: tags
// never nil, metadata compact with sorted keys, and an updated_at at the very end of time taken
// down to where a later write still has room.
func (m Memory) Normalized() Memory {
	if m.Tags == nil {
		m.Tags = []string{}
	}
	if metadata, err := canonicalObject(m.Metadata); err == nil {
		m.Metadata = metadata
	}
	if updated, ok := parseTime(m.UpdatedAt); ok && updated.After(lastUpdate.Add(time.Second)) {
		m.UpdatedAt = FormatTime(lastUpdate)
	}
	return m
}

// Equal reports whether two normalized memories are the same in all 15 fields.
func Equal(a, b Memory) bool {
	return a.ID == b.ID && a.Title == b.Title && a.Namespace == b.Namespace &&
		a.Content == b.Content && slices.Equal(a.Tags, b.Tags) && a.Source == b.Source &&
		a.Tier == b.Tier && a.Priority == b.Priority && a.Confidence == b.Confidence &&
		a.AccessCount == b.AccessCount && a.CreatedAt == b.CreatedAt && a.UpdatedAt == b.UpdatedAt &&
		compareOptional(a.LastAccessedAt, b.LastAccessedAt) == 0 &&
		compareOptional(a.ExpiresAt, b.ExpiresAt) == 0 && bytes.Equal(a.Metadata, b.Metadata)
}

// Merge joins two normalized versions of the memory with one title and namespace. The result
// is the same whatever the order, the grouping and the number of times versions are joined
// (commutative, associative, idempotent), so nodes that have seen the same versions hold the
// same row:
//
//   - content, tags, source, metadata, updated_at: of the later version, by the instant of
//     updated_at; of versions of one instant, by an order of what they hold;
//   - id, created_at and metadata.agent_id: of the older memory, by the instant of created_at,
//     then by id, so that there is one id on all nodes; with both the same, an agent_id that is
//     set goes before none;
//   - priority, confidence, access_count, tier: the greater; last_accessed_at: the later;
//   - expires_at: of the later version, also when that has none. It must not fall back to the
//     other's: which other would depend on the grouping. Once a side is long there is none,
//     except that of two long versions which agree on one.
func Merge(a, b Memory) Memory {
	older, later := a, a
	if compareIdentity(b, a) < 0 {
		older = b
	}
	if compareVersion(b, a) > 0 {
		later = b
	}
	out := later
	out.ID, out.CreatedAt = older.ID, older.CreatedAt
	out.Metadata = withAgent(later.Metadata, agentOf(older.Metadata))
	out.Priority = max(a.Priority, b.Priority)
	out.Confidence = max(a.Confidence, b.Confidence)
	out.AccessCount = max(a.AccessCount, b.AccessCount)
	out.LastAccessedAt = laterOf(a.LastAccessedAt, b.LastAccessedAt)
	if out.Tier = a.Tier; b.Tier.Rank() > a.Tier.Rank() {
		out.Tier = b.Tier
	}
	if out.Tier == Long && (a.Tier != b.Tier || compareOptional(a.ExpiresAt, b.ExpiresAt) != 0) {
		out.ExpiresAt = nil
	}
	return out
}

// Upsert returns the row after a write on this node hit the title and namespace of an existing
// one (contract section 4.1): the write's content, tags, source and metadata, whatever its time;
// id, created_at, access_count, last_accessed_at and a set agent_id stay; priority, confidence
// and tier only rise; expires_at is none if either is long, else the write's, else the existing
// one unless that is past. The result is later than the existing row, by a nanosecond if need
// be, so it also wins on every other node: Merge(existing, result) is result.
func Upsert(existing, write Memory) Memory {
	write.ID, write.CreatedAt = existing.ID, existing.CreatedAt
	write.AccessCount, write.LastAccessedAt = existing.AccessCount, existing.LastAccessedAt
	if existing.AgentID() != "" || agentOf(write.Metadata) == nil {
		write.Metadata = withAgent(write.Metadata, agentOf(existing.Metadata))
	}
	before, now := instant(existing.UpdatedAt), instant(write.UpdatedAt)
	if !now.After(before) {
		write.UpdatedAt = FormatTime(before.Add(time.Nanosecond))
	}
	if write.ExpiresAt == nil && existing.ExpiresAt != nil && instant(*existing.ExpiresAt).After(now) {
		write.ExpiresAt = existing.ExpiresAt
	}
	out := Merge(existing, write)
	if existing.Tier == Long || write.Tier == Long {
		out.ExpiresAt = nil
	}
	return out
}

// Receive returns the row after a version came from a server that does not number its changes
// (contract section 6.5). It is Merge, except that a later version without expires_at or
// agent_id leaves those of the existing row, and one with an agent_id gives it to a row without.
func Receive(existing, incoming Memory) Memory {
	later := compareVersion(incoming, existing) > 0
	if later && incoming.ExpiresAt == nil {
		incoming.ExpiresAt = existing.ExpiresAt
	}
	out := Merge(existing, incoming)
	if later && out.AgentID() == "" && incoming.AgentID() != "" {
		out.Metadata = withAgent(out.Metadata, agentOf(incoming.Metadata))
	}
	return out
}

// compareIdentity orders memories by age.
func compareIdentity(a, b Memory) int {
	if c := cmp.Or(
		compareTimes(a.CreatedAt, b.CreatedAt),
		cmp.Compare(a.ID, b.ID),
	); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(unset(a), unset(b)),
		bytes.Compare(agentOf(a.Metadata), agentOf(b.Metadata)),
	)
}

// unset is 0 for a memory with an agent_id, 1 for one without.
func unset(m Memory) int {
	if m.AgentID() == "" {
		return 1
	}
	return 0
}

// compareVersion orders what was last written. Memories it calls equal agree in all that Merge
// takes from the later one; expires_at is last because Merge may drop it.
func compareVersion(a, b Memory) int {
	if c := instant(a.UpdatedAt).Compare(instant(b.UpdatedAt)); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(a.Content, b.Content),
		slices.Compare(a.Tags, b.Tags),
		cmp.Compare(a.Source, b.Source),
		bytes.Compare(withAgent(a.Metadata, nil), withAgent(b.Metadata, nil)),
		cmp.Compare(a.UpdatedAt, b.UpdatedAt),
		compareOptional(a.ExpiresAt, b.ExpiresAt),
	)
}

// compareTimes orders timestamps by instant, then by text.
func compareTimes(a, b string) int {
	if a == b {
		return 0
	}
	return cmp.Or(instant(a).Compare(instant(b)), cmp.Compare(a, b))
}

// compareOptional is compareTimes with none before all.
func compareOptional(a, b *string) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	default:
		return compareTimes(*a, *b)
	}
}

func laterOf(a, b *string) *string {
	if compareOptional(a, b) < 0 {
		return b
	}
	return a
}

// instant reads a timestamp of a valid memory.
func instant(text string) time.Time {
	t, _ := parseTime(text)
	return t
}
