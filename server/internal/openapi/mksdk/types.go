package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"chaosctl/server/internal/openapi"
)

// typeOf writes a schema as a type.
func typeOf(s *openapi.Schema, indent string) string {
	switch {
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case s.Const != nil:
		return literal(s.Const)
	case s.Enum != nil:
		return strings.Join(literals(s.Enum), " | ")
	case s.AnyOf != nil:
		return union(s.AnyOf, indent)
	}
	switch t := s.Type.(type) {
	case []string:
		plain := make([]string, len(t))
		for i, name := range t {
			one := *s
			one.Type = name
			plain[i] = typeOf(&one, indent)
		}
		return strings.Join(plain, " | ")
	case string:
		return named(t, s, indent)
	default:
		return "unknown"
	}
}

// named writes a schema of one type.
func named(name string, s *openapi.Schema, indent string) string {
	switch name {
	case "integer", "number":
		return "number"
	case "array":
		item := typeOf(s.Items, indent)
		if strings.Contains(item, " | ") && !strings.HasPrefix(item, "{") {
			item = "(" + item + ")"
		}
		return item + "[]"
	case "object":
		return members(s, indent)
	case "string":
		if prefix, is := strings.CutPrefix(s.Pattern, "^ai:"); is && prefix != "" {
			return "`ai:${string}`"
		}
	}
	return name
}

// union joins alternatives. A string beside words is written so that editors still offer those.
func union(alternatives []*openapi.Schema, indent string) string {
	types := make([]string, len(alternatives))
	for i, s := range alternatives {
		types[i] = typeOf(s, indent)
		if types[i] == "string" && i > 0 {
			types[i] = "(string & {})"
		}
	}
	return strings.Join(types, " | ")
}

// members writes the members of an object.
func members(s *openapi.Schema, indent string) string {
	var b strings.Builder
	b.WriteString("{\n")
	inner := indent + "  "
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		b.WriteString(comment(described(p), inner))
		mark := "?"
		if slices.Contains(s.Required, name) {
			mark = ""
		}
		fmt.Fprintf(&b, "%s%s%s: %s;\n", inner, name, mark, typeOf(p, inner))
	}
	if s.AdditionalProperties != nil {
		fmt.Fprintf(&b, "%s[key: string]: %s;\n", inner, typeOf(s.AdditionalProperties, inner))
	}
	b.WriteString(indent + "}")
	return b.String()
}

// described is what is to be said of a member.
func described(s *openapi.Schema) string {
	if s.Default == nil {
		return s.Description
	}
	return strings.TrimSpace(s.Description + " Default: " + literal(s.Default) + ".")
}

func comment(text, indent string) string {
	if text == "" {
		return ""
	}
	return indent + "/** " + text + " */\n"
}

// literal writes a value. All values of the document are JSON.
func literal(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "unknown"
	}
	return string(text)
}

func literals[T any](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = literal(v)
	}
	return out
}
