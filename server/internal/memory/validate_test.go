package memory_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"chaosctl/server/internal/memory"
)

// says checks that an error is a *memory.Invalid with a text, or none for "".
func says(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("got %v, want no error", err)
		}
		return
	}
	var invalid *memory.Invalid
	if !errors.As(err, &invalid) || err.Error() != want {
		t.Errorf("got %v, want *Invalid: %s", err, want)
	}
}

// rule is a value and what a validator says of it, "" for nothing.
type rule struct{ value, want string }

func check(t *testing.T, validate func(string) error, rules []rule) {
	t.Helper()
	for _, r := range rules {
		t.Run(fmt.Sprintf("%.40q", r.value), func(t *testing.T) { says(t, validate(r.value), r.want) })
	}
}

const (
	sourceList   = "user, claude, hook, api, cli, import, consolidation, system, chaos"
	scopeList    = "private, team, unit, org, collective"
	relationList = "related_to, supersedes, contradicts, derived_from"
	agentList    = "ai:claude-opus-4.6, ai:claude-opus-4.7, ai:codex-5.4, ai:grok-4.2, human, system"
)

func TestValidateTitle(t *testing.T) {
	const long = "title exceeds max length of 512 characters"
	const unclean = "title contains invalid characters"
	check(t, memory.ValidateTitle, []rule{
		{"a", ""},
		{"two\nlines\tand a tab", ""},
		{strings.Repeat("é", 512), ""},
		{"  " + strings.Repeat("a", 512) + "  ", ""},
		{"", "title cannot be empty"},
		{" \t\n\u00a0\u3000", "title cannot be empty"},
		{strings.Repeat("é", 513), long},
		{"a\x00b", unclean},
		{"a\rb", unclean},
		{"a\r", unclean},
		{"a\x7fb", unclean},
		{"a\u0085b", unclean},
		{"a\u200bb", ""},
	})
}

func TestValidateContent(t *testing.T) {
	check(t, memory.ValidateContent, []rule{
		{"a", ""},
		{strings.Repeat("a", 65536), ""},
		{strings.Repeat("é", 32768), ""},
		{"\n\t ", "content cannot be empty"},
		{strings.Repeat("é", 32768) + "a", "content exceeds max size of 65536 bytes"},
		{strings.Repeat("a", 65536) + " ", "content exceeds max size of 65536 bytes"},
		{"a\x1b[0m", "content contains invalid characters"},
	})
}

func TestValidateNamespace(t *testing.T) {
	const spaces = "namespace cannot contain spaces (use hyphens or underscores)"
	const empty = "namespace cannot contain empty segments (e.g. '//')"
	const control = "namespace contains invalid control characters"
	const dots = "namespace segments '.' and '..' are not allowed"
	check(t, memory.ValidateNamespace, []rule{
		{"global", ""},
		{"_agents", ""},
		{"A/b/*/é", ""},
		{" a ", ""},
		{"a/b/c/d/e/f/g/h", ""},
		{"...", ""},
		{strings.Repeat("é", 512), ""},
		{"", "namespace cannot be empty"},
		{"  ", "namespace cannot be empty"},
		{strings.Repeat("é", 513), "namespace exceeds max length of 512 characters"},
		{`a\b`, "namespace cannot contain backslashes or null bytes"},
		{"a\x00b", "namespace cannot contain backslashes or null bytes"},
		{"a b", spaces},
		{"a\x01b", control},
		{"a\rb", control},
		{"/a", "namespace cannot start with '/' (normalize input first)"},
		{"/", "namespace cannot start with '/' (normalize input first)"},
		{"a/", "namespace cannot end with '/' (normalize input first)"},
		{"a//b", empty},
		{"a/./b", dots},
		{"..", dots},
		{"a/b/c/d/e/f/g/h/i", "namespace depth 9 exceeds max of 8"},
	})
}

func TestValidateWords(t *testing.T) {
	t.Run("source", func(t *testing.T) {
		check(t, memory.ValidateSource, []rule{
			{"chaos", ""},
			{"", "source cannot be empty"},
			{strings.Repeat("s", 65), "source exceeds max length of 64 bytes"},
			{"robot", "invalid source 'robot' — must be one of: " + sourceList},
			{"API", "invalid source 'API' — must be one of: " + sourceList},
			{"chaos ", "invalid source 'chaos ' — must be one of: " + sourceList},
		})
	})
	t.Run("scope", func(t *testing.T) {
		check(t, memory.ValidateScope, []rule{
			{"unit", ""},
			{"", "scope cannot be empty"},
			{"world", "invalid scope 'world' — must be one of: " + scopeList},
		})
	})
	t.Run("relation", func(t *testing.T) {
		check(t, memory.ValidateRelation, []rule{
			{"supersedes", ""},
			{"", "relation cannot be empty"},
			{strings.Repeat("r", 65), "relation exceeds max length of 64 bytes"},
			{"likes", "invalid relation 'likes' — must be one of: " + relationList},
		})
	})
	t.Run("tier", func(t *testing.T) {
		says(t, memory.ValidateTier(memory.Long), "")
		says(t, memory.ValidateTier("Long"), "invalid tier 'Long' — must be one of: short, mid, long")
	})
	for _, source := range memory.Sources() {
		says(t, memory.ValidateSource(source), "")
	}
	for _, scope := range memory.Scopes() {
		says(t, memory.ValidateScope(scope), "")
	}
	for _, relation := range memory.Relations() {
		says(t, memory.ValidateRelation(relation), "")
	}
	for _, kind := range memory.AgentTypes() {
		says(t, memory.ValidateAgentType(kind), "")
	}
}

func TestValidateAgent(t *testing.T) {
	t.Run("id", func(t *testing.T) {
		check(t, memory.ValidateAgentID, []rule{
			{"ai:claude@host/x_1-2.3", ""},
			{strings.Repeat("a", 128), ""},
			{"", "agent_id cannot be empty"},
			{strings.Repeat("a", 129), "agent_id exceeds max length of 128 bytes"},
			{"a b", "agent_id contains invalid character ' ' (allowed: alphanumeric, _-:@./)"},
			{"é", "agent_id contains invalid character 'é' (allowed: alphanumeric, _-:@./)"},
		})
	})
	t.Run("type", func(t *testing.T) {
		check(t, memory.ValidateAgentType, []rule{
			{"human", ""},
			{"ai:any_thing-1.0", ""},
			{"", "agent_type cannot be empty"},
			{"ai:" + strings.Repeat("a", 62), "agent_type exceeds max length of 64 bytes"},
			{"ai:", "agent_type 'ai:' must include a name (e.g. 'ai:claude-opus-4.7')"},
			{"ai:a b", "agent_type 'ai:a b' contains invalid characters in the ai: name part " +
				"(allowed: alphanumeric, _-.)"},
			{"robot", "invalid agent_type 'robot' — must be one of: " + agentList + " (or any ai:<name> form)"},
		})
	})
}

func TestValidateTags(t *testing.T) {
	fifty := make([]string, 50)
	for i := range fifty {
		fifty[i] = "same"
	}
	tests := []struct {
		name string
		tags []string
		want string
	}{
		{"none", nil, ""},
		{"fifty alike", fifty, ""},
		{"blanks around", []string{" a b "}, ""},
		{"128 bytes", []string{strings.Repeat("é", 64)}, ""},
		{"51", append(fifty, "x"), "too many tags (max 50)"},
		{"blank", []string{"a", " "}, "tags cannot contain empty strings"},
		{"129 bytes", []string{strings.Repeat("é", 64) + "a"},
			"tag '" + strings.Repeat("é", 20) + "...' exceeds max length of 128 bytes"},
		{"control", []string{"a\x02b"}, "tag contains invalid characters"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { says(t, memory.ValidateTags(test.tags), test.want) })
	}
}

func TestValidateNumbers(t *testing.T) {
	says(t, memory.ValidatePriority(1), "")
	says(t, memory.ValidatePriority(10), "")
	says(t, memory.ValidatePriority(0), "priority must be between 1 and 10 (got 0)")
	says(t, memory.ValidatePriority(11), "priority must be between 1 and 10 (got 11)")
	for value, got := range map[float64]string{
		2: "2", -0.1: "-0.1", 1.5: "1.5", 1e21: "1000000000000000000000",
	} {
		says(t, memory.ValidateConfidence(value), "confidence must be between 0.0 and 1.0 (got "+got+")")
	}
	for _, value := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		says(t, memory.ValidateConfidence(value), "confidence must be a finite number")
	}
	says(t, memory.ValidateConfidence(0), "")
	says(t, memory.ValidateConfidence(1), "")
	says(t, memory.ValidateTTL(1), "")
	says(t, memory.ValidateTTL(31_536_000), "")
	says(t, memory.ValidateTTL(0), "ttl_secs must be positive (got 0)")
	says(t, memory.ValidateTTL(-5), "ttl_secs must be positive (got -5)")
	says(t, memory.ValidateTTL(31_536_001), "ttl_secs exceeds maximum of 1 year")
}

func TestValidateID(t *testing.T) {
	check(t, memory.ValidateID, []rule{
		{"not a uuid", ""},
		{" ", "id cannot be empty"},
		{strings.Repeat("é", 64) + "a", "id exceeds max length of 128 bytes"},
		{"a\x00", "id contains invalid characters"},
	})
}

func TestValidateExpiry(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	create := func(text string) error { return memory.ValidateNewExpiry(text, now) }
	check(t, create, []rule{
		{"2026-01-02T03:04:05Z", ""},
		{"2026-01-02T04:04:04+00:30", ""},
		{"2026-01-02T03:04:04.999Z", "expires_at is in the past"},
		{"2026-01-02T04:04:04+01:00", "expires_at is in the past"},
		{"tomorrow", "expires_at is not valid RFC3339: 'tomorrow'"},
		{"", "expires_at is not valid RFC3339: ''"},
	})
	check(t, memory.ValidateExpiry, []rule{
		{"1999-01-02T03:04:05Z", ""},
		{"2099-01-01", "expires_at is not valid RFC3339: '2099-01-01'"},
	})
}

func nested(levels int) string {
	return strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels)
}

func TestValidateMetadata(t *testing.T) {
	validate := func(text string) error { return memory.ValidateMetadata([]byte(text)) }
	full := `{"k":"` + strings.Repeat("x", 65536-8) + `"}`
	check(t, validate, []rule{
		{"", ""},
		{"{}", ""},
		{` { "a" : [ 1 ] } `, ""},
		{nested(32), ""},
		{full, ""},
		{strings.Replace(full, ":", " : ", 1), ""}, // compact size counts
		{`{"k":"<` + full[7:], ""},                 // as one character, not an escape
		{"null", "metadata must be a JSON object"},
		{"[1]", "metadata must be a JSON object"},
		{`"a"`, "metadata must be a JSON object"},
		{"{} {}", "metadata must be a JSON object"},
		{"{", "metadata must be a JSON object"},
		{nested(33), "metadata nesting depth exceeds limit of 32 (got 33)"},
		{`{"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + "}",
			"metadata nesting depth exceeds limit of 32 (got 33)"},
		{`{"kk` + full[3:], "metadata exceeds max size of 65536 bytes (got 65537)"},
	})
}

func TestValidateLinkAndConsolidation(t *testing.T) {
	says(t, memory.ValidateLink("a", "b", "contradicts"), "")
	says(t, memory.ValidateLink("a", "a", "contradicts"), "cannot link a memory to itself")
	says(t, memory.ValidateLink("", "a", "contradicts"), "id cannot be empty")
	says(t, memory.ValidateLink("a", "", "contradicts"), "id cannot be empty")
	says(t, memory.ValidateLink("a", "b", ""), "relation cannot be empty")

	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	says(t, memory.ValidateConsolidation(many[:100], "t", "s", "n"), "")
	says(t, memory.ValidateConsolidation(many[:1], "t", "s", "n"), "need at least 2 memory IDs to consolidate")
	says(t, memory.ValidateConsolidation(many, "t", "s", "n"), "cannot consolidate more than 100 memories at once")
	says(t, memory.ValidateConsolidation([]string{"a", "b", "a"}, "t", "s", "n"), "duplicate memory ID: a")
	says(t, memory.ValidateConsolidation([]string{"a", ""}, "t", "s", "n"), "id cannot be empty")
	says(t, memory.ValidateConsolidation(many[:2], "", "s", "n"), "title cannot be empty")
	says(t, memory.ValidateConsolidation(many[:2], "t", "", "n"), "content cannot be empty")
	says(t, memory.ValidateConsolidation(many[:2], "t", "s", ""), "namespace cannot be empty")

	votes := uint32(1)
	says(t, memory.ValidateApprover("", &votes), "")
	says(t, memory.ValidateApprover("", nil), "")
	says(t, memory.ValidateApprover("a b", nil),
		"agent_id contains invalid character ' ' (allowed: alphanumeric, _-:@./)")
	votes = 0
	says(t, memory.ValidateApprover("", &votes), "governance.approver.consensus quorum must be >= 1")
}
