package importers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"chaosctl/server/internal/memory"
)

// Exported is memories and links as a server like this one exports them (contract section 2.10).
type Exported struct {
	Memories []memory.Memory
	Links    []memory.Link
}

// maxExport bounds an export, in bytes.
const maxExport = 4 << 30

// ReadExport reads an export. That a memory is malformed, or that there are none, is an error; what breaks
// a rule is not looked for. Links of which any is malformed are left out, all (contract section 7.2).
func ReadExport(from io.Reader) (Exported, error) {
	content, err := io.ReadAll(io.LimitReader(from, maxExport+1))
	switch {
	case err != nil:
		return Exported{}, fmt.Errorf("reading the export: %w", err)
	case len(content) > maxExport:
		return Exported{}, fmt.Errorf("the export has more than %d bytes", int64(maxExport))
	case !utf8.Valid(content):
		return Exported{}, errors.New("the export is not valid UTF-8")
	}
	var e struct {
		Memories *[]exported     `json:"memories"`
		Links    json.RawMessage `json:"links"`
	}
	if err := json.Unmarshal(content, &e); err != nil {
		return Exported{}, fmt.Errorf("the export is not what it should be: %w", err)
	}
	if e.Memories == nil {
		return Exported{}, errors.New("the export has no list of memories")
	}
	out := Exported{Memories: make([]memory.Memory, len(*e.Memories))}
	for i, m := range *e.Memories {
		if out.Memories[i], err = m.memory(); err != nil {
			return Exported{}, fmt.Errorf("memory %d of the export: %w", i+1, err)
		}
	}
	out.Links = links(e.Links)
	return out, nil
}

// exported is a memory as it is exported; nil where it lacks something.
type exported struct {
	ID             *string         `json:"id"`
	Tier           *memory.Tier    `json:"tier"`
	Namespace      *string         `json:"namespace"`
	Title          *string         `json:"title"`
	Content        *string         `json:"content"`
	Tags           *[]string       `json:"tags"`
	Priority       *int32          `json:"priority"`
	Confidence     *float64        `json:"confidence"`
	Source         *string         `json:"source"`
	AccessCount    *int64          `json:"access_count"`
	CreatedAt      *string         `json:"created_at"`
	UpdatedAt      *string         `json:"updated_at"`
	LastAccessedAt *string         `json:"last_accessed_at"`
	ExpiresAt      *string         `json:"expires_at"`
	Metadata       json.RawMessage `json:"metadata"`
}

func (e exported) memory() (memory.Memory, error) {
	for _, field := range []struct {
		name  string
		there bool
	}{
		{"id", e.ID != nil}, {"tier", e.Tier != nil}, {"namespace", e.Namespace != nil}, {"title", e.Title != nil},
		{"content", e.Content != nil}, {"tags", e.Tags != nil}, {"priority", e.Priority != nil}, {"confidence", e.Confidence != nil},
		{"source", e.Source != nil}, {"access_count", e.AccessCount != nil}, {"created_at", e.CreatedAt != nil}, {"updated_at", e.UpdatedAt != nil},
	} {
		if !field.there {
			return memory.Memory{}, fmt.Errorf("missing field `%s`", field.name)
		}
	}
	if err := memory.ValidateTier(*e.Tier); err != nil {
		return memory.Memory{}, fmt.Errorf("unknown variant `%s`, expected one of `short`, `mid`, `long`", *e.Tier)
	}
	m := memory.Memory{
		ID: *e.ID, Tier: *e.Tier, Namespace: *e.Namespace, Title: *e.Title, Content: *e.Content, Tags: *e.Tags, Priority: *e.Priority,
		Confidence: *e.Confidence, Source: *e.Source, AccessCount: *e.AccessCount, CreatedAt: *e.CreatedAt, UpdatedAt: *e.UpdatedAt,
		LastAccessedAt: e.LastAccessedAt, ExpiresAt: e.ExpiresAt, Metadata: e.Metadata,
	}
	if m.Metadata == nil {
		m.Metadata = json.RawMessage("{}")
	}
	return m, nil
}

// links reads a list of links; nil when it is none, or any of them is none.
func links(raw json.RawMessage) []memory.Link {
	var found []struct {
		SourceID  *string `json:"source_id"`
		TargetID  *string `json:"target_id"`
		Relation  *string `json:"relation"`
		CreatedAt *string `json:"created_at"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &found) != nil {
		return nil
	}
	out := make([]memory.Link, len(found))
	for i, l := range found {
		if l.SourceID == nil || l.TargetID == nil || l.Relation == nil || l.CreatedAt == nil {
			return nil
		}
		out[i] = memory.Link{SourceID: *l.SourceID, TargetID: *l.TargetID, Relation: *l.Relation, CreatedAt: *l.CreatedAt}
	}
	return out
}
