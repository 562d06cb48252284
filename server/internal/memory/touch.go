package memory

import "time"

// What touches come to (contract section 4.4).
const (
	MaxAccessCount = 1_000_000 // touches beyond it are not counted
	promotedAfter  = 5         // touches, of a mid memory
	raisedEvery    = 10        // touches
)

// Touch returns a memory after it was recalled at a time (contract section 4.4): the touch is
// counted, a memory that expires lives for at least the extension of its tier from now on, a mid
// one becomes long with the fifth touch, and every tenth raises the priority by one.
//
// Content and updated_at stay: a touch is no newer version of what the memory says, so one on a
// node that lacks a newer version does not go before that. The result goes before m on every node
// all the same: Merge(m, Touch(m)) is Touch(m), by the greater count, tier, priority and expiry.
func Touch(m Memory, at time.Time, l Lifetimes) Memory {
	out := m
	counted := m.AccessCount < MaxAccessCount
	if counted {
		out.AccessCount++
	}
	now := FormatTime(at)
	out.LastAccessedAt = laterOf(m.LastAccessedAt, &now)
	if m.ExpiresAt != nil {
		if until := at.Add(l.Extension(m.Tier)); m.Tier != Long && until.After(instant(*m.ExpiresAt)) {
			text := FormatTime(until)
			out.ExpiresAt = &text
		}
	}
	if m.Tier == Mid && out.AccessCount >= promotedAfter {
		out.Tier, out.ExpiresAt = Long, nil
	}
	if counted && out.AccessCount%raisedEvery == 0 && m.Priority < MaxPriority {
		out.Priority++
	}
	return out
}

// Tokens is about what a memory costs whoever reads it (contract section 4.15).
func Tokens(m Memory) int { return (len(m.Title) + len(m.Content)) / 4 }
