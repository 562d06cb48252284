package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"chaosctl/server/internal/openapi"
)

// listOf returns the words of a schema that has a closed list, or one beside other forms.
func listOf(s *openapi.Schema) []string {
	if len(s.AnyOf) > 0 {
		return s.AnyOf[0].Enum
	}
	return s.Enum
}

// wordLists writes each list of words as a value and as a type.
func wordLists(d openapi.Document) string {
	var b strings.Builder
	for _, name := range names(d) {
		s := d.Components.Schemas[name]
		list := listOf(s)
		if list == nil {
			continue
		}
		constant := constantOf(name)
		b.WriteString(comment(s.Description, ""))
		fmt.Fprintf(&b, "export const %s = [%s] as const;\n", constant, strings.Join(literals(list), ", "))
		fmt.Fprintf(&b, "export type %s = (typeof %s)[number]", name, constant)
		if len(s.AnyOf) > 1 {
			b.WriteString(" | " + union(s.AnyOf[1:], ""))
		}
		b.WriteString(";\n\n")
	}
	return b.String()
}

// constantOf makes GOVERNANCE_LEVELS of GovernanceLevel.
func constantOf(name string) string {
	var b strings.Builder
	for i, c := range name {
		if i > 0 && unicode.IsUpper(c) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(c))
	}
	if strings.HasSuffix(name, "s") {
		return b.String() + "ES"
	}
	return b.String() + "S"
}

// limits writes the limits of the named schemas that have some.
func limits(d openapi.Document) string {
	var b strings.Builder
	b.WriteString("/** What the server accepts. maxLength counts characters, maxBytes bytes of UTF-8. */\nexport const LIMITS = {\n")
	for _, name := range names(d) {
		if bounds := bounds(d.Components.Schemas[name]); len(bounds) > 0 {
			fmt.Fprintf(&b, "  %s: { %s },\n", name, strings.Join(bounds, ", "))
		}
	}
	b.WriteString("} as const;\n")
	return b.String()
}

func bounds(s *openapi.Schema) []string {
	var all []string
	add := func(name string, value float64, there bool) {
		if there {
			all = append(all, fmt.Sprintf("%s: %v", name, value))
		}
	}
	if s.MaxBytes > 0 {
		add("maxBytes", float64(s.MaxBytes), true)
	} else {
		add("maxLength", float64(s.MaxLength), s.MaxLength > 0)
	}
	if s.Minimum != nil {
		add("minimum", *s.Minimum, true)
	}
	if s.Maximum != nil {
		add("maximum", *s.Maximum, true)
	}
	add("maxItems", float64(s.MaxItems), s.MaxItems > 0)
	return all
}

// objects writes the named schemas that are no lists of words.
func objects(d openapi.Document) string {
	var b strings.Builder
	for _, name := range names(d) {
		s := d.Components.Schemas[name]
		if listOf(s) != nil {
			continue
		}
		b.WriteString("\n" + comment(s.Description, ""))
		if s.Type == "object" {
			fmt.Fprintf(&b, "export interface %s %s\n", name, members(s, ""))
			continue
		}
		fmt.Fprintf(&b, "export type %s = %s;\n", name, typeOf(s, ""))
	}
	return imports("./words.js", b.String(), d, true) + b.String()
}

// operations writes the table of routes, and the types of what each takes and gives.
func operations(d openapi.Document) string {
	var table, types strings.Builder
	table.WriteString("\n/** Every route of the server. */\nexport const ROUTES = {\n")
	types.WriteString("\n/** What each route takes and answers. */\nexport interface Operations {\n")
	for _, op := range d.Operations() {
		fmt.Fprintf(&table, "  %s: { method: %q, path: %q, query: [%s], answer: %q },\n",
			op.OperationID, op.Method, op.Path, strings.Join(literals(queryNames(op)), ", "), answerKind(op))
		types.WriteString(operation(op))
	}
	table.WriteString("} as const;\n")
	types.WriteString("}\n\n/** The name of a route. */\nexport type OperationName = keyof Operations;\n")
	text := types.String()
	return imports("./objects.js", text, d, false) + imports("./words.js", text, d, true) + table.String() + text
}

func operation(op *openapi.Operation) string {
	var b strings.Builder
	b.WriteString(comment(fmt.Sprintf("%s (%s %s).", op.Summary, op.Method, op.Path), "  "))
	fmt.Fprintf(&b, "  %s: {\n", op.OperationID)
	for _, in := range []string{"path", "query"} {
		s := &openapi.Schema{Properties: map[string]*openapi.Schema{}}
		for _, p := range op.Parameters {
			if p.In != in {
				continue
			}
			described := *p.Schema
			described.Description = p.Description
			s.Properties[p.Name] = &described
			if p.Required {
				s.Required = append(s.Required, p.Name)
			}
		}
		switch {
		case len(s.Properties) == 0:
			fmt.Fprintf(&b, "    %s?: undefined;\n", in)
		case len(s.Required) == 0:
			fmt.Fprintf(&b, "    %s?: %s;\n", in, members(s, "    "))
		default:
			fmt.Fprintf(&b, "    %s: %s;\n", in, members(s, "    "))
		}
	}
	switch body := op.RequestBody; {
	case body == nil:
		b.WriteString("    body?: undefined;\n")
	case body.Required:
		fmt.Fprintf(&b, "    body: %s;\n", typeOf(body.Content[jsonType].Schema, "    "))
	default:
		fmt.Fprintf(&b, "    body?: %s;\n", typeOf(body.Content[jsonType].Schema, "    "))
	}
	fmt.Fprintf(&b, "    answer: %s;\n  };\n", strings.Join(answers(op), " | "))
	return b.String()
}

const jsonType = "application/json"

// answers are the types of the answers of success, in the order of their statuses.
func answers(op *openapi.Operation) []string {
	var types []string
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status >= "300" {
			break
		}
		for _, media := range op.Responses[status].Content {
			types = append(types, typeOf(media.Schema, "    "))
		}
	}
	return types
}

// answerKind tells whether a route answers json or text.
func answerKind(op *openapi.Operation) string {
	if _, is := op.Responses["200"].Content[jsonType]; is || op.Responses["200"].Content == nil {
		return "json"
	}
	return "text"
}

func queryNames(op *openapi.Operation) []string {
	var all []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			all = append(all, p.Name)
		}
	}
	return all
}

// imports imports the names that a text uses, of words or of objects.
func imports(from, text string, d openapi.Document, words bool) string {
	used := map[string]bool{}
	for _, name := range regexp.MustCompile(`\b[A-Z]\w+\b`).FindAllString(withoutComments(text), -1) {
		s := d.Components.Schemas[name]
		if s != nil && (listOf(s) != nil) == words {
			used[name] = true
		}
	}
	if len(used) == 0 {
		return ""
	}
	return fmt.Sprintf("import type {\n  %s,\n} from %q;\n", strings.Join(slices.Sorted(maps.Keys(used)), ",\n  "), from)
}

func withoutComments(text string) string {
	return regexp.MustCompile(`/\*\*.*?\*/`).ReplaceAllString(text, "")
}

func names(d openapi.Document) []string { return slices.Sorted(maps.Keys(d.Components.Schemas)) }
