package memory

import (
	"errors"
	"slices"
	"strings"
)

// KindStandard is the kind of a Standard. Its key is the namespace; it is looked up by the memory.
const KindStandard RecordKind = "standard"

// EveryNamespace is the namespace whose standard holds for all.
const EveryNamespace = "*"

// Standard says which memory is the standard of a namespace (contract section 4.13).
type Standard struct {
	Namespace  string `json:"namespace"`
	Parent     string `json:"parent,omitempty"` // the namespace whose standard is the next more general one
	StandardID string `json:"standard_id"`
}

// Record returns the standard as nodes keep it.
func (s Standard) Record(stamp int64) Record { return record(KindStandard, s.Namespace, stamp, s) }

// StandardOf reads a record of KindStandard.
func StandardOf(r Record) (Standard, error) { return value[Standard](r) }

// Validate checks a standard.
func (s Standard) Validate() error {
	if err := ValidateNamespace(s.Namespace); err != nil {
		return err
	}
	if err := ValidateID(s.StandardID); err != nil {
		return err
	}
	if s.Parent == "" {
		return nil
	}
	if s.Parent == s.Namespace {
		return invalid("parent", "namespace cannot be its own parent")
	}
	return ValidateNamespace(s.Parent)
}

func checkStandard(r Record) (refs [2]string, err error) {
	s, err := StandardOf(r)
	if err != nil {
		return refs, err
	}
	if err := s.Validate(); err != nil {
		return refs, err
	}
	if r.Key != s.Namespace {
		return refs, errors.New("the key is not the namespace")
	}
	return [2]string{s.StandardID}, nil
}

// Truncations returns the namespaces that a namespace is written under with hyphens, nearest
// first: of a-b-c, a-b and a.
func Truncations(namespace string) []string {
	var out []string
	for at := strings.LastIndexByte(namespace, '-'); at > 0; at = strings.LastIndexByte(namespace, '-') {
		namespace = namespace[:at]
		out = append(out, namespace)
	}
	return out
}

// maxParents is how many parents above the first segment count.
const maxParents = 8

// Chain returns the namespaces whose standards hold for a namespace, most general first: that of
// all, the parents of its first segment, and its path down to itself. Parent returns the parent
// that a namespace was given, if any.
func Chain(namespace string, parent func(string) (string, error)) ([]string, error) {
	if namespace == EveryNamespace {
		return []string{namespace}, nil
	}
	segments := strings.Split(namespace, "/")
	var path []string
	for i := range segments {
		path = append(path, strings.Join(segments[:i+1], "/"))
	}
	var above []string
	for at := path[0]; len(above) < maxParents; {
		next, err := parent(at)
		if err != nil {
			return nil, err
		}
		if next == "" || next == EveryNamespace || slices.Contains(above, next) || slices.Contains(path, next) {
			break
		}
		above = append(above, next)
		at = next
	}
	slices.Reverse(above)
	return slices.Concat([]string{EveryNamespace}, above, path), nil
}
