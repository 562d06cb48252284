package importers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"chaosctl/server/internal/jsontext"
	"chaosctl/server/internal/memory"
)

// ReadExport reads what a server like this one exports (contract section 2.10): it calls a function for each
// memory as soon as it is read, and returns the links, which end with the function's error, if any. That a memory
// is malformed, or that there is no list of them, is an error, which may come after memories; what breaks a
// rule is not looked for. Links of which any is malformed are left out, all (contract section 7.2).
func ReadExport(from io.Reader, each func(memory.Memory) error) ([]memory.Link, error) {
	in := json.NewDecoder(from)
	switch first, err := in.Token(); {
	case err != nil:
		return nil, fmt.Errorf("the export is not JSON: %w", unexpectedEnd(err))
	case first != json.Delim('{'):
		return nil, errNoMemories
	}
	r := exportReader{in: in, each: each}
	for in.More() {
		if err := r.field(); err != nil {
			return nil, err
		}
	}
	_, err := in.Token()
	if err == nil {
		err = nothingBehind(in)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("the export is not JSON: %w", unexpectedEnd(err))
	case !r.told:
		return nil, errNoMemories
	}
	return r.links, nil
}

var errNoMemories = errors.New("the export is no object with a list of memories")

// exportReader is an export that is being read.
type exportReader struct {
	in    *json.Decoder
	each  func(memory.Memory) error
	told  bool // the list of memories has been read
	count int
	links []memory.Link
}

// field reads a key and its value.
func (r *exportReader) field() error {
	key, err := r.in.Token()
	if err != nil {
		return fmt.Errorf("the export is not JSON: %w", unexpectedEnd(err))
	}
	if key == "memories" {
		return r.memories()
	}
	var value json.RawMessage
	if err := r.in.Decode(&value); err != nil {
		return fmt.Errorf("the export is not JSON: %w", unexpectedEnd(err))
	}
	if key == "links" {
		r.links = links(value)
	}
	return nil
}

// memories reads the list.
func (r *exportReader) memories() error {
	if r.told {
		return errors.New("the export has two lists of memories")
	}
	r.told = true
	switch first, err := r.in.Token(); {
	case err != nil:
		return fmt.Errorf("the export is not JSON: %w", unexpectedEnd(err))
	case first != json.Delim('['):
		return errNoMemories
	}
	for r.in.More() {
		r.count++
		m, err := r.memory()
		if err != nil {
			return fmt.Errorf("memory %d of the export: %w", r.count, err)
		}
		if err := r.each(m); err != nil {
			return err
		}
	}
	if _, err := r.in.Token(); err != nil {
		return fmt.Errorf("the export is not JSON: %w", unexpectedEnd(err))
	}
	return nil
}

// memory reads one of the list.
func (r *exportReader) memory() (memory.Memory, error) {
	var text json.RawMessage
	if err := r.in.Decode(&text); err != nil {
		return memory.Memory{}, unexpectedEnd(err)
	}
	if err := jsontext.Check(text); err != nil {
		return memory.Memory{}, err
	}
	return memoryOf(text)
}

// memoryOf reads a memory, whose keys are exact.
func memoryOf(text json.RawMessage) (memory.Memory, error) {
	var m memory.Memory
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(text, &keys); err != nil {
		return m, err
	}
	for _, f := range []struct {
		name     string
		into     any
		optional bool
	}{
		{"id", &m.ID, false},
		{"tier", &m.Tier, false},
		{"namespace", &m.Namespace, false},
		{"title", &m.Title, false},
		{"content", &m.Content, false},
		{"tags", &m.Tags, false},
		{"priority", &m.Priority, false},
		{"confidence", &m.Confidence, false},
		{"source", &m.Source, false},
		{"access_count", &m.AccessCount, false},
		{"created_at", &m.CreatedAt, false},
		{"updated_at", &m.UpdatedAt, false},
		{"last_accessed_at", &m.LastAccessedAt, true},
		{"expires_at", &m.ExpiresAt, true},
	} {
		value, there := keys[f.name]
		if !there && !f.optional {
			return m, fmt.Errorf("missing field `%s`", f.name)
		}
		if there && !f.optional && string(value) == "null" {
			return m, fmt.Errorf("field `%s` is null", f.name)
		}
		if there {
			if err := json.Unmarshal(value, f.into); err != nil {
				return m, fmt.Errorf("field `%s`: %w", f.name, err)
			}
		}
	}
	if memory.ValidateTier(m.Tier) != nil {
		return m, fmt.Errorf("unknown variant `%s`, expected one of `short`, `mid`, `long`", m.Tier)
	}
	m.Metadata = json.RawMessage("{}")
	if metadata, there := keys["metadata"]; there {
		m.Metadata = metadata
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
