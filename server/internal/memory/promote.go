package memory

import (
	"strings"
	"time"
)

// ValidateAncestor checks that a namespace lies properly above another: it is the first of its
// segments, and not all of them (contract section 4.14).
func ValidateAncestor(ancestor, namespace string) error {
	if err := ValidateNamespace(ancestor); err != nil {
		return err
	}
	if !strings.HasPrefix(namespace, ancestor+"/") {
		return invalid("to_namespace", "to_namespace '%s' is not a proper ancestor of namespace '%s'", ancestor, namespace)
	}
	return nil
}

// CloneTo returns a copy of a memory for another namespace: with the tier, expiry and metadata of
// the original, times of its own, and never accessed (contract section 4.14).
func (m Memory) CloneTo(id, namespace string, now time.Time) Memory {
	m.ID, m.Namespace = id, namespace
	m.AccessCount, m.LastAccessedAt = 0, nil
	m.CreatedAt, m.UpdatedAt = FormatTime(now), FormatTime(now)
	m.Generation, m.Moved = 0, 0
	return m
}
