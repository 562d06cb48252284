package openapi

import (
	"cmp"
	"maps"
	"slices"
)

// field is one member of an object.
type field struct {
	name     string
	required bool
	schema   *Schema
}

// must is a member that is always there; may is one that can be absent.
func must(name string, s *Schema) field { return field{name, true, s} }
func may(name string, s *Schema) field  { return field{name, false, s} }

// all gives every member of an object a like presence.
func all(required bool, fields []field) []field {
	out := slices.Clone(fields)
	for i := range out {
		out[i].required = required
	}
	return out
}

// object is an object with members; of two with one name the later counts.
func object(description string, fields ...field) *Schema {
	s := &Schema{Type: "object", Description: description, Properties: map[string]*Schema{}}
	required := map[string]bool{}
	for _, f := range fields {
		s.Properties[f.name] = f.schema
		required[f.name] = f.required
	}
	maps.DeleteFunc(required, func(_ string, always bool) bool { return !always })
	s.Required = slices.Sorted(maps.Keys(required))
	return s
}

// ref points to a schema of the document.
func ref(name string) *Schema { return &Schema{Ref: schemaPrefix + name} }

const schemaPrefix = "#/components/schemas/"

func text(description string) *Schema    { return &Schema{Type: "string", Description: description} }
func flag(description string) *Schema    { return &Schema{Type: "boolean", Description: description} }
func number(description string) *Schema  { return &Schema{Type: "number", Description: description} }
func integer(description string) *Schema { return &Schema{Type: "integer", Description: description} }
func moment(description string) *Schema {
	return &Schema{Type: "string", Format: "date-time", Description: description}
}

// count is an integer from 0 on.
func count(description string) *Schema { return integer(description).from(0) }

func list(items *Schema, description string) *Schema {
	return &Schema{Type: "array", Items: items, Description: description}
}

// anything is any JSON value.
func anything(description string) *Schema { return &Schema{Description: description} }

// open is an object with any members, of one schema unless that is nil.
func open(value *Schema, description string) *Schema {
	return &Schema{Type: "object", Description: description, AdditionalProperties: cmp.Or(value, &Schema{})}
}

// exactly is one value.
func exactly[T bool | string](value T, description string) *Schema {
	return &Schema{Const: value, Description: description}
}

// words is a string of a closed list.
func words[W ~string](description string, list []W) *Schema {
	s := text(description)
	for _, w := range list {
		s.Enum = append(s.Enum, string(w))
	}
	return s
}

func anyOf(description string, schemas ...*Schema) *Schema {
	return &Schema{AnyOf: schemas, Description: description}
}

func (s Schema) from(least float64) *Schema { s.Minimum = &least; return &s }

func (s Schema) to(most float64) *Schema { s.Maximum = &most; return &s }

func (s Schema) about(description string) *Schema { s.Description = description; return &s }

func (s Schema) byDefault(value any) *Schema { s.Default = value; return &s }

// chars bounds the length of a string, in characters.
func (s Schema) chars(most int) *Schema { s.MinLength, s.MaxLength = 1, most; return &s }

// bytes bounds the length of a string, in bytes of UTF-8; it has no more characters than that.
func (s Schema) bytes(most int) *Schema {
	s.MinLength, s.MaxLength, s.MaxBytes = 1, most, most
	return &s
}

// items bounds the length of a list.
func (s Schema) items(least, most int) *Schema { s.MinItems, s.MaxItems = least, most; return &s }

// orNull lets null stand for absent.
func (s Schema) orNull() *Schema {
	description := s.Description
	s.Description = ""
	if name, plain := s.Type.(string); plain && s.Enum == nil {
		s.Type, s.Description = []string{name, "null"}, description
		return &s
	}
	return anyOf(description, &s, &Schema{Type: "null"})
}
