package mcp

import (
	"chaosctl/server/internal/memory"
	"chaosctl/server/internal/service"
)

// The schemas of arguments (contract section 11.5), from the one list of words and limits.

type schema map[string]any

func text() schema { return schema{"type": "string"} }

func oneOf[T ~string](words []T) schema { return schema{"type": "string", "enum": words} }

func list() schema { return schema{"type": "array", "items": text()} }

func integer() schema { return schema{"type": "integer"} }

func anyObject() schema { return schema{"type": "object"} }

func truth() schema { return schema{"type": "boolean", "default": false} }

// with returns a schema with one keyword more.
func (s schema) with(keyword string, value any) schema {
	s[keyword] = value
	return s
}

func (s schema) defaulting(value any) schema { return s.with("default", value) }

func tier() schema { return oneOf(memory.Tiers()) }

func priority() schema { return integer().with("minimum", 1).with("maximum", 10) }

func confidence() schema { return schema{"type": "number", "minimum": 0.0, "maximum": 1.0} }

func limit(usual, most int) schema { return integer().with("maximum", most).defaulting(usual) }

func format() schema {
	return oneOf([]string{formatJSON, formatTOON, formatCompact}).defaulting(formatCompact)
}

// takes is the schema of the arguments of a tool.
func takes(properties schema, required ...string) schema {
	s := schema{"type": "object", "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func nothing() schema { return takes(schema{}) }

func governance() schema {
	levels := memory.Levels()
	return schema{"type": "object", "properties": schema{
		"write": oneOf(levels), "promote": oneOf(levels), "delete": oneOf(levels), "approver": schema{},
	}}
}

// recallLimit and its like are limits of pages.
func recallLimit() schema  { return limit(service.DefaultRecallLimit, service.MaxRecallLimit) }
func listLimit() schema    { return limit(service.DefaultListLimit, service.MaxListLimit) }
func sessionLimit() schema { return limit(service.DefaultSessionLimit, service.MaxSessionLimit) }
func pendingLimit() schema { return limit(service.DefaultPendingLimit, service.MaxPendingLimit) }
func inboxLimit() schema   { return limit(service.DefaultInboxLimit, service.MaxInboxLimit) }
