package memory

import "time"

// ValidateNew checks a memory that a client creates (contract section 3.2), before the server
// gives it an id, times and an agent_id: title, content, namespace, source, tags, priority,
// confidence, expires_at, ttl (seconds, nil when not given), metadata; the first that is wrong
// is the *Invalid returned.
func ValidateNew(m Memory, ttl *int64, now time.Time) error {
	if err := validateFields(m); err != nil {
		return err
	}
	if m.ExpiresAt != nil {
		if err := ValidateNewExpiry(*m.ExpiresAt, now); err != nil {
			return err
		}
	}
	if ttl != nil {
		if err := ValidateTTL(*ttl); err != nil {
			return err
		}
	}
	return ValidateMetadata(m.Metadata)
}

// ValidateStored checks a memory that comes complete, by import or from another node: the id,
// then what ValidateNew checks but with any RFC 3339 times, then the counter. The agent_id and
// the scope within metadata are not checked. Besides the sources that clients may name it takes
// those of rows that servers of this family write themselves.
func ValidateStored(m Memory) error {
	if err := ValidateID(m.ID); err != nil {
		return err
	}
	if ownSource(m.Source) {
		m.Source = SourceSystem
	}
	if err := validateFields(m); err != nil {
		return err
	}
	for _, stamp := range []struct {
		field string
		value *string
	}{
		{"created_at", &m.CreatedAt},
		{"updated_at", &m.UpdatedAt},
		{"last_accessed_at", m.LastAccessedAt},
		{"expires_at", m.ExpiresAt},
	} {
		if stamp.value == nil {
			continue
		}
		if _, ok := parseTime(*stamp.value); !ok {
			return invalid(stamp.field, "%s is not valid RFC3339", stamp.field)
		}
	}
	if m.AccessCount < 0 {
		return invalid("access_count", "access_count cannot be negative")
	}
	if m.Generation < 0 || m.Generation >= maxGeneration || m.Moved < 0 {
		return invalid("generation", "generation %d or time of moving %d is out of range", m.Generation, m.Moved)
	}
	return validateStoredMetadata(m.Metadata)
}

func validateFields(m Memory) error {
	for _, check := range []error{
		ValidateTier(m.Tier),
		ValidateTitle(m.Title),
		ValidateContent(m.Content),
		ValidateNamespace(m.Namespace),
		ValidateSource(m.Source),
		ValidateTags(m.Tags),
		ValidatePriority(m.Priority),
		ValidateConfidence(m.Confidence),
	} {
		if check != nil {
			return check
		}
	}
	return nil
}

// ValidateLink checks a link between two memories.
func ValidateLink(source, target, relation string) error {
	if err := ValidateID(source); err != nil {
		return err
	}
	if err := ValidateID(target); err != nil {
		return err
	}
	if err := ValidateRelation(relation); err != nil {
		return err
	}
	if source == target {
		return invalid("target_id", "cannot link a memory to itself")
	}
	return nil
}

// ValidateConsolidation checks the merging of 2 to 100 memories into one.
func ValidateConsolidation(ids []string, title, summary, namespace string) error {
	switch {
	case len(ids) < minConsolidated:
		return invalid("ids", "need at least %d memory IDs to consolidate", minConsolidated)
	case len(ids) > maxConsolidated:
		return invalid("ids", "cannot consolidate more than %d memories at once", maxConsolidated)
	}
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if err := ValidateID(id); err != nil {
			return err
		}
		if seen[id] {
			return invalid("ids", "duplicate memory ID: %s", id)
		}
		seen[id] = true
	}
	if err := ValidateTitle(title); err != nil {
		return err
	}
	if err := ValidateContent(summary); err != nil {
		return err
	}
	return ValidateNamespace(namespace)
}

// ValidateApprover checks who a governance policy lets approve: an agent unless it is empty, a
// number of votes unless it is nil.
func ValidateApprover(agent string, consensus *uint32) error {
	if consensus != nil && *consensus < 1 {
		return invalid("governance", "governance.approver.consensus quorum must be >= 1")
	}
	if agent == "" {
		return nil
	}
	return ValidateAgentID(agent)
}
