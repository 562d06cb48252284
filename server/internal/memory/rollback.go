package memory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Curator is the agent that curates: what it writes, it writes by this name.
const Curator = "ai:curator"

// Namespaces that the curator keeps for itself (contract sections 9.4 and 9.5).
const (
	RollbackNamespace = "_curator/rollback"
	ReportsNamespace  = "_curator/reports"
)

// Metadata keys that the curator writes (contract section 1.2).
const (
	KeyAutoTags       = "auto_tags"                // texts
	KeyContradictions = "confirmed_contradictions" // ids
	KeyCuratedAt      = "curated_at"               // a time
	keyAction         = "action"
)

// The tags of what the curator keeps for itself.
const (
	TagCurator  = "_curator"
	TagReport   = "_report"
	tagRollback = "_rollback"
	tagReversed = "_reversed"
)

// The kinds of changes that can be rolled back.
const (
	RolledMerge    = "consolidate"
	RolledForget   = "forget"
	RolledPriority = "priority_adjust"
)

const rollbackPriority = 3

// Rollback says how a change of the curator is undone (contract section 9.4). What is not of its action is
// empty.
type Rollback struct {
	Action    string   `json:"action"`
	Originals []Memory `json:"originals,omitempty"` // of RolledMerge
	ResultID  string   `json:"result_id,omitempty"` // likewise
	Snapshot  *Memory  `json:"snapshot,omitempty"`  // of RolledForget
	MemoryID  string   `json:"memory_id,omitempty"` // of RolledPriority
	Before    int32    `json:"before,omitempty"`    // likewise
	After     int32    `json:"after,omitempty"`     // likewise
}

// ErrNoRollback says that the content of a memory is no Rollback.
var ErrNoRollback = errors.New("rollback entry content is not a valid RollbackEntry JSON")

// Memory returns the memory that keeps it, made at a time. Its content may be too long for a
// memory: that is the *Invalid of ValidateStored.
func (r Rollback) Memory(id, at string) (Memory, error) {
	content, err := encode(r)
	if err != nil {
		return Memory{}, fmt.Errorf("write how a change is undone: %w", err)
	}
	m := Memory{
		ID: id, Tier: Long, Namespace: RollbackNamespace, Title: "curator " + r.Action + " @ " + at, Content: EscapeControls(content),
		Tags: []string{TagCurator, tagRollback, r.Action}, Priority: rollbackPriority, Confidence: 1, Source: SourceCurator,
		CreatedAt: at, UpdatedAt: at,
	}
	if m.Metadata, err = encode(map[string]string{KeyAgentID: Curator, keyAction: r.Action}); err != nil {
		return Memory{}, err
	}
	return m, ValidateStored(m)
}

// EscapeControls writes JSON without the control characters that no content may hold.
func EscapeControls(text []byte) string {
	if !bytes.ContainsFunc(text, unicode.IsControl) {
		return string(text)
	}
	var out strings.Builder
	for _, c := range string(text) {
		if unicode.IsControl(c) {
			fmt.Fprintf(&out, `\u%04x`, c)
			continue
		}
		out.WriteRune(c)
	}
	return out.String()
}

// RollbackOf reads a memory that keeps a Rollback: ErrNoRollback when it is none. What it would bring
// back must be valid, and not of the namespaces that the server keeps for itself.
func RollbackOf(m Memory) (Rollback, error) {
	var r Rollback
	if json.Unmarshal([]byte(m.Content), &r) != nil {
		return Rollback{}, ErrNoRollback
	}
	ok := false
	switch r.Action {
	case RolledMerge:
		ok = ValidateID(r.ResultID) == nil && len(r.Originals) > 0
	case RolledForget:
		ok = r.Snapshot != nil
	case RolledPriority:
		ok = ValidateID(r.MemoryID) == nil && ValidatePriority(r.Before) == nil && ValidatePriority(r.After) == nil
	}
	for _, kept := range r.Kept() {
		ok = ok && ValidateStored(kept) == nil && !Reserved(kept.Namespace)
	}
	if !ok {
		return Rollback{}, ErrNoRollback
	}
	return r, nil
}

// Kept are the memories that a rollback brings back.
func (r Rollback) Kept() []Memory {
	switch {
	case r.Action == RolledMerge:
		return r.Originals
	case r.Action == RolledForget && r.Snapshot != nil:
		return []Memory{*r.Snapshot}
	}
	return nil
}

// IsRollback tells whether a memory is of the rollback log, and the curator wrote it.
func (m Memory) IsRollback() bool {
	return m.Namespace == RollbackNamespace && m.Source == SourceCurator && m.AgentID() == Curator
}

// Reversed tells whether a change was rolled back that a memory of the rollback log is about.
func (m Memory) Reversed() bool { return slices.Contains(m.Tags, tagReversed) }

// Reverse returns the tags of a memory of the rollback log once its change is rolled back.
func (m Memory) Reverse() []string { return append(slices.Clone(m.Tags), tagReversed) }

// Reserved tells whether the server keeps a namespace for itself.
func Reserved(namespace string) bool { return strings.HasPrefix(namespace, "_") }
