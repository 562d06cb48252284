package memory

import (
	"bytes"
	"encoding/json"
	"slices"
)

// KeyGrants is the metadata key of what agents other than the owner may do with a memory: an
// object of permissions by agent id. It counts where a policy asks for the owner, and for who may
// grant; it hides nothing from anyone.
const KeyGrants = "grants"

// Permission is what an agent may do with a memory.
type Permission string

// The permissions; each includes those before it.
const (
	MayRead  Permission = "read"  // nothing that others may not
	MayWrite Permission = "write" // change the memory
	MayAdmin Permission = "admin" // delete and promote it, and grant
)

var permissions = [...]Permission{MayRead, MayWrite, MayAdmin}

// Permissions returns the permissions, least first.
func Permissions() []Permission { return slices.Clone(permissions[:]) }

func (p Permission) rank() int { return slices.Index(permissions[:], p) }

// ValidatePermission checks a permission.
func ValidatePermission(p Permission) error {
	return oneOf("permission", string(p), maxTag, []string{string(MayRead), string(MayWrite), string(MayAdmin)})
}

// Grants returns what agents may do with a memory.
func (m Memory) Grants() map[string]Permission {
	grants := map[string]Permission{}
	if !bytes.Contains(m.Metadata, []byte(KeyGrants)) {
		return grants
	}
	fields, err := decodeFields(m.Metadata)
	if err != nil || json.Unmarshal(fields[KeyGrants], &grants) != nil || grants == nil {
		return map[string]Permission{}
	}
	return grants
}

// Granted tells whether an agent was granted at least a permission.
func (m Memory) Granted(agent string, p Permission) bool { return m.Grants()[agent].rank() >= p.rank() }

// WithKey returns metadata with a key set to a value, or without it for nil.
func WithKey(metadata json.RawMessage, key string, value json.RawMessage) json.RawMessage {
	object := map[string]json.RawMessage{}
	if len(metadata) > 0 && json.Unmarshal(metadata, &object) != nil || object == nil {
		return metadata
	}
	if value == nil {
		delete(object, key)
	} else {
		object[key] = value
	}
	out, err := encode(object)
	if err != nil {
		return metadata
	}
	return out
}

// KeepGrants returns metadata that is to take the place of a memory's, with the grants as they
// are: they are given and taken by themselves.
func KeepGrants(m Memory, metadata json.RawMessage) json.RawMessage {
	fields, err := decodeFields(m.Metadata)
	if err != nil {
		return metadata
	}
	return WithKey(metadata, KeyGrants, fields[KeyGrants])
}
