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

// Equal reports whether two normalized memories are the same in all fields.
func Equal(a, b Memory) bool {
	return a.ID == b.ID && a.Title == b.Title && a.Namespace == b.Namespace &&
		a.Content == b.Content && slices.Equal(a.Tags, b.Tags) && a.Source == b.Source &&
		a.Tier == b.Tier && a.Priority == b.Priority && a.Confidence == b.Confidence &&
		a.AccessCount == b.AccessCount && a.CreatedAt == b.CreatedAt && a.UpdatedAt == b.UpdatedAt &&
		compareOptional(a.LastAccessedAt, b.LastAccessedAt) == 0 &&
		compareOptional(a.ExpiresAt, b.ExpiresAt) == 0 && bytes.Equal(a.Metadata, b.Metadata) &&
		a.Generation == b.Generation && a.Moved == b.Moved
}

// Merge joins two normalized versions of the memory with one title and namespace. The result
// is the same whatever the order, the grouping and the number of times versions are joined
// (commutative, associative, idempotent), so nodes that have seen the same versions hold the
// same row:
//
//   - of two generations, all is of the later one: the other was deleted;
//   - content, tags, source, metadata, priority, confidence, updated_at: of the later version, by
//     the instant of updated_at; of versions of one instant, by an order of what they hold;
//   - id, created_at and metadata.agent_id: of the older memory, by the instant of created_at,
//     then by id, so that there is one id on all nodes; with both the same, an agent_id that is
//     set goes before none;
//   - access_count, tier: the greater; last_accessed_at: the later;
//   - expires_at: of the later version, also when that has none: it must not fall back to the
//     other's, because which other would depend on the grouping. It is none where a version that
//     was not long itself ends up long.
func Merge(a, b Memory) Memory {
	switch {
	case a.Generation > b.Generation:
		return a
	case a.Generation < b.Generation:
		return b
	}
	older, later := a, a
	if compareIdentity(b, a) < 0 {
		older = b
	}
	if compareVersion(b, a) > 0 {
		later = b
	}
	out := later
	out.ID, out.CreatedAt, out.Moved = older.ID, older.CreatedAt, older.Moved
	if a.ID == b.ID && a.CreatedAt == b.CreatedAt {
		out.Moved = max(a.Moved, b.Moved)
	}
	out.Metadata = withAgent(later.Metadata, agentOf(older.Metadata))
	out.AccessCount = max(a.AccessCount, b.AccessCount)
	out.LastAccessedAt = laterOf(a.LastAccessedAt, b.LastAccessedAt)
	if out.Tier = a.Tier; b.Tier.Rank() > a.Tier.Rank() {
		out.Tier = b.Tier
	}
	if out.Tier == Long && !longAlready(a, b, later) {
		out.ExpiresAt = nil
	}
	return out
}

// longAlready tells whether the expires_at of the later of two versions is that of a long memory.
// Versions that differ in tier or expires_at only must agree on both.
func longAlready(a, b, later Memory) bool {
	if compareWritten(a, b) == 0 {
		return a.Tier == b.Tier && compareOptional(a.ExpiresAt, b.ExpiresAt) == 0
	}
	return later.Tier == Long
}

// Upsert returns the row after a write on this node hit the title and namespace of an existing
// one (contract section 4.1): the write's content, tags, source and metadata, whatever its time;
// id, created_at, access_count, last_accessed_at and a set agent_id stay; priority, confidence
// and tier only rise; expires_at is none if either is long, else the write's, else the existing
// one unless that is past; a write of a lower tier never shortens the life of a row. The result is later than the existing row, by a nanosecond if need
// be, so it also wins on every other node: Merge(existing, result) is result.
func Upsert(existing, write Memory) Memory {
	long, now := existing.Tier == Long || write.Tier == Long, instant(write.UpdatedAt)
	lower := write.Tier.Rank() < existing.Tier.Rank()
	write = over(existing, write)
	write.Priority = max(existing.Priority, write.Priority)
	write.Confidence = max(existing.Confidence, write.Confidence)
	if e := existing.ExpiresAt; write.ExpiresAt == nil && e != nil && instant(*e).After(now) {
		write.ExpiresAt = e
	}
	if e := existing.ExpiresAt; lower && (e == nil || compareOptional(write.ExpiresAt, e) < 0) {
		write.ExpiresAt = e
	}
	if long {
		write.ExpiresAt = nil
	}
	return Merge(existing, write)
}

// over makes a write a later version of an existing row: what no write changes is the row's.
func over(existing, write Memory) Memory {
	write.ID, write.CreatedAt = existing.ID, existing.CreatedAt
	write.Generation, write.Moved = existing.Generation, existing.Moved
	write.AccessCount, write.LastAccessedAt = existing.AccessCount, existing.LastAccessedAt
	if existing.AgentID() != "" || agentOf(write.Metadata) == nil {
		write.Metadata = withAgent(write.Metadata, agentOf(existing.Metadata))
	}
	if before := instant(existing.UpdatedAt); !instant(write.UpdatedAt).After(before) {
		write.UpdatedAt = FormatTime(before.Add(time.Nanosecond))
	}
	if write.Tier.Rank() < existing.Tier.Rank() {
		write.Tier = existing.Tier
	}
	return write
}

// Receive returns the row after a version came from a server that does not number its changes
// (contract section 6.5). It is Merge, except that priority and confidence only rise, that a
// later version without expires_at or agent_id leaves those of the existing row, and that one
// with an agent_id gives it to a row without.
func Receive(existing, incoming Memory) Memory {
	later := compareVersion(incoming, existing) > 0
	incoming.Generation = existing.Generation
	if later && incoming.ExpiresAt == nil {
		incoming.ExpiresAt = existing.ExpiresAt
	}
	out := Merge(existing, incoming)
	out.Priority = max(existing.Priority, incoming.Priority)
	out.Confidence = max(existing.Confidence, incoming.Confidence)
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
	return cmp.Or(compareWritten(a, b), compareOptional(a.ExpiresAt, b.ExpiresAt))
}

// compareWritten is compareVersion but for expires_at.
func compareWritten(a, b Memory) int {
	if c := instant(a.UpdatedAt).Compare(instant(b.UpdatedAt)); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(a.Content, b.Content),
		slices.Compare(a.Tags, b.Tags),
		cmp.Compare(a.Source, b.Source),
		bytes.Compare(withAgent(a.Metadata, nil), withAgent(b.Metadata, nil)),
		cmp.Compare(a.Priority, b.Priority),
		cmp.Compare(a.Confidence, b.Confidence),
		cmp.Compare(a.UpdatedAt, b.UpdatedAt),
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

// Newer tells whether a version of a memory was written after another.
func Newer(a, b Memory) bool { return instant(a.UpdatedAt).After(instant(b.UpdatedAt)) }
