package memory

import (
	"encoding/json"
	"time"
)

// Patch is what a client changes of a memory; nil leaves as it is (contract section 2.6).
type Patch struct {
	Title      *string
	Content    *string
	Tier       *Tier
	Namespace  *string
	Tags       []string
	Priority   *int32
	Confidence *float64
	ExpiresAt  *string
	NoExpiry   bool            // it does not expire
	Metadata   json.RawMessage // an object that takes the place of the whole
}

// Validate checks what is given, in the order in which ValidateNew checks (contract section
// 3.2); an expires_at may be past.
func (p Patch) Validate() error {
	for _, err := range []error{
		given(p.Title, ValidateTitle),
		given(p.Content, ValidateContent),
		given(p.Tier, ValidateTier),
		given(p.Namespace, ValidateNamespace),
		ValidateTags(p.Tags),
		given(p.Priority, ValidatePriority),
		given(p.Confidence, ValidateConfidence),
		given(p.ExpiresAt, ValidateExpiry),
		ValidateMetadata(p.Metadata),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func given[T any](value *T, check func(T) error) error {
	if value == nil {
		return nil
	}
	return check(*value)
}

// Update returns a memory as a patch changes it at a time (contract section 4.2). The tier is
// never lowered, and a set agent_id stays. A memory that is made long no longer expires, unless
// the patch says when. The result is later than the memory, by a nanosecond if need be, so it
// also wins on every other node: while title and namespace stay, Merge(m, result) is result.
// Generation and Moved are left as they are.
func Update(m Memory, p Patch, at time.Time) Memory {
	out := m
	set(&out.Title, p.Title)
	set(&out.Content, p.Content)
	set(&out.Tier, p.Tier)
	set(&out.Namespace, p.Namespace)
	set(&out.Priority, p.Priority)
	set(&out.Confidence, p.Confidence)
	if p.Tags != nil {
		out.Tags = p.Tags
	}
	if p.Metadata != nil {
		out.Metadata = p.Metadata
	}
	out.UpdatedAt = FormatTime(at)
	if p.Tier != nil && *p.Tier == Long {
		out.ExpiresAt = nil
	}
	if p.NoExpiry {
		out.ExpiresAt = nil
	}
	if p.ExpiresAt != nil {
		out.ExpiresAt = p.ExpiresAt
	}
	out = over(m, out.Normalized())
	before := m // for an agent_id that is not a text, Merge decides
	before.Title, before.Namespace = out.Title, out.Namespace
	return Merge(before, out)
}

func set[T any](into, value *T) {
	if value != nil {
		*into = *value
	}
}
