package mcp

import (
	"encoding/json"
	"strconv"
	"strings"

	"chaosctl/server/internal/memory"
)

// The formats of lists of memories (contract section 11.4).
const (
	formatJSON    = "json"
	formatTOON    = "toon"
	formatCompact = "toon_compact"
)

// page is a list of memories as a tool returns it.
type page struct {
	key       string // of the list in JSON: memories or results
	rows      []memory.Memory
	scores    []float64 // by row; nil: there are none
	meta      []pair    // in the order in which they are told
	extra     map[string]any
	standards []memory.Memory
}

type pair struct {
	key   string
	value any
}

// in is a page in the format that a client wants.
func (p page) in(a arguments) any {
	switch a.or("format", formatCompact) {
	case formatTOON:
		return toon(p.toon(false))
	case formatCompact:
		return toon(p.toon(true))
	}
	return p.object()
}

// object is a page as JSON.
func (p page) object() map[string]any {
	rows := make([]any, len(p.rows))
	for i, m := range p.rows {
		if rows[i] = m; p.scores != nil {
			rows[i] = struct {
				memory.Memory
				Score float64 `json:"score"`
			}{m, p.scores[i]}
		}
	}
	out := map[string]any{p.key: rows}
	for _, m := range p.meta {
		out[m.key] = m.value
	}
	for key, value := range p.extra {
		out[key] = value
	}
	switch len(p.standards) {
	case 0:
	case 1:
		out["standard"] = p.standards[0]
	default:
		out["standards"] = p.standards
	}
	return out
}

// told are the keys of the first line of TOON.
var told = map[string]bool{"count": true, "mode": true, "tokens_used": true, "budget_tokens": true}

// toon is a page as token-oriented object notation.
func (p page) toon(compact bool) string {
	var b strings.Builder
	var meta []string
	for _, m := range p.meta {
		if told[m.key] {
			meta = append(meta, m.key+":"+cell(m.value))
		}
	}
	if len(meta) > 0 {
		b.WriteString(strings.Join(meta, "|") + "\n")
	}
	if len(p.standards) > 0 {
		b.WriteString("standards[id|title|content]:\n")
		for _, m := range p.standards {
			b.WriteString(cell(m.ID) + "|" + cell(m.Title) + "|" + cell(m.Content) + "\n")
		}
	}
	fields := []string{
		"id", "title", "tier", "namespace", "priority", "confidence", "score", "access_count", "tags", "source",
		"created_at", "updated_at", "metadata",
	}
	if compact {
		fields = []string{"id", "title", "tier", "namespace", "priority", "score", "tags", "agent_id"}
	}
	b.WriteString("memories[" + strings.Join(fields, "|") + "]:\n")
	for i, m := range p.rows {
		var score any
		if p.scores != nil {
			score = p.scores[i]
		}
		cells := make([]string, len(fields))
		for n, field := range fields {
			cells[n] = fieldOf(m, score, field)
		}
		b.WriteString(strings.Join(cells, "|") + "\n")
	}
	return b.String()
}

func fieldOf(m memory.Memory, score any, field string) string {
	switch field {
	case "id":
		return cell(m.ID)
	case "title":
		return cell(m.Title)
	case "tier":
		return cell(string(m.Tier))
	case "namespace":
		return cell(m.Namespace)
	case "priority":
		return cell(m.Priority)
	case "confidence":
		return cell(m.Confidence)
	case "score":
		return cell(score)
	case "access_count":
		return cell(m.AccessCount)
	case "tags":
		return cell(strings.Join(m.Tags, ","))
	case "source":
		return cell(m.Source)
	case "created_at":
		return cell(m.CreatedAt)
	case "updated_at":
		return cell(m.UpdatedAt)
	case "metadata":
		if string(m.Metadata) == "{}" {
			return ""
		}
		return cell(string(m.Metadata))
	case "agent_id":
		return cell(m.AgentID())
	}
	return ""
}

var escaping = strings.NewReplacer(`\`, `\\`, "|", `\|`, ":", `\:`, "\n", `\n`, "\r", `\r`)

// cell is a value in a row; empty for what is not there.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return escaping.Replace(v)
	case float64:
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		if !strings.ContainsAny(string(text), ".e") {
			return string(text) + ".0" // a number with a fraction, as the rows of JSON have it
		}
		return string(text)
	case bool:
		if v {
			return "1"
		}
		return "0"
	case int:
		return strconv.Itoa(v)
	case int32:
		return strconv.Itoa(int(v))
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	}
	return ""
}
